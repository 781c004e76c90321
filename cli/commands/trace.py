"""`twbot trace`: follows one post from the webhook to the reply, or to where it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.ui.charts import span
from twbot.cli.ui.console import as_json, out
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.spelling import pasteable
from twbot.cli.ui.times import Since, Until, Utc, duration_text, format_time, parse_window
from twbot.lambdas.x.post_ids import is_id

if TYPE_CHECKING:
    from twbot.cli.operations.traces.records import Span, Trace

WIDE, WIDTH, NARROW = 100, 24, 10
# Characters of the post's text: X takes up to 25,000.
MAX_TEXT = 300
STYLES = {"event": "bold", "delivery": "", "step": "dim", "alert": "yellow", "log": "yellow"}


@targeted
def trace(
    target: Target,
    tweet_id: Annotated[str, typer.Argument(help="The post's id on X.")],
    steps: Annotated[bool, typer.Option("--steps/--no-steps", help="The workflow's steps, too.")] = True,
    since: Since = None,
    until: Until = None,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Follow one post from the webhook to the reply: its events, what each rule did with them, the workflow's steps,
    retries and alerts, and where it stopped and why.

    On AWS it looks at the day after the post was made, unless --since and --until say otherwise; events have their
    times in whole seconds there.

    Example: twbot trace 1585841080431321088
    """
    if not is_id(tweet_id):
        raise CliError(f"{tweet_id!r} is no post's id: those are digits.", code=Exit.USAGE)
    begin, end = parse_window(since, until)
    found = traces_of(target).of(tweet_id, since=begin, until=end)
    if found is None:
        raise _not_found(target, tweet_id)
    if json:
        as_json(found)
        return
    _show(found, steps=steps, utc=utc)


def _not_found(target: Target, tweet_id: str) -> CliError:
    hint = f"Look at what came: twbot tail --since 1h{target.option}, or: twbot webhook check{target.option}"
    if not target.is_local:
        hint += f"\nA post that came long after it was made: twbot trace {tweet_id} --since 2h{target.option}"
    return CliError(f"The bot has heard nothing of the post {tweet_id}.", hint=hint, code=Exit.NOT_FOUND)


def _show(found: Trace, *, steps: bool, utc: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    spans = [each for each in found.moments if _is_shown(each, steps)]
    whole = (min(each.start for each in spans), max(each.end for each in spans))
    says = f"@{found.author}: {_clipped(found.text)}" if found.text else ""
    out.print(Text.assemble((f"Post {found.tweet_id}", "bold"), f"  {format_time(whole[0], utc=utc)}"))
    out.print(Text(says))
    width = WIDTH if out.width >= WIDE else NARROW
    grid = Table("at", box=None, header_style="dim", pad_edge=False)
    for title in ("what", "took", ""):
        grid.add_column(title, no_wrap=True)
    grid.add_column("")
    for each in spans:
        grid.add_row(
            *(Text(cell, STYLES[each.kind] if not each.error else "red") for cell in _cells(each, whole, width))
        )
    out.print(grid)
    good = found.outcome in {"replied", "nothing-to-do"}
    out.print(
        Text.assemble((f"{found.outcome}: ", "bold green" if good else "bold red"), pasteable(found.why)),
        soft_wrap=True,
    )


def _clipped(text: str) -> str:
    """Return the text as one line of at most MAX_TEXT characters; --json has all of it."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"


def _is_shown(each: Span, steps: bool) -> bool:
    # Every event is logged and stored: a line only says something if that failed.
    if each.kind == "delivery" and each.name in {"log-every-event", "keep-every-event"}:
        return each.state != "done"
    return steps or each.kind != "step"


def _cells(each: Span, whole: tuple[float, float], width: int) -> tuple[str, str, str, str, str]:
    depth = {"event": 0, "alert": 1, "delivery": 1, "log": 2, "step": 2 + each.name.count(".")}[each.kind]
    name = each.name if each.kind != "step" else each.name.rpartition(".")[2]
    retried = f" ×{each.attempts}" if each.attempts > 1 else ""
    duration = "" if each.kind in {"event", "alert", "log"} else duration_text(each.end - each.start)
    offset = f"+{duration_text(each.start - whole[0])}"
    bar = span(each.start, each.end, whole=whole, width=width)
    return offset, "  " * depth + name + retried, duration, bar, each.error or each.note
