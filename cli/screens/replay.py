"""Follows a replay to its end, and describes replays in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from twbot.cli.operations.replays.port import Replays
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import err, say
from twbot.cli.ui.times import format_time
from twbot.lambdas.errors import TwbotError

if TYPE_CHECKING:
    from twbot.lambdas.replays import Replay


def follow(replays: Replays, found: Replay, target: Target, *, quiet: bool) -> Replay:
    """Wait until a replay has ended, with a progress bar unless `quiet`, and return its last state.

    Ctrl-C cancels the replay, prints how far it got, and is raised again. If asking for the state fails, the replay
    goes on, and the error is raised.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(found.name), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, disable=quiet or not err.is_terminal) as progress:
            task = progress.add_task("", total=1.0)
            while found.state in {"running", "cancelling"}:
                time.sleep(replays.poll_interval)
                found = replays.named(found.name) or found
                progress.update(task, completed=found.share)
    except KeyboardInterrupt:
        found = replays.cancel(found.name) or found
        say(summary(found))
        if found.state == "cancelling":
            say(f"See when it has ended: twbot replay show {found.name}{target.option}")
        raise
    except TwbotError:
        say(f"The replay goes on. See how far it is: twbot replay show {found.name}{target.option}")
        raise
    return found


def summary(found: Replay, utc: bool = False) -> str:
    """Return a replay's state and progress in a sentence."""
    # EventBridge counts no replayed events, it only says up to which event time it has come.
    if found.replayed is not None:
        return f"{found.name}: {found.state}, {found.replayed} of {found.chosen} events delivered again."
    reached = f", up to those of {format_time(found.reached, utc=utc)} delivered again" if found.reached else ""
    return f"{found.name}: {found.state}{reached} ({found.share:.0%})."


def progress_text(found: Replay) -> str:
    """Return a replay's progress: events of events, or a percentage if events are not counted."""
    return f"{found.replayed}/{found.chosen}" if found.replayed is not None else f"{found.share:.0%}"


def span(found: Replay, utc: bool) -> str:
    """Return the period whose events are replayed."""
    return f"{format_time(found.wanted.since, utc=utc)} … {format_time(found.wanted.until, utc=utc)}"
