"""Ids of posts: finds them in events, checks them, and reads the time that they contain."""

from __future__ import annotations

import datetime
from typing import Any

from twbot.lambdas.contracts import Event

# X's ids count milliseconds since this moment, above their last 22 bits: https://docs.x.com/fundamentals/x-ids
_EPOCH_MS = 1288834974657
_COUNTER_BITS = 22
# Smaller ids were given out before November 2010, one after the other: they hold no time.
_FIRST_SNOWFLAKE = 30_000_000_000
_MAX_ID = 2**63
# Where each contract of lambdas/contracts.py names the post that it is about.
IN_OUR_EVENTS = (("Twitter", "TweetId"), ("ReplyToTweetId",), ("Message", "Twitter", "TweetId"))
# In those of the bot's own, besides. TWEET_SENT has there the reply's, after the post's.
_IN_OWN_EVENTS = ("TweetId",)
# In X's events, of either generation.
_IN_RAW_EVENTS = (
    ("tweet_create_events", "id_str"),
    ("data", "payload", "id"),
    ("tweet_delete_events", "status", "id"),
)


_PATHS = (*IN_OUR_EVENTS, *_IN_RAW_EVENTS, _IN_OWN_EVENTS)


def tweet_of(event: Event) -> str | None:
    """Return the id of the post that an event is about; None where it is about none."""
    return tweet_in(event.detail)


def tweet_in(detail: object) -> str | None:
    """Return the id of the post that this detail is about; None for a malformed one or where it is about none."""
    if not isinstance(detail, dict):
        return None
    for path in _PATHS:
        if path[0] in detail and isinstance(found := _at(detail, path), str):
            return found
    return None


def _at(detail: object, path: tuple[str, ...]) -> object:
    """Return the value at the path; of a list the first item."""
    found: Any = detail
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
        found = found[0] if isinstance(found, list) and found else found
    return found


def is_id(text: str) -> bool:
    """Return whether this can be an id of X. Check it before it becomes part of a query."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _MAX_ID


def has_time(tweet_id: str) -> bool:
    """Return whether the id holds the time at which its post was made."""
    return int(tweet_id) >= _FIRST_SNOWFLAKE


def posted_at(tweet_id: str) -> datetime.datetime:
    """Return when the post with this id was made. Wrong for ids from before November 2010, which contain no time."""
    return datetime.datetime.fromtimestamp((_EPOCH_MS + (int(tweet_id) >> _COUNTER_BITS)) / 1000, datetime.UTC)


def first_id(at_ms: int) -> int:
    """Return the smallest id of a millisecond, which is given as epoch milliseconds."""
    return (at_ms - _EPOCH_MS) << _COUNTER_BITS
