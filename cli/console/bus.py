"""The bus: the newest events, live, filtered; and one event with what the rules make of it."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.live import chosen_by, line_of
from twbot.cli.console.pages import Console
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.events.filters import EventFilter
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.ui.times import parse_time
from twbot.lambdas.folder.event_types import event_types
from twbot.lambdas.x.post_ids import tweet_of

SHOWN = 200


def routes(console: Console) -> list[Route]:
    def bus(request: Request) -> Response:
        chosen = chosen_by(request.query_params)
        events = live_events_of(console.target).recent(SHOWN, chosen)
        return console.page(
            request,
            "bus.html",
            title="Bus",
            lines=[line_of(each) for each in events],
            chosen=chosen,
            types=sorted({*event_types(), *chosen.types}),
            words=_command(chosen),
            query=urlencode({name: value for name, value in request.query_params.items() if value}),
            limit=SHOWN,
        )

    def event(request: Request) -> Response:
        event_id = request.path_params["event_id"]
        at = parse_time(request.query_params.get("at", "now"))
        found = live_events_of(console.target).event(event_id, at)
        if found is None:
            hint = f"Look at what came: {console.command('tail', '--since', '1h')}"
            raise CliError("There is no such event.", hint=hint, code=Exit.NOT_FOUND)
        return console.page(request, "event.html", title=found.detail_type, event=found, post=tweet_of(found))

    return [Route("/bus", bus), Route("/bus/{event_id}", event)]


def _command(chosen: EventFilter) -> list[str]:
    """Return the words of the command that shows the same events."""
    types = [word for each in sorted(chosen.types) for word in ("--type", each)]
    author = ["--author", chosen.author] if chosen.author else []
    return ["tail", *types, *author, *(["--text", chosen.text] if chosen.text else [])]
