"""Ids of posts: finds them in events, checks them, and reads the time that they contain."""

from __future__ import annotations

import datetime
from typing import Any

from twbot.lambdas.contracts import Event

# X's ids count milliseconds since this moment, above their last 22 bits: https://docs.x.com/fundamentals/x-ids
_EPOCH_MS = 1288834974657
_MAX_ID = 2**63
# Where an event has the post's id: first our events, then X's, of either API.
_POST_ID_PATHS = (
    ("Twitter", "TweetId"),
    ("ReplyToTweetId",),
    ("Message", "Twitter", "TweetId"),
    ("tweet_create_events", "id_str"),
    ("data", "payload", "id"),
    ("tweet_delete_events", "status", "id"),
)


def tweet_of(event: Event) -> str | None:
    """Return the id of the post that an event is about; None where it is about none."""
    for path in _POST_ID_PATHS:
        found: Any = event.detail
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
            found = found[0] if isinstance(found, list) and found else found
        if isinstance(found, str):
            return found
    return None


def is_id(text: str) -> bool:
    """Return whether this can be an id of X. Check it before it becomes part of a query."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _MAX_ID


def posted_at(tweet_id: str) -> datetime.datetime:
    """Return when the post with this id was made. Wrong for ids from before November 2010, which contain no time."""
    return datetime.datetime.fromtimestamp((_EPOCH_MS + (int(tweet_id) >> 22)) / 1000, datetime.UTC)
