"""`twbot rules`: lists the event rules, tests an event against them, and draws the system."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.rules.matching import event_in, matches_of, types_taken
from twbot.cli.operations.rules.port import deployed_rules_of
from twbot.cli.operations.rules.records import DeployedRule
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, note, print_line, table
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.pager import paged
from twbot.lambdas.wiring import WEBHOOK_PUBLISHES, Rule, rules

app = typer.Typer(help="Which event goes where.", no_args_is_help=True)
SHOWN = ("service", "name", "pattern", "target")
# The states of a rule on AWS, as people read them.
STATES = {
    "enabled": "there, switched on",
    "disabled": "there, switched off",
    "missing": "missing",
    "other-pattern": "there, with another pattern",
    "not-declared": "not of the wiring",
}


@app.command("list")
@targeted
def list_rules(target: Target, json: AsJson = False) -> None:
    """The rules: the events that each takes, and where they go. On AWS also whether each is there as declared.

    Example: twbot rules list
    """
    source = deployed_rules_of(target)
    deployed = {each.name: each for each in source.deployed()} if source else None
    if json:
        as_json([*_documents(deployed)])
        return
    columns = ["rule", "takes", "of", "goes to"]
    rows = [[rule.name, _types(rule.pattern), rule.service, rule.target] for rule in rules()]
    patterns = {rule.name: rule.pattern for rule in rules()}
    if deployed is not None:
        strangers = [each for each in deployed.values() if not _declared(each.name)]
        patterns |= {each.name: each.pattern for each in strangers}
        rows += [[each.name, _types(each.pattern), "", ""] for each in strangers]
        columns.append(f"in {target.stage}")
        rows = [[*row, _state(deployed[row[0]])] for row in rows]
    rows = [[*row, _as_json(patterns[row[0]])] for row in rows]
    with paged():
        table([*columns, Column("pattern", gives_way=True, spare=True)], rows)
        note(f"The whole patterns: twbot rules list --json{target.option}")


def _types(pattern: object) -> str:
    # Mermaid ends a label at a quotation mark.
    return ", ".join(types_taken(pattern)).replace('"', "'") or "every event"


def _documents(deployed: dict[str, DeployedRule] | None) -> Iterator[dict[str, Any]]:
    for rule in rules():
        on_aws = deployed[rule.name] if deployed else None
        yield {name: getattr(rule, name) for name in SHOWN} | (
            {"state": on_aws.state, "deployed": on_aws.pattern} if on_aws else {}
        )
    for each in (deployed or {}).values():
        if not _declared(each.name):
            yield {"name": each.name, "state": each.state, "deployed": each.pattern}


def _declared(name: str) -> bool:
    return any(rule.name == name for rule in rules())


def _state(rule: DeployedRule) -> str:
    differs = f": {_as_json(rule.pattern)}" if rule.state == "other-pattern" else ""
    return STATES[rule.state] + differs


@app.command("test")
@targeted
def match(
    _: Target,
    event: Annotated[str, typer.Argument(help="A file with the event as JSON; - for stdin.", metavar="EVENT.json|-")],
    json: AsJson = False,
) -> None:
    """Which rules an event matches and, for the others, the first field that does not.

    By the wiring, which every stage shares.

    Example: twbot tail --json --limit 1 | twbot rules test -
    """
    found = _event(event)
    results = matches_of(found)
    if json:
        as_json([{"rule": each.rule.name, "matches": each.matches, "mismatch": each.document} for each in results])
        return
    rows = [(each.rule.name, "yes" if each.matches else "no", each.because) for each in results]
    table(["rule", "matches", Column("because", gives_way=True)], rows)


@app.command("diagram")
@targeted
def diagram(_: Target, json: AsJson = False) -> None:
    """The system as a Mermaid diagram, from the rules: of every stage the same. As JSON its nodes and edges.

    Example: twbot rules diagram > system.mmd
    """
    nodes, edges = _nodes(), list(_edges())
    if json:
        as_json({"nodes": nodes, "edges": edges})
        return
    for line in _mermaid(nodes, edges):
        print_line(line)


def _event(source: str) -> dict[str, Any]:
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise CliError(f"Cannot read {source}: {error.strerror}.", code=Exit.NOT_FOUND) from None
    return event_in(content, source)


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class Node(msgspec.Struct, frozen=True):
    """A part of the system."""

    id: str
    label: str
    service: str | None = None
    """The microservice that it belongs to; None: it stands alone."""


class Edge(msgspec.Struct, frozen=True, rename={"source": "from", "target": "to"}):
    """What goes from one part to another."""

    source: str
    target: str
    label: str


# Those that no rule names, as Mermaid draws them.
SHAPES = {"X": '(["X"])', "bus": '{{"event bus"}}', "ingress": '["ingress"]'}


def _nodes() -> list[Node]:
    """Return each part once: several rules may lead to one target."""
    alone = [Node("X", "X"), Node("ingress", "ingress"), Node("bus", "event bus")]
    return [*alone, *dict.fromkeys(Node(_node(rule), rule.target, rule.service) for rule in rules())]


def _edges() -> Iterator[Edge]:
    yield Edge("X", "ingress", "webhook")
    yield Edge("ingress", "bus", ", ".join(WEBHOOK_PUBLISHES))
    yield from (Edge("bus", _node(rule), f"{rule.name}: {_types(rule.pattern)}") for rule in rules())
    published: dict[str, list[str]] = {}
    for rule in rules():
        published.setdefault(_node(rule), []).extend(rule.publishes)
    yield from (Edge(node, "bus", ", ".join(dict.fromkeys(types))) for node, types in published.items() if types)
    yield Edge("egress_tweet_queue", "X", "reply")


def _mermaid(nodes: list[Node], edges: list[Edge]) -> Iterator[str]:
    yield "flowchart LR"
    yield from (f"  {name}{shape}" for name, shape in SHAPES.items())
    for service in dict.fromkeys(each.service for each in nodes if each.service):
        yield f'  subgraph {service}_service ["{service}"]'
        yield from (f'    {each.id}["{each.label}"]' for each in nodes if each.service == service)
        yield "  end"
    yield from (f'  {each.source} -->|"{each.label}"| {each.target}' for each in edges)


def _node(rule: Rule) -> str:
    return f"{rule.service}_{rule.target}".replace("-", "_")
