"""Posts on X, as events and operators name them: by ids, which tell when they were made."""

from __future__ import annotations

import datetime
from typing import Any

from twbot.lambdas.contracts import Event

# X's ids count milliseconds since this one, in all but their last 22 bits.
_EPOCH_MS = 1288834974657
_MAX_ID = 2**63
# In our events; then in X's, of either generation.
_WHERE_THE_POST_IS = (
    ("Twitter", "TweetId"),
    ("ReplyToTweetId",),
    ("Message", "Twitter", "TweetId"),
    ("tweet_create_events", "id_str"),
    ("data", "payload", "id"),
    ("tweet_delete_events", "status", "id"),
)


def tweet_of(event: Event) -> str | None:
    """The post that an event is about: the one that was read, answered, or is in what X sent."""
    for path in _WHERE_THE_POST_IS:
        found: Any = event.detail
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
            found = found[0] if isinstance(found, list) and found else found
        if isinstance(found, str):
            return found
    return None


def is_id(text: str) -> bool:
    """Whether X could have given this id; whoever puts it into a query asks here first."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _MAX_ID


def posted_at(tweet_id: str) -> datetime.datetime:
    """When the post with this id was made. Ids of before November 2010 do not tell."""
    return datetime.datetime.fromtimestamp((_EPOCH_MS + (int(tweet_id) >> 22)) / 1000, datetime.UTC)
