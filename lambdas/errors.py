"""The trunk of our exceptions: each has a kind, which decides the exit code, and may have a hint.

An exception of one module alone is defined there, below one of these.

TwbotError
├── NotConfigured      keys, settings or a set-up step are missing
├── BadEvent           an event or command breaks its contract
├── Permanent          a retry cannot help
│   ├── UnusableImage  a picture that cannot be used
│   └── XRefused       X refused: carries the status, the reason and X's message
└── Temporary          a later retry may help
    └── XUnavailable   X is down or limits us; `retry_at` is when X takes requests again, if X said so
"""

from __future__ import annotations

import enum

# After these, and after any 5xx, the same request may succeed: https://www.rfc-editor.org/rfc/rfc9110#section-15
TRANSIENT_STATUSES = frozenset({408, 425, 429})


def is_transient(status: int) -> bool:
    """Return whether the same HTTP request may succeed later."""
    return status in TRANSIENT_STATUSES or status >= 500


class ErrorKind(enum.Enum):
    """The class of an error. cli/errors.py maps each to an exit code."""

    FAILED = enum.auto()
    USAGE = enum.auto()
    NOT_CONFIGURED = enum.auto()
    NOT_FOUND = enum.auto()
    CHECK_FAILED = enum.auto()
    TIMED_OUT = enum.auto()


class TwbotError(Exception):
    """Base of all our errors. The text is safe to show: it never contains a secret.

    hint: the next command to type or step to take. `{option}` in it is replaced by the options that select the bot,
        such as ` --stage prod`, which the code that raises the error often does not know.
    """

    kind = ErrorKind.FAILED

    def __init__(self, message: str = "", hint: str | None = None, *, kind: ErrorKind | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if kind is not None:
            self.kind = kind


class NotConfigured(TwbotError):
    """Keys, settings or a set-up step are missing. The text says which."""

    kind = ErrorKind.NOT_CONFIGURED


class BadEvent(TwbotError):
    """An event or command breaks its contract. The text names the field."""


class Permanent(TwbotError):
    """A retry cannot help."""


class Temporary(TwbotError):
    """A later retry may help.

    retry_at: epoch seconds before which a retry is pointless; None: the caller applies its own backoff
    """

    def __init__(self, message: str, *, retry_at: float | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class UnusableImage(Permanent):
    """A picture that cannot be used. The text says why, in words for the author of the post."""


class XRefused(Permanent):
    """X refused for good.

    reason: the class of refusal, which an operator can act on (Reason in lambdas/x/errors.py)
    status: the HTTP status
    code: the error number of API v1.1, where X gave one
    clock_off: seconds by which our clock is ahead of X's
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
    """X is down, or its rate limit is reached.

    may_have_acted: whether X may have done what the request asked for, though its answer was not heard
    """

    def __init__(self, message: str, *, retry_at: float | None = None, may_have_acted: bool = True) -> None:
        super().__init__(message, retry_at=retry_at)
        self.may_have_acted = may_have_acted
