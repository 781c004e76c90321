"""`twbot trace`: follows one post from the webhook to the reply, or to where it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.spelling import pasteable
from twbot.cli.ui.charts import span
from twbot.cli.ui.completion import complete_posts
from twbot.cli.ui.console import as_json, out, table
from twbot.cli.ui.figures import Cell, count_text, duration_cell, duration_text
from twbot.cli.ui.layout import Column, clipped
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.times import Since, Until, Utc, format_time, parse_window
from twbot.cli.ui.watching import go_on, interval_of
from twbot.lambdas.x.post_ids import is_id

if TYPE_CHECKING:
    from twbot.cli.operations.traces.records import Span, Trace

# The columns of a terminal on which each row has its note beside it, and on which bars are longer.
MIN_BESIDE, WIDE = 72, 100
WIDTH, NARROW = 24, 10
# Characters of the post's text: X takes up to 25,000.
MAX_TEXT = 300
COLUMNS = ("at", "what", "took", Column("", drawn=True), Column("note", gives_way=True))
STYLES = {"event": "bold", "delivery": "", "step": "dim", "alert": "yellow", "log": "yellow"}
# States that only lead to others.
NO_WORK = {"Choice", "Pass", "Succeed", "Fail"}
SHOWN_AS_0_MS = 0.0005  # seconds
# What a post may still come out of.
OPEN = {"waiting", "no-reply"}

Steps = Annotated[
    bool | None,
    typer.Option(
        "--steps/--no-steps",
        help="Every step of the workflow, or none.",
        show_default="those that took time",
    ),
]


@targeted
def trace(
    target: Target,
    tweet_id: Annotated[str, typer.Argument(help="The post's id on X.", autocompletion=complete_posts)],
    steps: Steps = None,
    replay: Annotated[
        str | None, typer.Option("--replay", help="What this replay made of it, not its first life.", metavar="NAME")
    ] = None,
    since: Since = None,
    until: Until = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on showing it until the post has come to its end.")
    ] = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Follow one post from the webhook to the reply: its events, what each rule did with them, the workflow's steps,
    retries and alerts, and where it stopped and why.

    On AWS it looks at the day after the post was made, unless --since and --until say otherwise; events have their
    times in whole seconds there.

    Example: twbot trace 1585841080431321088

    Example: twbot trace 1585841080431321088 --watch
    """
    if not is_id(tweet_id):
        raise CliError(f"{tweet_id!r} is no post's id: those are digits.", code=Exit.USAGE)
    begin, end = parse_window(since, until)
    traces = traces_of(target)

    def look() -> Trace:
        found = traces.of(tweet_id, since=begin, until=end)
        if found is None:
            raise _not_found(target, tweet_id)
        return found if replay is None else _of_replay(found, replay, target)

    def show(found: Trace) -> None:
        _show(found, replay, steps=steps, utc=utc, option=target.option)

    if watch:
        go_on(look, show, lambda found: found, every=interval_of(target), json=json, ended=_has_ended)
    elif json:
        as_json(look())
    else:
        found = look()
        with paged():
            show(found)


def _has_ended(found: Trace) -> bool:
    return found.outcome not in OPEN


def _of_replay(found: Trace, replay: str, target: Target) -> Trace:
    """Return the trace with the spans of a replay only. Raises CliError."""
    import msgspec

    if replay in found.replays:
        return msgspec.structs.replace(found, moments=[each for each in found.moments if each.replay == replay])
    hint = f"There are: {', '.join(found.replays)}" if found.replays else f"See: twbot replay list{target.option}"
    raise CliError(f"The post {found.tweet_id} came by no replay {replay}.", hint=hint, code=Exit.NOT_FOUND)


def _not_found(target: Target, tweet_id: str) -> CliError:
    hint = f"Look at what came: twbot tail --since 1h{target.option}\nOr: twbot webhook check{target.option}"
    if not target.is_local:
        hint += f"\nA post that came long after it was made: twbot trace {tweet_id} --since 2h{target.option}"
    return CliError(f"The bot has heard nothing of the post {tweet_id}.", hint=hint, code=Exit.NOT_FOUND)


def _show(found: Trace, replay: str | None, *, steps: bool | None, utc: bool, option: str) -> None:
    from rich.text import Text

    # Where a post came by replays only, the first of them is its life.
    life = replay or next((each.replay for each in found.moments if each.replay is None), found.moments[0].replay)
    spans = [each for each in found.moments if each.replay == life and _is_shown(each, steps)]
    begin = _begin(spans)
    whole = (begin, max(begin, *(each.end for each in spans)))
    if not out.is_screen:
        about = [("post", f"{found.tweet_id} @{found.author}: {found.text}" if found.text else found.tweet_id)]
        ends = [*(("replay", name) for name in found.replays), ("outcome", f"{found.outcome}: {found.why}")]
        rows = [*(_cells(each, whole) for each in spans)]
        first, last = ([(None, what, None, None, note) for what, note in part] for part in (about, ends))
        table(COLUMNS, [*first, *rows, *last])
        return
    out.print(Text.assemble((f"Post {found.tweet_id}", "bold"), f"  {format_time(begin, utc=utc)}"))
    if found.text:
        out.print(Text(f"@{found.author}: {_clipped(found.text)}"))
    _print_spans(spans, whole)
    _print_other_lives(found, life, option)
    good = found.outcome in {"replied", "nothing-to-do"}
    out.print(Text.assemble((f"{found.outcome}: ", "bold green" if good else "bold red"), pasteable(found.why)))


def _begin(spans: list[Span]) -> float:
    """Return when a life began. A replayed event has the time of its original, long before what was done with it."""
    own = [each.start for each in spans if each.kind != "event" or each.replay is None]
    return min(own or [each.start for each in spans])


def _print_spans(spans: list[Span], whole: tuple[float, float]) -> None:
    styles = ["red" if each.error else STYLES[each.kind] for each in spans]
    if out.width < MIN_BESIDE:
        for each, style in zip(spans, styles, strict=True):
            _print_narrow(each, style)
        return
    width = WIDTH if out.width >= WIDE else NARROW
    table(COLUMNS, [_cells(each, whole, width) for each in spans], styles=styles)


def _print_narrow(each: Span, style: str) -> None:
    """Print how long it took before what it was, and its note below it."""
    from rich.text import Text

    took = _took(each)
    out.print(Text(f"{took.text if took else '':>7} {_name(each)}", style))
    if note := each.error or each.note:
        out.print(Text(clipped(f"{'':8}{note}", out.width), style))


def _print_other_lives(found: Trace, life: str | None, option: str) -> None:
    command = pasteable(f"twbot trace {found.tweet_id}")
    others = [name for name in found.replays if name != life]
    if life is not None:
        out.print(f"This is what the replay {life} made of it. The first life: {command}{option}", markup=False)
    elif others:
        times = "once" if len(others) == 1 else f"{count_text(len(others))} times"
        out.print(f"Replayed {times}:")
        for name in others:
            out.print(f"  {command} --replay {name}{option}", markup=False)


def _clipped(text: str) -> str:
    """Return the text as one line of at most MAX_TEXT characters; --json has all of it."""
    return clipped(" ".join(text.split()), MAX_TEXT)


def _is_shown(each: Span, steps: bool | None) -> bool:
    # Every event is logged and stored: a line only says something if that failed.
    if each.kind == "delivery" and each.name in {"log-every-event", "keep-every-event"}:
        return each.state != "done"
    if each.kind != "step" or steps is not None:
        return each.kind != "step" or bool(steps)
    went_well = each.error is None and each.attempts == 1
    return not (went_well and (each.type in NO_WORK or each.end - each.start < SHOWN_AS_0_MS))


def _cells(each: Span, whole: tuple[float, float], width: int = WIDTH) -> tuple[object, ...]:
    offset = max(0.0, each.start - whole[0])
    bar = span(max(each.start, whole[0]), max(each.end, whole[0]), whole=whole, width=width)
    at = Cell(round(offset, 3), f"+{duration_text(offset)}")
    return at, Cell(f"{each.name}{_tries(each)}", _name(each)), _took(each), bar, each.error or each.note


def _name(each: Span) -> str:
    """Return what it was, indented below what led to it, and how often it was tried."""
    depth = {"event": 0, "alert": 1, "delivery": 1, "log": 2, "step": 2 + each.name.count(".")}[each.kind]
    name = each.name if each.kind != "step" else each.name.rpartition(".")[2]
    return "  " * depth + name + _tries(each)


def _tries(each: Span) -> str:
    return f" ×{each.attempts}" if each.attempts > 1 else ""


def _took(each: Span) -> Cell | None:
    return None if each.kind in {"event", "alert", "log"} else duration_cell(each.end - each.start)
