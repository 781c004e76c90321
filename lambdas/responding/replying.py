"""Publishes the command that both responding handlers end with."""

from __future__ import annotations

from collections.abc import Sequence

from twbot.lambdas.contracts import Event, MessageAnalysed, ReplyImage, SendTweet, entry
from twbot.lambdas.ports import Publisher


def publish_reply(
    text: str, message: MessageAnalysed, event: Event, publisher: Publisher, *, images: Sequence[ReplyImage] = ()
) -> None:
    """Publish SEND_TWEET: once for each post, and once more for each replay that may reply."""
    replay = message.replay_name or event.replay_name
    command = SendTweet(
        text=text,
        reply_to_user_id=message.twitter.user_id,
        reply_to_tweet_id=message.twitter.tweet_id,
        image_key=images[0].key if images else None,
        images=list(images),
        replay_name=replay,
    )
    # With the replay in the key, its command is not dropped as a repetition of the first one.
    dedup_key = f"reply:{message.twitter.tweet_id}"
    publisher.publish([entry(command, dedup_key=f"{dedup_key}@{replay}" if replay else dedup_key)])
