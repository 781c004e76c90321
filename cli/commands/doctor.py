"""`twbot doctor`: checks a bot, and names the fix of each problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from twbot.cli.doctor.run import run_checks
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.ui.check import Check, State
from twbot.cli.ui.console import as_json, err, out, show_check
from twbot.cli.ui.options import AsJson, targeted


@targeted
def doctor(
    target: Target,
    models: Annotated[
        bool, typer.Option("--models/--no-models", help="On local: load the models, too; takes some seconds.")
    ] = True,
    json: AsJson = False,
) -> None:
    """Check all that can be wrong, in order, each with its fix. Exit code 5 when something is.

    A bot that was started and not stopped with `twbot down` should run: that it does not is wrong, whatever ended it.

    Example: twbot doctor

    Example: twbot doctor --no-models --json

    Example: twbot doctor --stage prod
    """
    found: list[Check] = []
    for check in _waiting(lambda on_progress: run_checks(target, models=models, on_progress=on_progress)):
        found.append(check)
        if not json:
            show_check(check, to=out)
    wrong = [check for check in found if check.state == "wrong"]
    if json:
        as_json({"ok": not wrong, "checks": found})
    if wrong:
        message = f"{len(wrong)} of {len(found)} checks failed: {', '.join(check.name for check in wrong)}."
        raise CliError(message, hint=wrong[0].fix, code=Exit.CHECK_FAILED)
    if not json:
        err.print(_summary(found))


def _waiting(checks: Callable[[Callable[[str], None]], Iterator[Check]]) -> Iterator[Check]:
    """Yield each check, and say on a terminal what takes its time meanwhile."""
    status = err.status("looking …")
    waited_for = checks(status.update)
    while True:
        with status:
            check = next(waited_for, None)
        if check is None:
            return
        yield check


def _summary(found: list[Check]) -> Any:
    counts: dict[State, int] = {}
    for check in found:
        counts[check.state] = counts.get(check.state, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in counts.items())
