"""Handles SEND_TWEET: posts the reply on X once and publishes the result."""

from __future__ import annotations

import datetime
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
    MessageReceived,
    SendTweet,
    TweetFailed,
    TweetSent,
    TweetWithheld,
    entry,
    read,
)
from twbot.lambdas.egress.attempts import Attempts, Journal, OutcomeUnknown
from twbot.lambdas.egress.images import upload_images
from twbot.lambdas.egress.permission import Choice, Permission, Withheld
from twbot.lambdas.errors import Temporary, XRefused, XUnavailable
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.ports import MediaStore, Publisher, X
from twbot.lambdas.wording import say
from twbot.lambdas.x.errors import Reason
from twbot.lambdas.x.text import LIMIT, address, fit, neutralise

# Seconds until another attempt to post the same reply has likely ended.
RETRY_AFTER = 5


class Sender:
    """Posts at most one reply to each post, whether X, the bus, a redrive or a replay repeats the command.

    permission: the operator's; a replay may still answer what it withheld
    attempts: remembers the requests whose outcome is unknown
    idempotency_store: remembers which posts were answered
    config: says how long an attempt that died halfway blocks the next one
    """

    def __init__(
        self,
        x: X,
        media: MediaStore,
        publisher: Publisher,
        permission: Permission,
        attempts: Attempts,
        idempotency_store: BasePersistenceLayer,
        config: IdempotencyConfig,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._x, self._media, self._publisher, self._permission = x, media, publisher, permission
        self._attempts, self._clock = attempts, clock
        decorated = idempotent_function(
            self._send,
            data_keyword_argument="tweet",
            persistence_store=idempotency_store,
            config=config,
            key_prefix="egress",
        )
        self._send_once: Callable[..., dict[str, str] | None] = decorated

    def handle(self, event: Event) -> None:
        """Post the reply of SEND_TWEET {Text, ReplyToUserId, ReplyToTweetId, Images?}, or store who wants none.

        event: SEND_TWEET, or MESSAGE_RECEIVED {Text, Author, Twitter, OptOut}. Raises Temporary or BadEvent.
        """
        if event.detail_type == "MESSAGE_RECEIVED":
            self._honour(read(event.detail, MessageReceived))
        else:
            self._handle_command(event)

    def _honour(self, message: MessageReceived) -> None:
        """Store that a person wants no replies, or wants them again, and tell them once."""
        post = message.twitter
        choice = Choice(out=message.opt_out is True, post=post.tweet_id)
        if self._permission.choose(post.user_id, choice) and message.summoned:
            text = say("goodbye" if choice.out else "welcome", message.language)
            command = SendTweet(
                text=neutralise(address(text, message), bot_folder().links),
                reply_to_user_id=post.user_id,
                reply_to_tweet_id=post.tweet_id,
                first_tweet_id=post.first_tweet_id,
            )
            self._reply(command, None, confirms_opt_out=choice.out)

    def _handle_command(self, event: Event) -> None:
        command = read(event.detail, SendTweet)
        replay = command.replay_name or event.replay_name
        # The rule has the same condition. This holds for what reaches the queue in another way, such as a redrive.
        if replay and not replay.startswith(REPLAY_WITH_REPLIES):
            return
        self._reply(command, replay)

    def _reply(self, command: SendTweet, replay: str | None, *, confirms_opt_out: bool = False) -> None:
        try:
            posted = self._send_once(tweet=command.chain, command=command, confirms_opt_out=confirms_opt_out)
        except XRefused as refusal:
            self._fail(command, refusal, replay)
        except Withheld as reason:
            self._withhold(command, reason, replay)
        except IdempotencyAlreadyInProgressError:
            raise Temporary("This reply is being sent already.", retry_at=time.time() + RETRY_AFTER) from None
        except IdempotencyPersistenceLayerError as error:
            raise Temporary(f"Cannot note which replies are sent: {error}") from error
        else:
            # The reply was recorded before this event is published: if the bus fails, the next try publishes and does
            # not post again.
            # Records of older versions may have no id; their event was published before the record was made.
            if posted and posted["TweetId"]:
                self._publish_sent(command, posted)

    def _send(self, *, tweet: str, command: SendTweet, confirms_opt_out: bool) -> dict[str, str]:
        """Post the reply. Raises XRefused or Withheld, after which a replay may try again, or Temporary."""
        journal = Journal(self._attempts, self._x, tweet, self._clock)
        posted = journal.find_posted()
        added = ""
        if posted is None:
            with self._permission.to_reply(command.reply_to_user_id, confirms_opt_out=confirms_opt_out):
                posted, added = self._post(command, journal)
        # Powertools stores what this returns: no text of the reply, which a person may later want erased.
        return {"TweetId": posted, "Added": added}

    def _post(self, command: SendTweet, journal: Journal) -> tuple[str, str]:
        """Post the reply. Return its id and what was added to its text."""
        media_ids = upload_images(command, self._media, self._x, journal)
        try:
            return self._request(command, "", media_ids, journal), ""
        except XRefused as refusal:
            if refusal.reason != Reason.DUPLICATE:
                raise
        # Not an answer to this post: X compares all that the account posted in the last hours, whom it was for or not.
        # To the millisecond, as many may get the same words within a second.
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC).time()
        added = f" ({now.isoformat('milliseconds')})"
        return self._request(command, added, media_ids, journal), added

    def _request(self, command: SendTweet, added: str, media_ids: list[str], journal: Journal) -> str:
        """Post the reply, with a note of the request before it and of its outcome after it."""
        was_unknown = journal.is_unknown
        journal.begin(command.reply_to_tweet_id)
        try:
            return self._x.reply(_text(command, added), to_tweet_id=command.reply_to_tweet_id, media_ids=media_ids)
        except XRefused as refusal:
            if refusal.reason == Reason.DUPLICATE:
                if posted := journal.ask():
                    return posted
                # The same words to somebody else explain the refusal; else it may be of this very reply.
                if was_unknown and not journal.said_elsewhere(_text(command, added)):
                    raise OutcomeUnknown("it refuses it as a duplicate.") from None
            # What an earlier request did is not known better for this refusal.
            if not was_unknown or refusal.reason == Reason.DUPLICATE:
                journal.was_not_posted()
            raise
        except XUnavailable as error:
            if error.may_have_acted or was_unknown:
                journal.ended()
            else:
                journal.was_not_posted()
            raise

    def _publish_sent(self, command: SendTweet, record: dict[str, str]) -> None:
        sent = TweetSent(tweet_id=record["TweetId"], **_outcome(command, record.get("Added", "")))
        self._publisher.publish([entry(sent, dedup_key=f"sent:{command.chain}")])

    def _fail(self, command: SendTweet, refusal: XRefused, replay: str | None) -> None:
        failed = TweetFailed(
            reason=refusal.reason,
            explanation=str(refusal),
            **_outcome(command),
        )
        self._publisher.publish([entry(failed, dedup_key=f"failed:{_key(command, replay)}")])

    def _withhold(self, command: SendTweet, reason: Withheld, replay: str | None) -> None:
        withheld = TweetWithheld(
            reason=reason.why,
            explanation=str(reason),
            **_outcome(command),
        )
        self._publisher.publish([entry(withheld, dedup_key=f"withheld:{_key(command, replay)}")])


def _outcome(command: SendTweet, added: str = "") -> dict[str, str]:
    """Return the fields that every outcome has."""
    return {
        "reply_to_tweet_id": command.reply_to_tweet_id,
        "reply_to_user_id": command.reply_to_user_id,
        "text": _text(command, added),
    }


def _text(command: SendTweet, added: str) -> str:
    return fit(command.text, LIMIT - len(added)) + added


def _key(command: SendTweet, replay: str | None) -> str:
    # A replay may fail, or be withheld, for another reason than the first delivery: it gets an event of its own.
    return "@".join(filter(None, (command.reply_to_tweet_id, replay)))
