"""What a command can end with.

Exit        the exit codes, which docs/commands.md lists
CliError    what failed, the next thing to type, and the exit code; `main()` is the one place that prints it
"""

from __future__ import annotations

import enum

from twbot.lambdas.errors import ErrorKind, TwbotError


class Exit(enum.IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_CONFIGURED = 3
    NOT_FOUND = 4
    CHECK_FAILED = 5
    TIMED_OUT = 6
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
    """Ends a command: `message` says what failed, `hint` what to type next, `code` how it ends."""

    def __init__(self, message: str, *, hint: str | None = None, code: Exit = Exit.FAILED) -> None:
        super().__init__(message, hint)
        self.code = code


def as_cli_error(error: TwbotError, option: str = "") -> CliError:
    """Any error of ours as one that ends a command. `option`: the options that name the bot, for its hint."""
    if isinstance(error, CliError):
        return error
    hint = error.hint.replace("{option}", option) if error.hint else None
    return CliError(str(error), hint=hint, code=EXITS[error.kind])
