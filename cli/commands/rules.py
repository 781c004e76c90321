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
def diagram(_: Target) -> None:
    """The system as a Mermaid diagram, from the rules: of every stage the same.

    Example: twbot rules diagram > system.mmd
    """
    for line in _mermaid():
        print_line(line)


def _event(source: str) -> dict[str, Any]:
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise CliError(f"Cannot read {source}: {error.strerror}.", code=Exit.NOT_FOUND) from None
    return event_in(content, source)


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _mermaid() -> Iterator[str]:
    yield "flowchart LR"
    yield '  X(["X"]) -->|webhook| ingress["ingress"]'
    yield '  bus{{"event bus"}}'
    by_service: dict[str, list[Rule]] = {}
    for rule in rules():
        by_service.setdefault(rule.service, []).append(rule)
    for service, found in by_service.items():
        yield f'  subgraph {service}_service ["{service}"]'
        yield from (f'    {_node(rule)}["{rule.target}"]' for rule in found)
        yield "  end"
        yield from (f'  bus -->|"{rule.name}: {_types(rule.pattern)}"| {_node(rule)}' for rule in found)
    yield f'  ingress -->|"{", ".join(WEBHOOK_PUBLISHES)}"| bus'
    yield from (f'  {_node(rule)} -->|"{", ".join(rule.publishes)}"| bus' for rule in rules() if rule.publishes)
    yield "  egress_tweet_queue -->|reply| X"


def _node(rule: Rule) -> str:
    return f"{rule.service}_{rule.target}".replace("-", "_")
