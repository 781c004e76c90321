"""`twbot rules`: lists the event rules, tests an event against them, and draws the system."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.rules.port import deployed_rules_of
from twbot.cli.operations.rules.records import DeployedRule
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, note, print_line, table
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.pager import paged
from twbot.lambdas.text_files import decode_text
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
    types = pattern.get("detail-type") if isinstance(pattern, dict) else None
    return ", ".join(map(_in_words, types)) if isinstance(types, list) else "every event"


def _in_words(matcher: object) -> str:
    """Return the types that a matcher takes: a type's name, TWITTER_* for a prefix, else the matcher itself."""
    if isinstance(matcher, dict) and isinstance(prefix := matcher.get("prefix"), str):
        return f"{prefix}*"
    # Mermaid ends a label at a quotation mark.
    return matcher if isinstance(matcher, str) else _as_json(matcher).replace('"', "'")


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
    results = [(rule, _mismatch(rule, found)) for rule in rules()]
    if json:
        as_json([{"rule": rule.name, "matches": why is None, "mismatch": why} for rule, why in results])
        return
    rows = [
        (rule.name, "no" if why else "yes", _reason(why) if why else f"goes to {rule.target}") for rule, why in results
    ]
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
    try:
        found = _from_entry(msgspec.json.decode(decode_text(content), type=dict[str, Any] | list[dict[str, Any]]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{source} is no event: {error}", hint=_HINT, code=Exit.USAGE) from None
    if missing := [field for field in ("source", "detail-type", "detail") if field not in found]:
        raise CliError(f"{source} is no event: it has no {missing[0]!r}.", hint=_HINT, code=Exit.USAGE)
    return found


def _from_entry(found: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
    """Return the event itself, also of an entry as `aws events put-events` takes it. Raises ValidationError.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    """
    entries = found.get("Entries", [found]) if isinstance(found, dict) else found
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise msgspec.ValidationError("it holds not one entry but others: give one at a time")
    (entry,) = entries
    if "DetailType" not in entry:
        return entry
    names = {"Source": "source", "DetailType": "detail-type", "Time": "time", "Resources": "resources"}
    event = {names[name]: value for name, value in entry.items() if name in names}
    detail = entry.get("Detail")
    if isinstance(detail, str):
        event["detail"] = msgspec.json.decode(detail, type=dict[str, Any])
    return event


_HINT = "See one: twbot tail --json --limit 1"


def _mismatch(rule: Rule, event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the first field that keeps a rule from matching, with its values; None if the rule matches."""
    from twbot.local.bus.patterns import compile_pattern

    mismatch = compile_pattern(rule.pattern).explain(event)
    return None if mismatch is None else mismatch._asdict()


def _reason(mismatch: dict[str, Any]) -> str:
    found = ", ".join(map(_as_json, mismatch["found"])) or "nothing"
    return f"{mismatch['field']} is {found}, not {' or '.join(map(_as_json, mismatch['wanted']))}"


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
