"""Which post the current work is about. Both platforms add its id to every log line."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

# Each thread has its own value, so posts that are handled at the same time keep their ids apart:
# https://docs.python.org/3/library/contextvars.html
_tweet_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("tweet_id", default=None)


@contextlib.contextmanager
def log_context(tweet_id: str | None) -> Iterator[None]:
    """Add this post's id to everything that is logged inside."""
    token = _tweet_id.set(tweet_id)
    try:
        yield
    finally:
        _tweet_id.reset(token)


def current_tweet() -> str | None:
    """Return the id of the post that the current work is about; None where there is none."""
    return _tweet_id.get()
