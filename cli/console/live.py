"""The stream of the bus's events to a window: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from twbot.cli.console.feed import Gap
from twbot.cli.console.pages import Console
from twbot.cli.operations.events.filters import EventFilter
from twbot.cli.screens.event_lines import author_of, in_words
from twbot.lambdas.contracts import Event
from twbot.lambdas.x.post_ids import tweet_of

# A browser notices by this that a connection is dead, and so does a proxy.
KEEP_ALIVE_SECONDS = 15.0
MAX_TEXT = 200


def routes(console: Console) -> list[Route]:
    async def live(request: Request) -> Response:
        chosen = chosen_by(request.query_params)
        return StreamingResponse(_lines(console, chosen), media_type="text/event-stream")

    return [Route("/live", live)]


def chosen_by(query: Mapping[str, str]) -> EventFilter:
    """Return the filter that the fields type, author and text of a query describe."""
    kind, author, text = (query.get(name, "").strip()[:MAX_TEXT] for name in ("type", "author", "text"))
    return EventFilter(types=frozenset([kind.upper()] if kind else []), author=author, text=text)


async def _lines(console: Console, chosen: EventFilter) -> AsyncIterator[bytes]:
    with console.feed.watch() as watcher:
        # The browser then loads what came between the page and this stream.
        yield _signal(Gap.LOST)
        async for event in watcher.events(KEEP_ALIVE_SECONDS):
            if isinstance(event, Gap):
                yield _signal(event)
            else:
                yield b"data: " + msgspec.json.encode(_message(console, event, chosen)) + b"\n\n"


def _signal(gap: Gap) -> bytes:
    return f"event: {gap.value}\ndata: {{}}\n\n".encode()


def _message(console: Console, event: Event, chosen: EventFilter) -> dict[str, Any]:
    listed = chosen.matches(event)
    return {
        "type": event.detail_type,
        "line": console.render("bus_line.html", line=line_of(event)) if listed else None,
    }


class Line(NamedTuple):
    """What a window shows of an event in a line."""

    event: Event
    words: str
    post: str | None
    author: str

    @property
    def key(self) -> str:
        """What tells the event from others, and a replayed one from its first delivery."""
        return f"{self.event.id}{self.event.replay_name or ''}"


def line_of(event: Event) -> Line:
    """Return what a window shows of an event, as `twbot tail` does."""
    return Line(event, in_words(event)[:MAX_TEXT], tweet_of(event), author_of(event))
