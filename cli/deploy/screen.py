"""Shows a deployment to a person: checks, changes, permissions, and the progress of each stack."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import err, say

if TYPE_CHECKING:
    from twbot.cli.deploy.cdk_progress import Following
    from twbot.cli.deploy.changes import Change
    from twbot.cli.deploy.permissions import Widening

STYLES = {"+": "green", "~": "yellow", "-": "red"}


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show a message while the block runs, with a spinner on a terminal."""
    if err.is_terminal:
        with err.status(f"{what} …"):
            yield
    else:
        say(f"{what} …")
        yield


def show_changes(found: list[Change], permissions: dict[str, Widening], show: Callable[[Any], None]) -> None:
    """Show the changes and permissions of each stack; of a new stack with many resources only their number."""
    stacks = list(dict.fromkeys([*(each.stack for each in found), *permissions]))
    for stack in stacks:
        of_stack = [each for each in found if each.stack == stack]
        show(Text(stack, style="bold"))
        if len(of_stack) > 8 and all(each.sign == "+" for each in of_stack):
            show(Text.assemble(("  + ", "green"), f"{len(of_stack)} resources"))
        else:
            for each in of_stack:
                show(_change(each))
        if stack in permissions:
            _show_permissions(permissions[stack], show)
    if not stacks:
        show(Text("Nothing would change."))


def _change(change: Change) -> Text:
    parts = f" ({', '.join(change.parts)})" if change.parts else ""
    replaced = (" is replaced: a new one comes, this one goes", "bold red") if change.replaced else ""
    return Text.assemble((f"  {change.sign} ", STYLES[change.sign]), f"{change.type} {change.name}{parts}", replaced)


def _show_permissions(widening: Widening, show: Callable[[Any], None]) -> None:
    from twbot.cli.deploy.permissions import words

    marks = (("may from now on", "yellow", widening.new), ("no longer forbidden", "yellow", widening.lifted))
    for heading, style, grants in (*marks, ("may no longer", "", widening.gone)):
        if grants:
            show(Text(f"  permissions: {heading}", style=style))
        for about, sentence in words(grants):
            show(Text(f"    {about}: {sentence}"))


@contextlib.contextmanager
def progress(following: Following, doing: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that takes the CDK command's output line by line and shows each stack's progress.

    On a terminal the progress is live; elsewhere a line is printed whenever a stack's state changes.
    """
    if err.is_terminal:
        with _bars(following, doing) as each:
            yield each
        return
    shown: dict[str, str] = {}

    def each_line(line: str) -> None:
        following.line(line)
        for name, stack in following.stacks.items():
            if stack.state != "waiting" and shown.get(name) != stack.state:
                shown[name] = stack.state
                say(f"{name}: {doing if stack.state == 'working' else stack.state}")

    yield each_line


@contextlib.contextmanager
def _bars(following: Following, doing: str) -> Iterator[Callable[[str], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    name, what = TextColumn("{task.description}"), TextColumn("{task.fields[what]}", markup=False)
    columns = (SpinnerColumn(), name, BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), what)
    with Progress(*columns, console=err) as bars:
        tasks = {stack: bars.add_task(stack, start=False, total=None, what="waiting") for stack in following.stacks}

        def each_line(line: str) -> None:
            following.line(line)
            for stack, now in following.stacks.items():
                task = tasks[stack]
                if now.state != "waiting":
                    bars.start_task(task)
                if now.state in ("done", "unchanged"):
                    total = now.total or now.count or 1
                    bars.update(task, total=total, completed=total, what=now.state)
                    bars.stop_task(task)
                elif now.state != "waiting":
                    what = now.doing if now.state == "working" else "failed"
                    bars.update(task, total=now.total or None, completed=now.count, what=what or doing)

        yield each_line


def interrupted(following: Following, option: str, verb: str) -> CliError:
    """Return the error for Ctrl-C, which says what is done, what has not begun, and what AWS finishes by itself."""
    done, working = following.named("done", "unchanged"), following.named("working")
    waiting = following.named("waiting")
    parts = [
        f"Done: {', '.join(done)}." if done else "",
        f"CloudFormation goes on with {', '.join(working)} by itself." if working else "",
        f"Not begun: {', '.join(waiting)}." if waiting else "",
    ]
    hint = f"See how it stands: twbot outputs{option}; then go on: twbot {verb}{option}"
    return CliError(" ".join(filter(None, ["Interrupted.", *parts])), hint=hint, code=Exit.INTERRUPTED)
