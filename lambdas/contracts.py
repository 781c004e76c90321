"""What crosses the bus, as typed records. On the wire the names are the source design's, PascalCase."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, TypeVar

import msgspec

from twbot.lambdas.errors import BadEvent

TWITTER = "TWITTER"
BOT = "BOT"
# What a replay's name begins with says whether it may reply (docs/decisions/0001).
REPLAY, REPLAY_WITH_REPLIES = "replay-", "with-replies-"


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Base of every detail: PascalCase on the wire, unknown fields ignored, absent ones left out."""


class Twitter(Record, frozen=True, kw_only=True):
    """Where a message stands on X: ids as X's decimal strings."""

    tweet_id: str
    user_id: str


class MessageReceived(Record, frozen=True, kw_only=True):
    """MESSAGE_RECEIVED: what somebody said to the bot or about it. Nothing after it knows X's JSON.

    `summoned`: the author mentions or quotes the bot; X lets a bot answer only then.
    `language`: ISO 639-1 code as X guessed it, absent where X did not know.
    """

    text: str
    author: str
    summoned: bool
    twitter: Twitter
    image_urls: list[str] = []
    language: str | None = None
    replay_name: str | None = None


class ImageAnalysis(Record, frozen=True, kw_only=True):
    """What is in one image, in Rekognition's shapes (lists of its Label, TextDetection, Celebrity, ComparedFace)."""

    labels: list[dict[str, Any]] = []
    text_detections: list[dict[str, Any]] = []
    celebrity_faces: list[dict[str, Any]] = []
    unrecognized_faces: list[dict[str, Any]] = []


class AnalysedImage(Record, frozen=True, kw_only=True):
    """One image of a message. `key` names it in the media store; None when it could not be had, `problem` says why."""

    key: str | None
    analysis: ImageAnalysis
    problem: str | None = None


class Analysis(Record, frozen=True, kw_only=True):
    """TextSentiment is Comprehend's (POSITIVE, NEGATIVE, NEUTRAL, MIXED), None where nothing could say."""

    text_sentiment: str | None = None
    sentiment_score: dict[str, float] | None = None
    text_entities: list[dict[str, Any]] = []
    language: str | None = None
    images: list[AnalysedImage] = []


class MessageAnalysed(Record, frozen=True, kw_only=True):
    """MESSAGE_ANALYSED: the message with everything that analysis found."""

    text: str
    author: str
    summoned: bool
    twitter: Twitter
    analysis: Analysis
    replay_name: str | None = None


class ReplyImage(Record, frozen=True, kw_only=True):
    """An image of a reply: its key in the media store, and the alternative text (at most 1,000 characters)."""

    key: str
    alt_text: str | None = None


class SendTweet(Record, frozen=True, kw_only=True):
    """SEND_TWEET, a command: reply to a post. `image_key` is the first of `images`, as the source design has it."""

    text: str
    reply_to_user_id: str
    reply_to_tweet_id: str
    image_key: str | None = None
    images: list[ReplyImage] = []
    replay_name: str | None = None


class TweetSent(Record, frozen=True, kw_only=True):
    """TWEET_SENT: the reply stands on X. `tweet_id` is None where X said that it stood there already."""

    tweet_id: str | None
    reply_to_tweet_id: str
    reply_to_user_id: str
    text: str


class TweetFailed(Record, frozen=True, kw_only=True):
    """TWEET_FAILED: the reply will not be posted. `reason` is one of lambdas/x/errors.py's Reason."""

    reason: str
    explanation: str
    reply_to_tweet_id: str
    reply_to_user_id: str
    text: str


class TweetWithheld(Record, frozen=True, kw_only=True):
    """TWEET_WITHHELD: the operator lets no reply be posted. `reason` is one of lambdas/egress/permission.py's Why."""

    reason: str
    explanation: str
    reply_to_tweet_id: str
    reply_to_user_id: str
    text: str


class AnalysisFailed(Record, frozen=True, kw_only=True):
    """ANALYSIS_FAILED: nothing could be made of the message. `error` and `cause` are the workflow's."""

    error: str
    cause: str
    message: dict[str, Any]
    replay_name: str | None = None


DETAILS: dict[str, type[Record]] = {
    "MESSAGE_RECEIVED": MessageReceived,
    "MESSAGE_ANALYSED": MessageAnalysed,
    "SEND_TWEET": SendTweet,
    "TWEET_SENT": TweetSent,
    "TWEET_FAILED": TweetFailed,
    "TWEET_WITHHELD": TweetWithheld,
    "ANALYSIS_FAILED": AnalysisFailed,
}
DETAIL_TYPES = {record: name for name, record in DETAILS.items()}

RAW_TYPES = (
    "TWITTER_TWEETED",
    "TWITTER_FAVOURITED",
    "TWITTER_FOLLOWED",
    "TWITTER_UNFOLLOWED",
    "TWITTER_BLOCKED",
    "TWITTER_UNBLOCKED",
    "TWITTER_MUTED",
    "TWITTER_UNMUTED",
    "TWITTER_PERMISSION_REVOKED",
    "TWITTER_DM_RECEIVED",
    "TWITTER_DM_TYPING",
    "TWITTER_DM_MARKED_READ",
    "TWITTER_DELETED",
    "TWITTER_REPLAY_COMPLETED",
    "TWITTER_OTHER",
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event about to be published. Of the entries with the same `dedup_key` only the first ever reaches the bus."""

    source: str
    detail_type: str
    detail: dict[str, Any]
    dedup_key: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event as the bus delivers it: EventBridge's envelope. `time` is UTC, ISO 8601, to the second or finer."""

    id: str
    source: str
    time: str
    detail: dict[str, Any]
    detail_type: str = msgspec.field(name="detail-type")
    version: str = "0"
    account: str = "000000000000"
    region: str = "local"
    resources: list[str] = []
    replay_name: str | None = msgspec.field(name="replay-name", default=None)


AnyRecord = TypeVar("AnyRecord", bound=Record)


def entry(record: Record, *, dedup_key: str | None = None) -> Entry:
    """Wrap one of our records for publishing; the detail type follows from the record."""
    return Entry(
        source=BOT, detail_type=DETAIL_TYPES[type(record)], detail=msgspec.to_builtins(record), dedup_key=dedup_key
    )


def read(detail: object, as_type: type[AnyRecord]) -> AnyRecord:
    """Validate a detail. Raises BadEvent, which names the field that is missing or wrong."""
    try:
        return msgspec.convert(detail, as_type)
    except msgspec.ValidationError as error:
        raise BadEvent(f"{DETAIL_TYPES[as_type]}: {error}") from None


def decode_event(body: bytes | str) -> Event:
    """Parse an event's JSON. Raises BadEvent."""
    try:
        return msgspec.json.decode(body, type=Event)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadEvent(f"not an event: {error}") from None


def new_event(published: Entry, at: datetime.datetime) -> Event:
    """Give an entry its identity, as EventBridge does."""
    return Event(
        id=str(uuid.uuid4()),
        source=published.source,
        time=at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        detail=published.detail,
        detail_type=published.detail_type,
    )


def epoch(time: str) -> float:
    return datetime.datetime.fromisoformat(time).timestamp()
