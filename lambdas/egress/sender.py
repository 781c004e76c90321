"""SEND_TWEET: the reply is posted on X, once, and what became of it is published."""

from __future__ import annotations

import time
from collections.abc import Callable

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)

from twbot.lambdas.contracts import (
    REPLAY_WITH_REPLIES,
    Event,
    SendTweet,
    TweetFailed,
    TweetSent,
    TweetWithheld,
    entry,
    read,
)
from twbot.lambdas.egress.images import upload_images
from twbot.lambdas.egress.permission import Permission, Withheld
from twbot.lambdas.errors import Temporary, XRefused
from twbot.lambdas.ports import MediaStore, Publisher, X
from twbot.lambdas.x.errors import Reason
from twbot.lambdas.x.text import fit

RETRY_AFTER = 15


class Sender:
    """Posts at most one reply to each post, whatever asks for it: X, the bus, a redrive or a replay.

    `permission` is the operator's: what it withholds a replay may still answer.
    `dedup_key` keeps what was sent; `config` says how long a send that died halfway blocks the next try.
    """

    def __init__(
        self,
        x: X,
        media: MediaStore,
        publisher: Publisher,
        permission: Permission,
        dedup_key: BasePersistenceLayer,
        config: IdempotencyConfig,
    ) -> None:
        self._x, self._media, self._publisher, self._permission = x, media, publisher, permission
        decorated = idempotent_function(
            self._send, data_keyword_argument="tweet", persistence_store=dedup_key, config=config, key_prefix="egress"
        )
        self._send_once: Callable[..., dict[str, str | None] | None] = decorated

    def handle(self, event: Event) -> None:
        """Take a SEND_TWEET {Text, ReplyToUserId, ReplyToTweetId, Images?}. Raises Temporary or BadEvent."""
        command = read(event.detail, SendTweet)
        replay = command.replay_name or event.replay_name
        if replay and not replay.startswith(REPLAY_WITH_REPLIES):
            return
        try:
            posted = self._send_once(tweet=command.reply_to_tweet_id, command=command)
        except XRefused as refusal:
            self._fail(command, refusal, replay)
        except Withheld as reason:
            self._withhold(command, reason, replay)
        except IdempotencyAlreadyInProgressError:
            raise Temporary("This reply is being sent already.", retry_at=time.time() + RETRY_AFTER) from None
        except IdempotencyPersistenceLayerError as error:
            raise Temporary(f"Cannot note which replies are sent: {error}") from error
        else:
            # Noted first: if the bus does not take this, the next try tells it, and posts nothing.
            if posted:  # what an older twbot noted says nothing, and was told
                self._tell(command, posted["TweetId"])

    def _send(self, *, tweet: str, command: SendTweet) -> dict[str, str | None]:
        """What is noted: an id, and nothing that somebody could want forgotten. Raises XRefused or Withheld, and is
        then not noted as done: later, a replay may still reply."""
        posted = None
        try:
            with self._permission.to_reply(command.reply_to_user_id):
                media_ids = upload_images(command, self._media, self._x)
                posted = self._x.reply(fit(command.text), to_tweet_id=tweet, media_ids=media_ids)
        except XRefused as refusal:
            if refusal.reason != Reason.DUPLICATE:
                raise
        return {"TweetId": posted}

    def _tell(self, command: SendTweet, posted: str | None) -> None:
        sent = TweetSent(
            tweet_id=posted,
            **_reply(command),
        )
        self._publisher.publish([entry(sent, dedup_key=f"sent:{command.reply_to_tweet_id}")])

    def _fail(self, command: SendTweet, refusal: XRefused, replay: str | None) -> None:
        failed = TweetFailed(
            reason=refusal.reason,
            explanation=str(refusal),
            **_reply(command),
        )
        self._publisher.publish([entry(failed, dedup_key=f"failed:{_key(command, replay)}")])

    def _withhold(self, command: SendTweet, reason: Withheld, replay: str | None) -> None:
        withheld = TweetWithheld(
            reason=reason.why,
            explanation=str(reason),
            **_reply(command),
        )
        self._publisher.publish([entry(withheld, dedup_key=f"withheld:{_key(command, replay)}")])


def _reply(command: SendTweet) -> dict[str, str]:
    """The fields that every outcome has."""
    return {
        "reply_to_tweet_id": command.reply_to_tweet_id,
        "reply_to_user_id": command.reply_to_user_id,
        "text": fit(command.text),
    }


def _key(command: SendTweet, replay: str | None) -> str:
    return "@".join(filter(None, (command.reply_to_tweet_id, replay)))
