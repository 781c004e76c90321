"""`twbot tail`: prints the events on the bus as they arrive."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.operations.events.filters import EventFilter
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import Types, complete_authors, known_types
from twbot.cli.ui.console import as_json_line, out, say
from twbot.cli.ui.options import AsJson, Limit, targeted
from twbot.cli.ui.times import Since, Utc, format_time, parse_time

if TYPE_CHECKING:
    from twbot.lambdas.contracts import Event

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
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Watch the bus: one line an event, as it comes, until Ctrl-C. Leaves nothing behind.

    Example: twbot tail --type MESSAGE_RECEIVED --author alice

    Example: twbot tail --json --since 10m --limit 5
    """
    begin = parse_time(since) if since is not None else None
    chosen = set(known_types(types))
    wanted = EventFilter(types=frozenset(chosen), author=author or "", text=text or "")
    found = live_events_of(target).events(since=begin, types=chosen)
    if not json:
        say("Listening; Ctrl-C stops …")
    try:
        for event in itertools.islice(filter(wanted.matches, found), limit):
            as_json_line(event) if json else _show(event, utc)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _show(event: Event, utc: bool) -> None:
    from rich.text import Text

    from twbot.lambdas.x.post_ids import tweet_of

    text = _text(event)
    author = f"@{event.detail['Author']} " if "Author" in event.detail else ""
    replay = f"  [replay {event.replay_name}]" if event.replay_name else ""
    name = Text(f"{event.detail_type:<20}", STYLES.get(event.detail_type, ""))
    line = Text.assemble(f"{format_time(event.time, utc=utc)}  ", name, f"  {tweet_of(event) or '-':<20} ", author)
    out.print(line + Text(" ".join(text.split()) + replay), soft_wrap=True)


def _text(event: Event) -> str:
    """Return the words of an event of ours, the whole detail of an own one."""
    import msgspec

    from twbot.lambdas.folder.event_types import OURS

    if event.detail_type not in OURS:
        return msgspec.json.encode(event.detail).decode()
    return str(event.detail.get("Text") or event.detail.get("Explanation") or event.detail.get("Cause") or "")
