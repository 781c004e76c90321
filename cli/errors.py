"""How a command ends: its exit code, and the error that `main()` prints.

Only `main()` prints a CliError, so that every command reports a failure in the same form.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from twbot.lambdas.environment import TRACEBACK
from twbot.lambdas.errors import ErrorKind, TwbotError


class Exit(enum.IntEnum):
    """The exit codes, which docs/commands.md lists."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_CONFIGURED = 3
    NOT_FOUND = 4
    CHECK_FAILED = 5
    TIMED_OUT = 6
    # 128 + SIGINT, as shells report a process that Ctrl-C ended.
    # https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html
    INTERRUPTED = 130

    @property
    def label(self) -> str:
        """The name in words, such as not-found."""
        return self.name.lower().replace("_", "-")


EXITS = {
    ErrorKind.FAILED: Exit.FAILED,
    ErrorKind.USAGE: Exit.USAGE,
    ErrorKind.NOT_CONFIGURED: Exit.NOT_CONFIGURED,
    ErrorKind.NOT_FOUND: Exit.NOT_FOUND,
    ErrorKind.CHECK_FAILED: Exit.CHECK_FAILED,
    ErrorKind.TIMED_OUT: Exit.TIMED_OUT,
}


class CliError(TwbotError):
    """End a command.

    `message` says what failed, `hint` what to type next. `code` is the exit code.
    """

    def __init__(self, message: str, *, hint: str | None = None, code: Exit = Exit.FAILED) -> None:
        super().__init__(message, hint)
        self.code = code

    @property
    def name(self) -> str:
        """The kind of error, for programs: the exit code's name, as docs/commands.md lists it."""
        return self.code.label


class Unexpected(CliError):
    """An error that should not happen: a fault of twbot's."""

    name = "internal"

    def __init__(self, error: Exception) -> None:
        hint = f"This should not happen. Set {TRACEBACK.name}=1 and run it again to see where."
        super().__init__(f"{type(error).__name__}: {error}", hint=hint)


def as_cli_error(error: TwbotError, option: str = "") -> CliError:
    """Return the CliError for an error of ours. `option`: the options that name the bot, for its hint."""
    if isinstance(error, CliError):
        return error
    hint = error.hint.replace("{option}", option) if error.hint else None
    return CliError(str(error), hint=hint, code=EXITS[error.kind])


# What to do about an error of the operating system, by its number.
SYSTEM_HINTS = {
    errno.ENOSPC: "Make room on the disk",
    errno.EDQUOT: "Make room on the disk",
    errno.EMFILE: "Allow this process more files: ulimit -n 1024",
    errno.ENFILE: "This machine has too many files open",
    errno.ENOMEM: "Free some memory",
}
# Not the fault of the path that was typed.
OF_THIS_MACHINE = (*SYSTEM_HINTS, errno.EIO)


def system_error(error: OSError) -> CliError | None:
    """Return the CliError for an error of the operating system; None for one that is an OSError by its class only."""
    if error.errno is None:
        return None
    reason, path = os.strerror(error.errno), error.filename
    hint = SYSTEM_HINTS.get(error.errno)
    code = Exit.FAILED if error.errno in OF_THIS_MACHINE else Exit.USAGE
    if isinstance(path, str | bytes | os.PathLike) and path:
        return CliError(f"Cannot use {os.fsdecode(path)}: {reason}.", hint=hint, code=code)
    if error.errno == errno.ENOENT and is_folder_gone():
        return folder_gone()
    return CliError(f"The operating system refused: {reason}.", hint=hint) if hint or error.errno == errno.EIO else None


def is_folder_gone() -> bool:
    """Return whether the working directory was removed."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def folder_gone() -> CliError:
    return CliError("The folder in which this was typed is gone.", hint="Change to another: cd", code=Exit.USAGE)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's errors within into a CliError that says why this path can't be written."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        code = Exit.FAILED if error.errno in OF_THIS_MACHINE else Exit.USAGE
        hint = SYSTEM_HINTS.get(error.errno)
        raise CliError(f"Cannot write {path}: {os.strerror(error.errno)}.", hint=hint, code=code) from None
