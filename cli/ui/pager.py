"""Shows a long answer in a pager, on a terminal only: what fits the screen is printed, and so is what goes on."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator

from twbot.cli.ui.console import holding, out, print_held
from twbot.cli.ui.layout import rows_of
from twbot.lambdas.environment import PAGER

# Leave at once where it fits, let colours through, and leave the text on the terminal, as git has it:
# https://git-scm.com/docs/git-config#Documentation/git-config.txt-corepager
LESS = "FRX"


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """Show what is printed inside in TWBOT_PAGER, PAGER or less, where it is longer than the screen.

    Not in a pipe, and not where the pager is empty, `cat`, or not installed.
    """
    command = pager_command()
    if not (command and out.is_screen and sys.stdin.isatty()):
        yield
        return
    try:
        with holding() as held:
            yield
    except BaseException:
        print_held(held.getvalue())  # how far it came
        raise
    text = held.getvalue()
    if not (_is_long(text) and _runs(command, text)):
        print_held(text)


def pager_command() -> list[str]:
    """Return the pager's words; none where nobody wants one."""
    named = next((os.environ[name] for name in (PAGER.name, "PAGER") if name in os.environ), "less")
    try:
        words = shlex.split(named)
    except ValueError:  # a quotation mark without its end
        words = ["less"]
    return [] if words == ["cat"] else words


def _is_long(text: str) -> bool:
    """Return whether the text is longer than the screen."""
    return sum(rows_of(line, out.width) for line in text.splitlines()) >= out.height


def _runs(command: list[str], text: str) -> bool:
    """Return whether a pager took the text. Ctrl-C is the pager's while it runs."""
    # A function, which the pager does not inherit, as it would SIG_IGN: https://man7.org/linux/man-pages/man7/signal.7.html
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        content = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
        subprocess.run(command, input=content, env={"LESS": LESS, **os.environ}, check=False)  # noqa: S603 - no shell
    except OSError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True
