"""A post with what the bot made of it, as a timeline shows it. Both platforms return these records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from twbot.cli.operations.traces.records import Outcome, Trace, last
from twbot.lambdas.contracts import Event, epoch
from twbot.lambdas.errors import ErrorKind, TwbotError

# The types whose first event makes a post appear.
BEGINNINGS = ("MESSAGE_RECEIVED", "POST_INCOMPLETE")


class BadCursor(TwbotError):
    """A `before` that no page ended with."""

    kind = ErrorKind.USAGE

    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} is no page of the timeline.")


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a post, and what was recognised in it."""

    key: str | None
    """Its key in the media store; None where it could not be fetched."""
    problem: str | None = None
    """Why it was of no use."""
    analysis: dict[str, Any] = {}
    """Labels, TextDetections, CelebrityFaces and UnrecognizedFaces in Rekognition's shapes."""

    @property
    def names(self) -> list[str]:
        return _texts(self.analysis.get("CelebrityFaces"), "Name")

    @property
    def labels(self) -> list[str]:
        return _texts(self.analysis.get("Labels"), "Name")

    @property
    def lines(self) -> list[str]:
        found = [each for each in as_dicts(self.analysis.get("TextDetections")) if each.get("Type") != "WORD"]
        return _texts(found, "DetectedText")


class ReplyPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a reply."""

    key: str
    """Its key in the media store."""
    alt_text: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot answered, or would have."""

    text: str
    state: Literal["sent", "refused", "withheld", "written"]
    """`written` while it waits to be posted, and where a replay does not tweet."""
    seconds: float | None = None
    """From the post's arrival to the reply; None before it was sent."""
    tweet_id: str | None = None
    pictures: list[ReplyPicture] = []


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A post, its analysis and its reply."""

    tweet_id: str
    at: float
    """When it arrived, in epoch seconds."""
    author: str | None = None
    text: str | None = None
    language: str | None = None
    sentiment: str | None = None
    scores: dict[str, float] = {}
    is_analysed: bool = False
    entities: list[dict[str, Any]] = []
    pictures: list[Picture] = []
    own: dict[str, Any] = {}
    """Answers of the bot's own steps, by their names."""
    reply: Reply | None = None
    outcome: Outcome
    why: str

    def matches(self, words: str) -> bool:
        """Return whether its text or its author's name holds the words, in letters of either case."""
        return any(words.lower() in (each or "").lower() for each in (self.text, self.author))


class Conversations(msgspec.Struct, frozen=True, kw_only=True):
    """A page of conversations, the newest first."""

    found: list[Conversation]
    before: str | None = None
    """Where the next page begins; None on the last one."""


def conversation_of(events: Sequence[Event], trace: Trace) -> Conversation:
    """Return the conversation about a post. `events`: all about it, at least one, the oldest first."""
    message = next((each.detail for each in reversed(events) if _is_message(each)), {})
    analysed = getattr(last(events, "MESSAGE_ANALYSED"), "detail", None)
    analysis: dict[str, Any] = as_dict((analysed or {}).get("Analysis"))
    return Conversation(
        tweet_id=trace.tweet_id,
        at=epoch(events[0].time),
        author=_text(message.get("Author")),
        text=_text(message.get("Text")),
        language=_text(analysis.get("Language") or message.get("Language")),
        sentiment=_text(analysis.get("TextSentiment")),
        scores={name: value for name, value in as_dict(analysis.get("SentimentScore")).items() if _is_number(value)},
        is_analysed=analysed is not None,
        entities=as_dicts(analysis.get("TextEntities")),
        pictures=[_picture(each) for each in as_dicts(analysis.get("Images"))],
        own=as_dict(analysis.get("Own")),
        reply=_reply(events),
        outcome=trace.outcome,
        why=trace.why,
    )


def _is_message(event: Event) -> bool:
    return event.detail_type in {"MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "POST_INCOMPLETE"}


def _picture(image: dict[str, Any]) -> Picture:
    return Picture(
        key=_text(image.get("Key")), problem=_text(image.get("Problem")), analysis=as_dict(image.get("Analysis"))
    )


def _reply(events: Sequence[Event]) -> Reply | None:
    """Return the newest answer: what was sent, else what became of it."""
    written = next((each.detail for each in reversed(events) if each.detail_type == "SEND_TWEET"), None)
    pictures = [
        ReplyPicture(key=str(each["Key"]), alt_text=_text(each.get("AltText")) or "")
        for each in as_dicts((written or {}).get("Images"))
        if each.get("Key")
    ]
    states: tuple[tuple[str, Literal["sent", "refused", "withheld"]], ...] = (
        ("TWEET_SENT", "sent"),
        ("TWEET_FAILED", "refused"),
        ("TWEET_WITHHELD", "withheld"),
    )
    for kind, state in states:
        if (event := last(events, kind)) is not None:
            return Reply(
                text=_text(event.detail.get("Text")) or "",
                state=state,
                seconds=max(0.0, epoch(event.time) - epoch(events[0].time)) if state == "sent" else None,
                tweet_id=_text(event.detail.get("TweetId")),
                pictures=pictures,
            )
    return Reply(text=_text(written.get("Text")) or "", state="written", pictures=pictures) if written else None


# Events of an earlier version, or published by others, may have other shapes.
def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(items: object, name: str) -> list[str]:
    return list(dict.fromkeys(_present(each.get(name) for each in as_dicts(items))))


def _present(values: Iterable[object]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
