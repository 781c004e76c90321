"""The trunk of our exceptions: each has a kind, which decides the exit code, and may have a hint.

An exception of one module alone is defined there, below one of these.

TwbotError
├── FunctionFailed     a function of the bot's folder raised, or did not return in time
├── NotConfigured      keys, settings or a set-up step are missing
├── BadEvent           an event or command breaks its contract
├── Permanent          a retry cannot help
│   ├── UnusableImage  a picture that cannot be used
│   └── XRefused       X refused: carries the status, the reason and X's message
└── Temporary          a later retry may help
    ├── MachineFault   this machine failed, whatever the message
    └── XUnavailable   X is down or limits us; `retry_at` is when X takes requests again, if X said so
"""

from __future__ import annotations

import enum
import errno
import re
from collections.abc import Iterator

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


class FunctionFailed(TwbotError):
    """A function of the bot's folder raised, or did not return in time.

    traceback: Python's text of it; None where there is none
    """

    def __init__(self, message: str, *, traceback: str | None = None) -> None:
        super().__init__(message)
        self.traceback = traceback


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


class MachineFault(Temporary):
    """This machine failed: no memory, file handle, disk or model. It says nothing about the message."""


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


# Errors of the file system and of the process's limits. Those of the network are not among them: they are the other
# side's. https://docs.python.org/3/library/errno.html
_MACHINE_ERRNOS = frozenset(
    {
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        *(errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENODEV, errno.ENXIO, errno.ESTALE),
    }
)
# Native libraries raise exceptions of their own without an errno: their texts are those of the C library.
_NATIVE = frozenset({"onnxruntime", "cv2", "sqlite3"})
_MACHINE_TEXTS = re.compile(
    r"bad[ _]alloc|allocat\w* (memory|failed)|(fail\w*|unable|cannot|can't) (to )?allocate|(insufficient|out of) memory"
    r"|too many open files|no space left|disk is full|disk i/o error|unable to open database|start new thread",
    re.IGNORECASE,
)


def is_machine_fault(error: BaseException) -> bool:
    """Return whether an error, or one that led to it, is a fault of this machine rather than of what it works on."""
    return any(_is_of_machine(each) for each in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_of_machine(error: BaseException) -> bool:
    if isinstance(error, MachineFault | MemoryError | ImportError):
        return True
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _MACHINE_ERRNOS
    is_native = isinstance(error, RuntimeError) or type(error).__module__.partition(".")[0] in _NATIVE
    return is_native and _MACHINE_TEXTS.search(str(error)) is not None
