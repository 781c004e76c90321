"""Publishes the command to reply, with which answers and own functions end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from twbot.lambdas.completion import keys_of
from twbot.lambdas.contracts import Event, Message, ReplyImage, SendTweet, entry
from twbot.lambdas.ports import Publisher
from twbot.lambdas.x.text import MAX_LENGTH


class Draft(msgspec.Struct, frozen=True):
    """The words and pictures of a reply."""

    text: str
    images: list[ReplyImage] = []


def publish_reply(
    text: str, message: Message, event: Event, publisher: Publisher, *, images: Sequence[ReplyImage] = ()
) -> None:
    """Publish SEND_TWEET: once for all versions of a post, and once more for each replay that may reply.

    Of a text that is longer than any post, the end is left out: it need not fit into an event. Each of them has the
    words of the first: docs/decisions/0015-a-reply-is-fixed-before-it-is-sent.md
    """
    text = text[:MAX_LENGTH].encode("utf-8", "replace").decode()
    chain, replay = message.twitter.chain, message.replay_name or event.replay_name
    own = msgspec.json.encode(Draft(text, list(images))).decode()
    draft = msgspec.json.decode(publisher.fix(keys_of(chain)[2], own), type=Draft)
    command = SendTweet(
        text=draft.text,
        reply_to_user_id=message.twitter.user_id,
        reply_to_tweet_id=message.twitter.tweet_id,
        image_key=draft.images[0].key if draft.images else None,
        images=draft.images,
        first_tweet_id=message.twitter.first_tweet_id,
        replay_name=replay,
    )
    # With the replay in the key, its command is not dropped as a repetition of the first one.
    dedup_key = f"reply:{chain}"
    publisher.publish([entry(command, dedup_key=f"{dedup_key}@{replay}" if replay else dedup_key)])
