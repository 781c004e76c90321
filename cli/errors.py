"""What a command can end with.

Exit        the exit codes, which docs/commands.md lists
CliError    what failed, the next thing to type, and the exit code; `main()` is the one place that prints it
"""

from __future__ import annotations

import enum

from twbot.lambdas.errors import TwbotError


class Exit(enum.IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_CONFIGURED = 3
    NOT_FOUND = 4
    CHECK_FAILED = 5
    TIMED_OUT = 6
    INTERRUPTED = 130


class CliError(TwbotError):
    """Ends a command: `message` says what failed, `hint` what to type next."""

    def __init__(self, message: str, *, hint: str | None = None, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code
