"""What a line of `twbot tail` says of an event: what is new in it, and not what the event before it said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from twbot.lambdas.x.post_ids import tweet_of

if TYPE_CHECKING:
    from twbot.lambdas.contracts import Event

Detail = dict[str, Any]
MAX_NAMES = 5  # of what was seen in pictures


def in_words(event: Event) -> str:
    """Return what an event says, in one line; of the bot's own events the whole detail."""
    from twbot.lambdas.contracts import RAW_TYPES
    from twbot.lambdas.folder.event_types import OURS

    if event.detail_type in RAW_TYPES:
        return _kind_at_x(event.detail)
    if event.detail_type not in OURS:
        return msgspec.json.encode(event.detail).decode()
    says = _SAYS.get(event.detail_type, _text)(event.detail)
    return " ".join(says.split())


def post_of(event: Event) -> str:
    """Return the id of the post that an event is about; a hyphen where it is about none."""
    return tweet_of(event) or "-"


def author_of(event: Event) -> str:
    return f"@{event.detail['Author']}" if event.detail.get("Author") else ""


def _kind_at_x(detail: Detail) -> str:
    """Return what X calls the event: by X Activity or by Account Activity."""
    # https://docs.x.com/x-api/activity/introduction
    activity = detail.get("data")
    if isinstance(activity, dict) and "event_type" in activity:
        return str(activity["event_type"])
    return next((name for name, value in detail.items() if isinstance(value, list | dict)), "")


def _text(detail: Detail) -> str:
    return str(detail.get("Text") or detail.get("Explanation") or "")


def _analysed(detail: Detail) -> str:
    analysis = detail.get("Analysis")
    return ", ".join(_findings(analysis)) if isinstance(analysis, dict) else ""


def _findings(analysis: Detail) -> Iterator[str]:
    yield from (str(analysis[name]) for name in ("TextSentiment", "Language") if analysis.get(name))
    found = _details(each.get("Analysis") for each in _details(analysis.get("Images")))
    for kind in ("CelebrityFaces", "Labels"):
        names = [str(each.get("Name")) for image in found for each in _details(image.get(kind))]
        yield from list(dict.fromkeys(names))[:MAX_NAMES]


# Anybody who may put events onto the bus can put some of other shapes there.
def _details(items: object) -> list[Detail]:
    return [each for each in items if isinstance(each, dict)] if isinstance(items, Iterable) else []


def _incomplete(detail: Detail) -> str:
    missing = detail.get("Missing")
    return f"X is asked for {', '.join(map(str, missing if isinstance(missing, list) else []))}"


def _sent(detail: Detail) -> str:
    return f"as {detail['TweetId']}" if detail.get("TweetId") else "X had it already"


_SAYS: dict[str, Callable[[Detail], str]] = {
    "POST_INCOMPLETE": _incomplete,
    "MESSAGE_ANALYSED": _analysed,
    "ANALYSIS_FAILED": lambda detail: f"{detail.get('Error')}: {detail.get('Cause')}",
    "TWEET_SENT": _sent,
    "TWEET_FAILED": lambda detail: str(detail.get("Explanation") or detail.get("Reason") or ""),
    "TWEET_WITHHELD": lambda detail: str(detail.get("Explanation") or detail.get("Reason") or ""),
}
