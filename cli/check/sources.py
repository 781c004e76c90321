"""Reads the Python files of bot/ without running them: which events they publish, and which secrets they read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twbot.cli.check.findings import Findings
from twbot.cli.check.tables import Tables
from twbot.lambdas.analytics.table import columns_with
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.event_types import MAX_DECLARED, is_own_type
from twbot.lambdas.folder.records import EventFields
from twbot.lambdas.folder.toml_file import Parsed
from twbot.lambdas.text_files import decode_text

NAMES = "A type is capitals, digits and underscores, 64 at most, and none of twbot's own"


class Publication(NamedTuple):
    """A call of bot.publish with a type that stands in the code."""

    type: str
    fields: list[str] | None
    """The names of its detail; None where the code does not say."""
    path: Path
    line: int


class SecretRead(NamedTuple):
    """A call of bot.secret with a name that stands in the code."""

    name: str
    path: Path
    line: int


class Sources(NamedTuple):
    """What the code of a bot's folder says."""

    publications: list[Publication]
    secrets: list[SecretRead]

    def of(self, run: str, folder: Path) -> Sources:
        """Return what the module of a function says."""
        module = folder / Path(*run.partition(":")[0].split("."))
        paths = (module.with_suffix(".py"), module / "__init__.py")
        return Sources(
            [each for each in self.publications if each.path in paths],
            [each for each in self.secrets if each.path in paths],
        )


def read_sources(folder: Path) -> Sources:
    """Return what the code says. A file with a syntax error says nothing; its import tells of that."""
    found = Sources([], [])
    for path in sorted((folder / "bot").rglob("*.py")):
        try:
            tree = ast.parse(decode_text(path.read_bytes()))
        except (OSError, ValueError, SyntaxError):
            continue
        for call in _calls(tree):
            name = _text(call.args[0] if call.args else _keyword(call, "type"))
            if name is None or not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr == "publish":
                detail = call.args[1] if len(call.args) > 1 else _keyword(call, "detail")
                found.publications.append(Publication(name, _keys(detail), path, call.lineno))
            elif call.func.attr == "secret":
                found.secrets.append(SecretRead(name, path, call.lineno))
    return found


def functions_in(path: Path) -> list[str]:
    """Return the names of the functions of a file; none where it can't be parsed."""
    try:
        tree = ast.parse(decode_text(path.read_bytes()))
    except (OSError, ValueError, SyntaxError):
        return []
    return [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]


def check_publications(sources: Sources, tables: Tables, findings: Findings) -> None:
    """Check bot/events.toml, and what is published against it, where it is there."""
    events = tables.events.value if tables.events else None
    for each in sources.publications:
        if not is_own_type(each.type):
            says = f"bot.publish refuses {each.type}: it is twbot's own, or no type."
            findings.wrong(each.path, each.line, says, NAMES)
        elif events is not None and each.type not in events:
            says = f"bot/events.toml has no fields of {each.type}: they are not checked, and no columns in SQL."
            findings.warn(each.path, each.line, says, f"Add a table [{each.type}] to bot/events.toml")
        elif events is not None and (more := [key for key in each.fields or [] if key not in events[each.type]]):
            says = f"{each.type} has no field {more[0]} in bot/events.toml: bot.publish refuses it."
            findings.wrong(each.path, each.line, says, f"There are {', '.join(events[each.type])}")
    if tables.events and events:
        _check_events(tables.events, events, tables, findings)


def _check_events(parsed: Parsed[EventFields], events: EventFields, tables: Tables, findings: Findings) -> None:
    path = tables.events_path
    for name in events:
        if not is_own_type(name):
            findings.wrong(path, parsed.line(name), f"{name} is no type of an own event.", NAMES)
    if len(events) > MAX_DECLARED:
        findings.wrong(path, None, f"{len(events)} types are declared; {MAX_DECLARED} can be counted.")
    fields: EventFields = {}
    for name, declared in events.items():
        for field, kind in declared.items():
            fields.setdefault(name, {})[field] = kind
            try:
                columns_with(fields, tables.declared.steps)
            except TwbotError as error:
                says = str(error).removeprefix("bot/events.toml: ")
                findings.wrong(path, parsed.line(name, field), says, error.hint)
                del fields[name][field]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _keys(node: ast.expr | None) -> list[str] | None:
    if not isinstance(node, ast.Dict):
        return None
    return [key for each in node.keys if (key := _text(each)) is not None]
