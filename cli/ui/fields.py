"""--fields: which fields of an answer's records are shown, wherever an answer can be JSON."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from typer.core import TyperOption

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.nearest import did_you_mean
from twbot.lambdas.plain_text import one_line

MAX_SAID = 40  # fields that an error lists
_MISSING = object()


class Chosen(NamedTuple):
    """What was chosen."""

    names: list[str]
    as_json: bool = False
    """Whether --json was typed, too; else each record is a line, its values with tabs between them."""


chosen: contextvars.ContextVar[Chosen | None] = contextvars.ContextVar("chosen", default=None)


def fields_option() -> TyperOption:
    """Return the option, which cli/lazy_group.py gives to each command that has --json."""
    return TyperOption(
        param_decls=["--fields"],
        metavar="NAME,…",
        help="Only these fields, a record a line, tabs between them; or as JSON with --json. Nested: detail.Text.",
        is_eager=True,  # before --json, which it implies
        expose_value=False,
        callback=_choose,
        type=str,
    )


def _choose(_context: Any, _parameter: Any, given: str | None) -> None:
    if given is None:
        return
    names = [each.strip() for each in given.split(",")]
    if not all(all(name.split(".")) for name in names):
        message = f"{given!r} is no list of fields."
        raise CliError(message, hint="Write them with commas between: --fields id,detail.Text", code=Exit.USAGE)
    chosen.set(Chosen(names))


def is_json(typed: bool) -> bool:
    """Return whether a command answers as for programs: --fields implies it."""
    if (found := chosen.get()) is not None:
        chosen.set(found._replace(as_json=typed))
        return True
    return typed


class Selection(NamedTuple):
    """The chosen fields of an answer."""

    records: list[dict[str, Any]]
    """By the names that were typed; None for a field that a record lacks."""
    is_list: bool
    """Whether the answer has any number of records."""
    unknown: CliError | None
    """The error for a field that no record has."""


def selection(document: Any, names: Sequence[str], *, of_stream: bool = False) -> Selection:
    """Return the chosen fields of the records of an answer.

    Where all names lead into one list of records, its records are those of the answer. `of_stream`: records follow that
    may have what this one lacks below its own fields.
    """
    records, is_list = _records(document, names)
    rows = [{name: _at(record, name.split(".")) for name in names} for record in records]
    missing = [name for name in names if rows and all(row[name] is _MISSING for row in rows)]
    if of_stream:
        missing = [name for name in missing if name.partition(".")[0] not in document]
    unknown = _unknown(missing[0], records) if missing else None
    known = [{name: None if value is _MISSING else value for name, value in row.items()} for row in rows]
    # What has no known field at all says nothing.
    return Selection(known if len(missing) < len(names) else [], is_list, unknown)


def as_line(record: dict[str, Any]) -> str:
    """Return a record's values as one harmless line, with tabs between them."""
    return "\t".join(map(_cell, record.values()))


def _records(document: Any, names: Sequence[str]) -> tuple[list[Any], bool]:
    if isinstance(document, list):
        return document, True
    first = {name.partition(".")[0] for name in names}
    if len(first) == 1 and all("." in name for name in names) and isinstance(document, dict):
        (name,) = first
        if isinstance(within := document.get(name), list):
            return [{name: each} for each in within], True
    return [document], False


def _at(value: Any, parts: Sequence[str]) -> Any:
    """Return what is at a place; of a list what each item has there."""
    if not parts:
        return value
    if isinstance(value, list):
        found = [each for item in value if (each := _at(item, parts)) is not _MISSING]
        return found if found or not value else _MISSING
    if not isinstance(value, dict) or parts[0] not in value:
        return None if value is None else _MISSING
    return _at(value[parts[0]], parts[1:])


def _unknown(name: str, records: Sequence[Any]) -> CliError:
    known = list(dict.fromkeys(each for record in records for each in _names(record)))
    more = ", …" if len(known) > MAX_SAID else ""
    hint = did_you_mean(name, known) or f"There are: {', '.join(known[:MAX_SAID])}{more}"
    return CliError(f"There is no field {name}.", hint=hint, code=Exit.USAGE)


def _names(value: Any, before: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield f"{before}{key}"
            yield from _names(each, f"{before}{key}.")
    elif isinstance(value, list):
        for each in value:
            yield from _names(each, before)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return one_line(value if isinstance(value, str) else msgspec.json.encode(value).decode())
