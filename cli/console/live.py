"""The stream of the bus's events to a window: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from twbot.cli.console.pages import Console
from twbot.cli.ui.times import format_time
from twbot.lambdas.contracts import Event
from twbot.lambdas.plain_text import one_line
from twbot.lambdas.x.post_ids import tweet_of

# A browser notices by this that a connection is dead, and so does a proxy.
KEEP_ALIVE_SECONDS = 15.0
MAX_TEXT = 200


def routes(console: Console) -> list[Route]:
    async def live(_: Request) -> Response:
        return StreamingResponse(_lines(console), media_type="text/event-stream")

    return [Route("/live", live)]


async def _lines(console: Console) -> AsyncIterator[bytes]:
    with console.feed.watch() as watcher:
        # The browser then loads what came between the page and this stream.
        yield b"event: reload\ndata: {}\n\n"
        async for event in watcher.events(KEEP_ALIVE_SECONDS):
            if event is None:
                yield b"event: reload\ndata: {}\n\n"
            else:
                yield b"data: " + msgspec.json.encode(shown(event)) + b"\n\n"


def shown(event: Event) -> dict[str, Any]:
    """Return what a window shows of an event in one line."""
    detail = event.detail
    words = detail.get("Text") or detail.get("Explanation") or detail.get("Cause") or ""
    return {
        "id": event.id,
        "type": event.detail_type,
        "time": format_time(event.time)[11:],
        "post": tweet_of(event),
        "author": one_line(str(detail.get("Author") or "")),
        "text": one_line(str(words))[:MAX_TEXT],
        "replay": event.replay_name,
    }
