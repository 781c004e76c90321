"""Checks the patterns of [[rules]] and [alerts]: that EventBridge takes them, and that something can match them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args, get_origin

import msgspec

from twbot.cli.check.findings import Findings
from twbot.cli.check.tables import Tables
from twbot.lambdas.contracts import DETAILS, RAW_TYPES, Analysis, Event, ImageAnalysis
from twbot.lambdas.folder.records import OwnRule, Pattern
from twbot.lambdas.nearest import did_you_mean
from twbot.lambdas.wiring import any_of, own_rule
from twbot.local.bus.patterns import OR, BadPattern, compile_pattern

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MAX_PATTERN = 2048
ENVELOPE = [field.encode_name for field in msgspec.structs.fields(Event)]
# Filled by the folder's own steps.
OWN = "Own"


def check_patterns(tables: Tables, published: Iterable[str], findings: Findings) -> None:
    """Check each pattern. `published`: the types of the bot's own events, as its code and events.toml name them."""
    check = _Patterns(tables, {*published}, findings)
    for number, rule in enumerate(tables.declared.rules):
        check.rule(number, rule)
    check.alerts()


class _Patterns:
    def __init__(self, tables: Tables, own_types: set[str], findings: Findings) -> None:
        self._tables, self._findings = tables, findings
        self._types = [*DETAILS, *RAW_TYPES, *sorted(own_types)]

    def rule(self, number: int, rule: OwnRule) -> None:
        place = ("rules", number, "when")
        if not rule.when:
            hint = 'For every message: when = { detail-type = ["MESSAGE_ANALYSED"] }'
            self._wrong(place, f"rules[{number}].when: the pattern is empty.", hint)
        elif self._compiles(rule.when, own_rule(rule).pattern, place):
            self._names(rule.when, place)

    def alerts(self) -> None:
        when = self._tables.declared.alerts.when
        fine = [self._alert(number, each) for number, each in enumerate(when)]
        if all(fine) and len(when) > 1:
            self._compiles(any_of(when), any_of(when), ("alerts", "when"))

    def _alert(self, number: int, pattern: Pattern) -> bool:
        place = ("alerts", "when", number)
        if pattern.get("detail-type", ["MESSAGE_ANALYSED"]) != ["MESSAGE_ANALYSED"]:
            hint = "Leave its detail-type out; for other events write a rule: [[rules]]"
            self._wrong((*place, "detail-type"), f"alerts.when[{number}] is about MESSAGE_ANALYSED.", hint)
            return False
        if not pattern:
            self._wrong(place, f"alerts.when[{number}]: the pattern is empty.", "Leave [alerts] out for negative posts")
            return False
        if fine := self._compiles(pattern, any_of([pattern]), place):
            self._names(pattern, place)
        return fine

    def _compiles(self, shown: Pattern, pattern: Pattern, place: tuple[str | int, ...]) -> bool:
        where = _dotted(place)
        try:
            if shown:  # first what people wrote: the whole pattern has places that they did not write
                compile_pattern(shown)
            compile_pattern(pattern)
        except BadPattern as error:
            path, _, says = str(error).partition(": ")
            self._wrong((*place, *path.split(".")), f"{where}.{path}: {says}")
            return False
        if (size := len(msgspec.json.encode(pattern))) > MAX_PATTERN:
            message = f"{where}: the pattern has {size:,} characters as JSON; EventBridge takes {MAX_PATTERN:,}."
            self._wrong(place, message, "Make two rules of it, or choose in the function")
            return False
        return True

    def _names(self, pattern: Pattern, place: tuple[str | int, ...]) -> None:
        """Check the names of fields and types, which EventBridge takes whatever they are."""
        for branch in _branches(pattern):
            types = branch.get("detail-type") or pattern.get("detail-type") or ["MESSAGE_ANALYSED"]
            for each in types:
                if isinstance(each, str) and each not in self._types:
                    self._unknown_type(each, place)
            for key in branch:
                if key not in ENVELOPE and key != OR:
                    near = did_you_mean(key, ENVELOPE)
                    hint = near or (
                        "Write it within detail = { … }" if key in _fields(DETAILS["MESSAGE_ANALYSED"]) else ""
                    )
                    self._wrong((*place, key), f"{_dotted(place)}: an event has no field `{key}`.", hint or None)
            if isinstance(detail := branch.get("detail"), Mapping):
                self._detail(detail, types, place)

    def _unknown_type(self, name: str, place: tuple[str | int, ...]) -> None:
        near = did_you_mean(name, self._types)
        says = f"{_dotted(place)}: nobody publishes events of the type {name}."
        if near:
            self._wrong((*place, "detail-type"), says, near)
        else:
            self._findings.warn(self._tables.path, self._tables.line(*place, "detail-type"), says)

    def _detail(self, detail: Mapping[str, Any], types: list[Any], place: tuple[str | int, ...]) -> None:
        if not all(isinstance(each, str) for each in types):
            return  # a pattern of types, of which X's may be
        events = (self._tables.events and self._tables.events.value) or {}
        if any(each in RAW_TYPES or (each not in DETAILS and each not in events) for each in types):
            return  # what these hold is X's, or not declared
        for branch in _branches(detail):
            records = [DETAILS[each] for each in types if each in DETAILS]
            own = {name for each in types for name in events.get(each, {})}
            for path in self._unknown(branch, records, own, ()):
                self._report(path, records, own, place)

    def _unknown(
        self, pattern: Mapping[str, Any], records: list[Any], own: set[str], path: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        fields = {name: kind for record in records for name, kind in _fields(record).items()}
        for key, value in pattern.items():
            if key == OR:
                for branch in value if isinstance(value, list) else []:
                    yield from self._unknown(branch, records, own, path)
            elif key == OWN and (Analysis in records or ImageAnalysis in records):
                yield from self._own(value, "text" if Analysis in records else "image", path)
            elif key not in fields and key not in own:
                yield (*path, key)
            elif isinstance(value, Mapping) and (inner := _record_in(fields.get(key))) is not None:
                yield from self._unknown(value, [inner], set(), (*path, key))

    def _own(self, value: object, of: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        steps = {each.name for each in self._tables.declared.steps if each.of == of}
        if isinstance(value, Mapping):
            yield from ((*path, OWN, key) for key in value if key not in steps and key != OR)

    def _report(self, path: tuple[str, ...], records: list[Any], own: set[str], place: tuple[str | int, ...]) -> None:
        *parents, key = path
        known: list[str] = [*own]
        if parents[-1:] == [OWN]:
            known = [each.name for each in self._tables.declared.steps]
        else:
            within = records
            for parent in parents:
                inner = [_record_in(_fields(record).get(parent)) for record in within]
                within = [each for each in inner if each is not None]
            known += [name for record in within for name in _fields(record)]
        hint = did_you_mean(key, known) or (f"There are {', '.join(dict.fromkeys(known))}" if known else None)
        says = f"{_dotted(place)}: no event of these types has the field detail.{'.'.join(path)}."
        self._findings.warn(self._tables.path, self._tables.line(*place, "detail", *path), says, hint)

    def _wrong(self, place: tuple[str | int, ...], says: str, hint: str | None = None) -> None:
        self._findings.wrong(self._tables.path, self._tables.line(*place), says, hint)


def _branches(pattern: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the pattern, and the alternatives of its `$or`."""
    yield pattern
    for each in pattern.get(OR, []):
        if isinstance(each, Mapping):
            yield from _branches(each)


def _fields(record: Any) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(record)}


def _record_in(kind: Any) -> Any:
    """Return the record within a type, such as that of a list's items; None where there is none."""
    if isinstance(kind, type) and get_origin(kind) is None:
        return kind if issubclass(kind, msgspec.Struct) else None
    return next((found for each in get_args(kind) if (found := _record_in(each)) is not None), None)


def _dotted(place: tuple[str | int, ...]) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in place).removeprefix(".")
