"""How a command ends: its exit code, and the error that `main()` prints.

Only `main()` prints a CliError, so that every command reports a failure in the same form.
"""

from __future__ import annotations

import enum

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


def as_cli_error(error: TwbotError, option: str = "") -> CliError:
    """Return the CliError for an error of ours. `option`: the options that name the bot, for its hint."""
    if isinstance(error, CliError):
        return error
    hint = error.hint.replace("{option}", option) if error.hint else None
    return CliError(str(error), hint=hint, code=EXITS[error.kind])
