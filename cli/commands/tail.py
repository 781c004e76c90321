"""`twbot tail`: prints the events on the bus as they arrive."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from twbot.cli.operations.events.filters import EventFilter
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.target import Target
from twbot.cli.screens.event_lines import author_of, in_words, post_of
from twbot.cli.ui.completion import Types, complete_authors, known_types
from twbot.cli.ui.console import as_json_line, out, print_values, say
from twbot.cli.ui.options import AsJson, Limit, targeted
from twbot.cli.ui.times import Days, Since, Utc, clock_text, parse_time, time_cell
from twbot.lambdas.x.post_ids import tweet_of

if TYPE_CHECKING:
    from twbot.lambdas.contracts import Event

# The columns of a terminal that has room for an event, its post and some words side by side.
MIN_BESIDE = 72
TYPE_WIDTH, ID_WIDTH = 16, 19
STYLES = {
    "TWEET_SENT": "green",
    "TWEET_FAILED": "red",
    "TWEET_WITHHELD": "yellow",
    "ANALYSIS_FAILED": "red",
    "MESSAGE_RECEIVED": "cyan",
}


@targeted
def tail(
    target: Target,
    types: Types = None,
    author: Annotated[
        str | None,
        typer.Option(
            "--author", help="Only this person's messages, and what was made of them.", autocompletion=complete_authors
        ),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only events that hold this text.")] = None,
    since: Since = None,
    limit: Limit = None,
    wide: Annotated[bool, typer.Option("--wide", help="Whole lines: the terminal breaks them.")] = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Watch the bus: one line an event, as it comes, until Ctrl-C. Leaves nothing behind.

    Example: twbot tail --type MESSAGE_RECEIVED --author alice

    Example: twbot tail --since 1h --wide

    Example: twbot tail --json --since 10m --limit 5
    """
    begin = parse_time(since) if since is not None else None
    chosen = set(known_types(types))
    wanted = EventFilter(types=frozenset(chosen), author=author or "", text=text or "")
    found = live_events_of(target).events(since=begin, types=chosen)
    if not json:
        say("Listening; Ctrl-C stops …")
    try:
        show = as_json_line if json else _printer(utc, wide)
        for event in itertools.islice(filter(wanted.matches, found), limit):
            show(event)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _printer(utc: bool, wide: bool) -> Callable[[Event], None]:
    """Return a function that prints an event: a line for people, tab-separated values in a pipe."""
    if not out.is_screen:
        print_values("time", "event", "post", "author", "replay", "says")
        return lambda event: print_values(
            *(time_cell(event.time, utc=utc), event.detail_type, tweet_of(event)),
            *(event.detail.get("Author"), event.replay_name, in_words(event)),
        )
    days = Days(utc=utc)

    def show(event: Event) -> None:
        if day := days.changed(event.time):
            out.print(Text(day, "dim"))
        for line in _lines(event, utc):
            out.print(line if wide else _clipped(line))

    return show


def _lines(event: Event, utc: bool) -> list[Text]:
    """Return an event as a line, or as three where the terminal has no room for an id and words side by side."""
    name = (event.detail_type.ljust(TYPE_WIDTH), STYLES.get(event.detail_type, ""))
    start = Text.assemble((clock_text(event.time, utc=utc), "dim"), " ", name)
    replay = f" [replay {event.replay_name}]" if event.replay_name else ""
    about = " ".join(part for part in (author_of(event), in_words(event)) if part) + replay
    if out.width >= MIN_BESIDE:
        return [start + Text(f"  {post_of(event):<{ID_WIDTH}} {about}")]
    return [start, Text(f"  {post_of(event)}"), *([Text(f"  {about}")] if about else [])]


def _clipped(line: Text) -> Text:
    line.rstrip()
    line.truncate(out.width, overflow="ellipsis")
    return line
