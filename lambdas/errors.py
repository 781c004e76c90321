"""Everything that goes wrong, as one tree.

TwbotError
├── NotConfigured      keys, settings or a set-up step are missing
├── BadEvent           an event or command that does not say what its contract asks
├── Permanent          trying again can't help
│   ├── UnusableImage  not a picture we can work with
│   └── XRefused       X said no: carries the status, the reason and what X said
└── Temporary          try again later
    └── XUnavailable   X is down, or asks to wait: `retry_at`, epoch seconds, where X said
"""

from __future__ import annotations

TRANSIENT_STATUSES = frozenset({408, 425, 429})


def is_transient(status: int) -> bool:
    """Whether the same HTTP request may succeed later."""
    return status in TRANSIENT_STATUSES or status >= 500


class TwbotError(Exception):
    """Base of all our errors; its text is safe to show: it never holds a secret."""


class NotConfigured(TwbotError):
    """Keys, settings or a set-up step are missing; the text says which."""


class BadEvent(TwbotError):
    """An event or command that does not keep its contract; the text names the field."""


class Permanent(TwbotError):
    """Trying again can't help."""


class Temporary(TwbotError):
    """Trying again later may help. `retry_at`: epoch seconds, None for the caller's own backoff."""

    def __init__(self, message: str, *, retry_at: float | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class UnusableImage(Permanent):
    """Not a picture we can work with; the text says why, in words for the person who posted it."""


class XRefused(Permanent):
    """X refused, for good. `reason` is a class an operator can act on, `status` the HTTP status.

    `code`: v1.1's number of the error. `clock_off`: by how many seconds our clock differs from X's.
    """

    def __init__(
        self, message: str, *, reason: str, status: int, code: int | None = None, clock_off: float = 0.0
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.code = code
        self.clock_off = clock_off


class XUnavailable(Temporary):
    """X is down or limits us."""
