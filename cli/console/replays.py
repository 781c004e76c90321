"""Replays: what one would deliver, counted first; then its start, how far it is, and its end."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console, Done
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.replays.port import replays_of
from twbot.cli.screens.replay import progress_text
from twbot.cli.screens.replay_request import fitted, replay_request
from twbot.cli.ui.times import EXAMPLES
from twbot.lambdas.folder.event_types import event_types
from twbot.lambdas.replays import ReplayRequest
from twbot.lambdas.wiring import rules

SHOWN = 50
GOES_ON = ("running", "cancelling")


class Wish(NamedTuple):
    """What somebody wants to have replayed, as they wrote it."""

    since: str = "1h"
    until: str = ""
    types: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    rate: str = ""
    with_replies: bool = False

    def request(self) -> ReplayRequest:
        """Return the request. Raises CliError."""
        times = (self.since, self.until or None)
        return replay_request(*times, [*self.types], [*self.rules], _rate(self.rate), self.with_replies)

    @property
    def words(self) -> list[str]:
        """The words of the command that does the same."""
        until = ["--until", self.until] if self.until else []
        types = [word for each in self.types for word in ("--type", each)]
        names = [word for each in self.rules for word in ("--to", each)]
        rate = ["--rate", self.rate] if self.rate else []
        return ["replay", "--since", self.since, *until, *types, *names, *rate, *_switch(self.with_replies)]


def routes(console: Console) -> list[Route]:
    def replays(request: Request) -> Response:
        found = replays_of(console.target).newest(SHOWN)
        return console.page(
            request,
            "replays.html",
            title="Replays",
            replays=found,
            go_on=any(each.state in GOES_ON for each in found),
            progress=progress_text,
            types=event_types(),
            rules=rules(),
            wish=_wish(request.query_params) if "since" in request.query_params else Wish(),
            examples=EXAMPLES,
        )

    def count(request: Request) -> Response:
        wish, source = _wish(request.query_params), replays_of(console.target)
        wanted = fitted(source, wish.request())
        return console.page(
            request,
            "replays_count.html",
            title="Replay",
            wish=wish,
            # What is counted is what is started: `2h` would be later by then.
            fixed=wish._replace(since=_exact(wanted.since), until=_exact(wanted.until)),
            wanted=wanted,
            counted=source.count(wanted),
            query=str(request.url.query),
        )

    def start(_: Request, form: FormData) -> Done:
        source, events = replays_of(console.target), str(form.get("events", ""))
        if not events.isdecimal():
            raise CliError("A replay is counted first.", code=Exit.USAGE)
        found = source.start(fitted(source, _wish(form).request()), int(events))
        return Done("/replays", f"{found.name} has begun.")

    def cancel(_: Request, form: FormData) -> Done:
        source, name = replays_of(console.target), str(form.get("name", ""))
        before = source.named(name)
        if before is None:
            hint = f"See which there were: {console.command('replay', 'list')}"
            raise CliError("There is no such replay.", hint=hint, code=Exit.NOT_FOUND)
        if before.state != "running":
            return Done("/replays", f"{before.name} is {before.state} already.")
        found = source.cancel(name) or before
        return Done("/replays", f"{found.name} is {found.state}. What it delivered stays delivered.")

    return [
        Route("/replays", replays),
        Route("/replays/count", count),
        Route("/replays/start", console.action(start), methods=["POST"]),
        Route("/replays/cancel", console.action(cancel), methods=["POST"]),
    ]


def _wish(fields: QueryParams | FormData) -> Wish:
    since, until, rate = (str(fields.get(name, "")).strip() for name in ("since", "until", "rate"))
    if not since:
        raise CliError("Since when?", hint=f"Write it as one of: {EXAMPLES}", code=Exit.USAGE)
    types, names = ([str(each) for each in fields.getlist(name)] for name in ("type", "to"))
    return Wish(since, until, (*types,), (*names,), rate, "with_replies" in fields)


def _rate(given: str) -> float | None:
    if not given:
        return None
    try:
        rate = float(given)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= 1000:
        raise CliError("At most so many events a second: from 0.1 to 1000.", code=Exit.USAGE)
    return rate


def _exact(when: datetime.datetime) -> str:
    return when.astimezone(datetime.UTC).isoformat()


def _switch(with_replies: bool) -> list[str]:
    return ["--with-replies"] if with_replies else []
