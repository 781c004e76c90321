"""Which post the current work is about: every log line of either platform carries it."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_tweet_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("tweet_id", default=None)


@contextlib.contextmanager
def log_context(tweet_id: str | None) -> Iterator[None]:
    """Mark what is logged inside as being about this post."""
    token = _tweet_id.set(tweet_id)
    try:
        yield
    finally:
        _tweet_id.reset(token)


def current_tweet() -> str | None:
    return _tweet_id.get()
