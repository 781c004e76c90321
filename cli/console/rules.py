"""The rules: as a map with counts, each with its pattern; and what they make of an event."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console, text_of
from twbot.cli.console.rule_map import EVERY, map_of, node_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.metrics.port import metrics_of
from twbot.cli.operations.metrics.records import dead_letters, window_between
from twbot.cli.operations.rules.matching import event_in, matches_of, types_taken
from twbot.cli.operations.rules.port import delivery_counts_of, deployed_rules_of
from twbot.cli.ui.times import parse_time
from twbot.lambdas.wiring import rules, services

HOUR, DAY, STEP = 3600, 24 * 3600, 60
MAX_EVENT = 1_000_000
# The states of a rule on AWS that are not as they should be, as people read them.
STATES = {
    "disabled": "switched off",
    "missing": "missing",
    "other-pattern": "there, with another pattern",
    "not-declared": "not of the wiring",
}


class Count(NamedTuple):
    """How often something happened."""

    hour: int = 0
    day: int = 0

    def __add__(self, other: object) -> Count:
        assert isinstance(other, Count)
        return Count(self.hour + other.hour, self.day + other.day)


class Counts(NamedTuple):
    """What is counted: events by type, and on AWS the dead letters of each microservice."""

    types: dict[str, Count]
    dead: dict[str, int]


def routes(console: Console) -> list[Route]:
    def page(request: Request) -> Response:
        counts = _counts(console)
        by_node: dict[str, Count] = {}
        for kind, count in counts.types.items():
            by_node[node_of(kind)] = by_node.get(node_of(kind), Count()) + count
        by_node[EVERY] = sum(counts.types.values(), Count())
        deployed = deployed_rules_of(console.target)
        states = {each.name: each for each in deployed.deployed()} if deployed else {}
        return console.page(
            request,
            "rules.html",
            title="Rules",
            map=map_of(rules(), {kind: count.day for kind, count in counts.types.items() if count.day}),
            counts=by_node,
            nothing=Count(),
            dead=counts.dead,
            deliveries={each.rule: each for each in delivery_counts_of(console.target) or ()},
            rules=rules(),
            taken=lambda rule: types_taken(rule.pattern),
            states=states,
            words=STATES,
            strangers=[each for each in states.values() if each.state == "not-declared"],
        )

    async def test(request: Request) -> Response:
        async with request.form() as form:
            given = text_of(form, "event") if request.method == "POST" else None
        return await run_sync(_tested, console, request, given)

    return [Route("/rules", page), Route("/rules/test", test, methods=["GET", "POST"])]


def _tested(console: Console, request: Request, given: str | None) -> Response:
    """Return the page that says what the rules make of an event: a given one, or the one that the address names."""
    query, problem, matches = request.query_params, "", None
    if given is None and "id" in query:
        found = live_events_of(console.target).event(query["id"], parse_time(query.get("at", "now")))
        given = msgspec.json.format(msgspec.json.encode(found), indent=2).decode() if found else ""
    if given:
        try:
            matches = matches_of(_event(given))
        except CliError as error:
            problem = str(error)
    status = 400 if problem else 200
    return console.page(
        request, "rules_test.html", status, title="Test an event", given=given or "", problem=problem, matches=matches
    )


def _event(given: str) -> dict[str, Any]:
    if len(given) > MAX_EVENT:
        raise CliError("That is more than an event holds.", code=Exit.USAGE)
    return event_in(given.encode("utf-8", "replace"), "This text")


def _counts(console: Console) -> Counts:
    source, now = metrics_of(console.target), time.time()
    # The metric of a type bears its name, which is in capitals.
    kinds = {each.name for each in source.all_metrics() if each.name.isupper()}
    of_services = {dead_letters(each): each for each in services()} if not console.target.is_local else {}
    over = window_between(now - DAY + STEP, now, STEP)
    found = {each.metric.name: each for each in source.series_of(over, kinds | of_services.keys())}
    types = {
        name: Count(round(sum(value or 0 for value in each.values[-HOUR // STEP :])), round(each.total or 0))
        for name, each in found.items()
        if name not in of_services
    }
    dead = {of_services[name]: round(each.values[-1] or 0) for name, each in found.items() if name in of_services}
    return Counts(types, dead)
