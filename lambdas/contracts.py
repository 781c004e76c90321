"""The events that cross the bus, as typed records. In JSON the names are the source design's, in PascalCase.

docs/schemas/ has the JSON Schemas that are generated from them.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, TypeVar

import msgspec

from twbot.lambdas.errors import BadEvent

TWITTER = "TWITTER"
BOT = "BOT"
# What a replay's name begins with says whether it may reply (docs/decisions/0001).
REPLAY, REPLAY_WITH_REPLIES = "replay-", "with-replies-"


# Descriptions that several records share.
_ReplyText = Annotated[str, msgspec.Meta(description="Text of the reply.")]
_ReplyToTweetId = Annotated[str, msgspec.Meta(description="Id of the post that is answered.")]
_ReplyToUserId = Annotated[str, msgspec.Meta(description="User id of the author of that post.")]
_Explanation = Annotated[str, msgspec.Meta(description="The reason in words, for the operator.")]
_ReplayName = Annotated[
    str | None, msgspec.Meta(description="Name of the replay that caused this event; absent where none did.")
]


# Unknown fields are ignored, so that events of a newer version can still be read after a rollback or in a replay:
# https://jcristharif.com/msgspec/schema-evolution.html
class Record(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Base of every detail: PascalCase in JSON. Unknown fields are ignored, fields at their default are omitted."""


class Twitter(Record, frozen=True, kw_only=True):
    """Where a message is on X. Ids are decimal strings, as in X's JSON."""

    tweet_id: Annotated[str, msgspec.Meta(description="Id of the post.")]
    user_id: Annotated[str, msgspec.Meta(description="User id of its author.")]
    first_tweet_id: Annotated[
        str | None, msgspec.Meta(description="Id of the post's first version; absent where it was not edited.")
    ] = None

    @property
    def chain(self) -> str:
        """Return the id that all versions of the post have in common. X gives each edit a new id.

        https://docs.x.com/x-api/fundamentals/edit-posts
        """
        return self.first_tweet_id or self.tweet_id


class ThreadPost(Record, frozen=True, kw_only=True):
    """A post that a message quotes or answers, as far as X sent it."""

    tweet_id: Annotated[str, msgspec.Meta(description="Id of the post.")]
    author: Annotated[
        str, msgspec.Meta(description="Username of its author, without @; the user id where X sent none.")
    ]
    text: Annotated[str, msgspec.Meta(description="Its text, of which 1,000 characters are kept.")]


class Message(Record, frozen=True, kw_only=True):
    """What MESSAGE_RECEIVED and MESSAGE_ANALYSED have in common. X does not send every field with every post."""

    text: Annotated[str, msgspec.Meta(description="Text of the post.")]
    author: Annotated[
        str, msgspec.Meta(description="Username of the author, without @; the user id where X does not name it.")
    ]
    summoned: Annotated[
        bool, msgspec.Meta(description="Whether the author mentions or quotes the bot. X allows a reply only then.")
    ]
    twitter: Twitter
    image_urls: Annotated[list[str], msgspec.Meta(description="Addresses of its photos, at most four.")] = []
    language: Annotated[
        str | None, msgspec.Meta(description="ISO 639-1 code that X detected; absent where X could not tell.")
    ] = None
    kind: Annotated[
        str | None, msgspec.Meta(description="post, reply or quote; absent in events of an older version.")
    ] = None
    followers: Annotated[int | None, msgspec.Meta(description="Number of the author's followers.")] = None
    verified: Annotated[bool | None, msgspec.Meta(description="Whether X shows a check mark beside the author.")] = None
    account_age_days: Annotated[
        int | None, msgspec.Meta(description="Age of the author's account in days, when the post was received.")
    ] = None
    thread: Annotated[
        list[ThreadPost],
        msgspec.Meta(description="The posts that it answers or quotes, where X sent their texts; the oldest first."),
    ] = []
    opt_out: Annotated[
        bool | None,
        msgspec.Meta(
            description="true: the author wants no more replies; false: they want replies again; else absent."
        ),
    ] = None
    completes: Annotated[
        list[str],
        msgspec.Meta(
            description="Fields that X had not sent with an earlier event of the same post; absent in the first event."
        ),
    ] = []
    replay_name: _ReplayName = None


class MessageReceived(Message, frozen=True, kw_only=True):
    """MESSAGE_RECEIVED: somebody wrote to the bot or about it. Its consumers need not know X's JSON."""


class PostIncomplete(Message, frozen=True, kw_only=True):
    """POST_INCOMPLETE: X did not send all that MESSAGE_RECEIVED needs. X is asked for the rest, and it follows."""

    missing: Annotated[
        list[str], msgspec.Meta(description="Fields that X is to be asked for: Author, ImageUrls, Summoned or Text.")
    ]
    bot_id: Annotated[str, msgspec.Meta(description="User id of the account that the post is to or about.")]


class ImageAnalysis(Record, frozen=True, kw_only=True):
    """What was recognised in one image, in Rekognition's shapes."""

    labels: Annotated[list[dict[str, Any]], msgspec.Meta(description="Rekognition's Label objects.")] = []
    text_detections: Annotated[
        list[dict[str, Any]], msgspec.Meta(description="Rekognition's TextDetection objects.")
    ] = []
    celebrity_faces: Annotated[list[dict[str, Any]], msgspec.Meta(description="Rekognition's Celebrity objects.")] = []
    unrecognized_faces: Annotated[
        list[dict[str, Any]], msgspec.Meta(description="Rekognition's ComparedFace objects.")
    ] = []
    own: Annotated[
        dict[str, Any], msgspec.Meta(description="Answers of the bot's own steps, by the steps' names.")
    ] = {}


class AnalysedImage(Record, frozen=True, kw_only=True):
    """One image of a message."""

    # An unusable image stays in the event, so that the reply can name the problem:
    # docs/decisions/0004-what-could-not-be-analysed-stays-visible.md
    key: Annotated[
        str | None, msgspec.Meta(description="Key in the media store; null where the image could not be fetched.")
    ]
    analysis: ImageAnalysis
    problem: Annotated[
        str | None, msgspec.Meta(description="Why the image is unusable, in words for its author; absent if it is not.")
    ] = None


class Analysis(Record, frozen=True, kw_only=True):
    """The analysis of a message. A detector that failed leaves its field empty, one that is off leaves it out."""

    text_sentiment: Annotated[
        str | None,
        msgspec.Meta(description="Comprehend's POSITIVE, NEGATIVE, NEUTRAL or MIXED; absent where it is unknown."),
    ] = None
    sentiment_score: Annotated[
        dict[str, float] | None,
        msgspec.Meta(description="Comprehend's confidence, 0 to 1, in Positive, Negative, Neutral and Mixed."),
    ] = None
    text_entities: Annotated[list[dict[str, Any]], msgspec.Meta(description="Comprehend's Entity objects.")] = []
    language: Annotated[
        str | None, msgspec.Meta(description="Language code of the text, from X or else from Comprehend.")
    ] = None
    images: Annotated[list[AnalysedImage], msgspec.Meta(description="The images of the message, in order.")] = []
    own: Annotated[
        dict[str, Any], msgspec.Meta(description="Answers of the bot's own steps, by the steps' names.")
    ] = {}


class MessageAnalysed(Message, frozen=True, kw_only=True):
    """MESSAGE_ANALYSED: a message with its analysis."""

    analysis: Analysis


class ReplyImage(Record, frozen=True, kw_only=True):
    """An image of a reply."""

    key: Annotated[str, msgspec.Meta(description="Key in the media store.")]
    alt_text: Annotated[
        str | None, msgspec.Meta(description="Alternative text; X takes the first 1,000 characters.")
    ] = None


class SendTweet(Record, frozen=True, kw_only=True):
    """SEND_TWEET, a command: reply to a post."""

    text: _ReplyText
    reply_to_user_id: _ReplyToUserId
    reply_to_tweet_id: _ReplyToTweetId
    image_key: Annotated[
        str | None, msgspec.Meta(description="Key of the first of Images, the only one in the source design.")
    ] = None
    images: Annotated[list[ReplyImage], msgspec.Meta(description="Pictures of the reply, at most four.")] = []
    first_tweet_id: Annotated[
        str | None,
        msgspec.Meta(
            description="Id of the first version of the post that is answered; absent where it was not edited."
        ),
    ] = None
    replay_name: _ReplayName = None

    @property
    def chain(self) -> str:
        """Return the id that all versions of the answered post have in common."""
        return self.first_tweet_id or self.reply_to_tweet_id


class TweetSent(Record, frozen=True, kw_only=True):
    """TWEET_SENT: the reply is on X."""

    tweet_id: Annotated[
        str | None, msgspec.Meta(description="Id of the reply; null where X refused it as a duplicate of one it has.")
    ]
    reply_to_tweet_id: _ReplyToTweetId
    reply_to_user_id: _ReplyToUserId
    text: _ReplyText


class TweetFailed(Record, frozen=True, kw_only=True):
    """TWEET_FAILED: X refused the reply, and it will not be posted."""

    reason: Annotated[str, msgspec.Meta(description="A value of Reason in lambdas/x/errors.py.")]
    explanation: _Explanation
    reply_to_tweet_id: _ReplyToTweetId
    reply_to_user_id: _ReplyToUserId
    text: _ReplyText


class TweetWithheld(Record, frozen=True, kw_only=True):
    """TWEET_WITHHELD: the operator does not allow the reply, and it was not posted."""

    # An event rather than a queue: docs/decisions/0007-a-withheld-reply-is-an-event.md
    reason: Annotated[str, msgspec.Meta(description="A value of WithheldReason in lambdas/egress/permission.py.")]
    explanation: _Explanation
    reply_to_tweet_id: _ReplyToTweetId
    reply_to_user_id: _ReplyToUserId
    text: _ReplyText


class AnalysisFailed(Record, frozen=True, kw_only=True):
    """ANALYSIS_FAILED: every detector that was asked about the message has failed."""

    error: Annotated[str, msgspec.Meta(description="Error name that the workflow reports.")]
    cause: Annotated[str, msgspec.Meta(description="Cause that the workflow reports.")]
    message: Annotated[dict[str, Any], msgspec.Meta(description="Detail of the MESSAGE_RECEIVED, for a replay.")]
    replay_name: _ReplayName = None


DETAILS: dict[str, type[Record]] = {
    "POST_INCOMPLETE": PostIncomplete,
    "MESSAGE_RECEIVED": MessageReceived,
    "MESSAGE_ANALYSED": MessageAnalysed,
    "SEND_TWEET": SendTweet,
    "TWEET_SENT": TweetSent,
    "TWEET_FAILED": TweetFailed,
    "TWEET_WITHHELD": TweetWithheld,
    "ANALYSIS_FAILED": AnalysisFailed,
}
DETAIL_TYPES = {record: name for name, record in DETAILS.items()}

# What X sent, untouched: one event for each element of its JSON, with the source TWITTER.
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
    """An event about to be published."""

    source: str
    detail_type: str
    detail: dict[str, Any]
    dedup_key: str | None = None
    """Only the first entry with this key reaches the bus (docs/decisions/0003); None: every one does."""
    known: dict[str, Any] | None = None
    """What the entry knows of its post (lambdas/completion.py): a later entry with the same key that knows more reaches
    the bus, too (docs/decisions/0014). None: the first entry says everything."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event as the bus delivers it, in EventBridge's envelope.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    """

    id: str
    source: str
    time: str
    """UTC in ISO 8601, to the second or finer."""
    detail: dict[str, Any]
    detail_type: str = msgspec.field(name="detail-type")
    version: str = "0"
    account: str = "000000000000"
    region: str = "local"
    resources: list[str] = []
    replay_name: str | None = msgspec.field(name="replay-name", default=None)
    """Name of the replay that delivers the event again; None for the first delivery."""

    @property
    def record(self) -> Record:
        """Return the detail as the record of its type, such as MessageAnalysed.

        Raises BadEvent where a field is missing or wrong, and for raw events of X and a bot's own types.
        """
        if self.detail_type not in DETAILS:
            raise BadEvent(f"{self.detail_type}: its detail has no record.")
        return read(self.detail, DETAILS[self.detail_type])


AnyRecord = TypeVar("AnyRecord", bound=Record)


def entry(record: Record, *, dedup_key: str | None = None, known: dict[str, Any] | None = None) -> Entry:
    """Return the entry that publishes a record. The detail type follows from the record."""
    return Entry(
        source=BOT,
        detail_type=DETAIL_TYPES[type(record)],
        detail=msgspec.to_builtins(record),
        dedup_key=dedup_key,
        known=known,
    )


def read(detail: object, as_type: type[AnyRecord]) -> AnyRecord:
    """Validate a detail against its contract. Raises BadEvent, which names the missing or wrong field."""
    try:
        return msgspec.convert(detail, as_type)
    except msgspec.ValidationError as error:
        raise BadEvent(f"{DETAIL_TYPES[as_type]}: {error}") from None


def decode_event(body: bytes | str) -> Event:
    """Parse the JSON of an event. Raises BadEvent."""
    try:
        return msgspec.json.decode(body, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEvent(f"not an event: {error}") from None


def new_event(published: Entry, at: datetime.datetime) -> Event:
    """Give an entry an id and a time, as EventBridge does."""
    return Event(
        id=str(uuid.uuid4()),
        source=published.source,
        # EventBridge writes UTC as Z, `isoformat` as +00:00.
        time=at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        detail=published.detail,
        detail_type=published.detail_type,
    )


def epoch(time: str) -> float:
    """Return the epoch seconds of a time in ISO 8601."""
    return datetime.datetime.fromisoformat(time).timestamp()
