"""Posts on X, as events and operators name them: by ids, which tell when they were made."""

from __future__ import annotations

import datetime
from typing import Any

from twbot.lambdas.contracts import Event

# X's ids count milliseconds since this one, in all but their last 22 bits.
_EPOCH_MS = 1288834974657
_COUNTER_BITS = 22
# Smaller ids were given out before November 2010, one after the other: they hold no time.
_FIRST_SNOWFLAKE = 30_000_000_000
_MAX_ID = 2**63
# Where each contract of lambdas/contracts.py names the post that it is about.
IN_OUR_EVENTS = (("Twitter", "TweetId"), ("ReplyToTweetId",), ("Message", "Twitter", "TweetId"))
# In X's events, of either generation.
_IN_RAW_EVENTS = (
    ("tweet_create_events", "id_str"),
    ("data", "payload", "id"),
    ("tweet_delete_events", "status", "id"),
)


def tweet_of(event: Event) -> str | None:
    """The post that an event is about: the one that was read, answered, or is in what X sent."""
    return tweet_in(event.detail)


def tweet_in(detail: object) -> str | None:
    """The same, of an event's detail as it came, whatever it holds."""
    found = (_at(detail, path) for path in (*IN_OUR_EVENTS, *_IN_RAW_EVENTS))
    return next((each for each in found if isinstance(each, str)), None)


def _at(detail: object, path: tuple[str, ...]) -> object:
    """What stands at the path, of a list its first item."""
    found: Any = detail
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
        found = found[0] if isinstance(found, list) and found else found
    return found


def is_id(text: str) -> bool:
    """Whether X could have given this id; whoever puts it into a query asks here first."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _MAX_ID


def has_time(tweet_id: str) -> bool:
    """Whether the id holds the time at which its post was made."""
    return int(tweet_id) >= _FIRST_SNOWFLAKE


def posted_at(tweet_id: str) -> datetime.datetime:
    """When the post with this id was made. Ids of before November 2010 do not tell."""
    return datetime.datetime.fromtimestamp((_EPOCH_MS + (int(tweet_id) >> _COUNTER_BITS)) / 1000, datetime.UTC)


def first_id(at_ms: int) -> int:
    """The smallest id of this millisecond, given as epoch milliseconds."""
    return (at_ms - _EPOCH_MS) << _COUNTER_BITS
