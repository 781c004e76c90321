"""EventBridge's event patterns: compiled once, refused with the place of the fault, explained where an event misses.

An event matches as EventBridge has it: only leaves count (so an empty array or object is not there), one of an array's
values is enough, and what a pattern asks below an array of objects has to hold within the same object. `exists: false`
asks that no leaf of that name is anywhere in the event. https://github.com/aws/event-ruler
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from twbot.lambdas.errors import TwbotError
from twbot.local.bus.pattern_operators import KEYWORDS, Absent, BadTest, Test, compile_test

OR = "$or"
MAX_COMBINATIONS = 1000  # of $or, EventBridge's own limit


class BadPattern(TwbotError):
    """A pattern that EventBridge would refuse; the text begins with the place of the fault."""


class Mismatch(NamedTuple):
    """The first field that keeps an event from matching: what the pattern wants there, and the event's values."""

    field: str
    wanted: list[Any]
    found: list[Any]

    def __str__(self) -> str:
        return f"{self.field} wants {self.wanted}, the event has {self.found or 'nothing'}"


class _Field(NamedTuple):
    """What one field must be: one of `tests`, or, where `may_be_absent`, not there at all."""

    path: tuple[str, ...]
    tests: tuple[Test, ...]
    may_be_absent: bool
    wanted: list[Any]

    def accepts(self, value: object) -> bool:
        return any(test(leaf) for leaf in _leaves(value) for test in self.tests)


class _Node:
    """What must hold within one object: fields by key, and objects further down by key."""

    __slots__ = ("children", "fields", "optional")

    def __init__(self) -> None:
        self.fields: list[tuple[str, _Field]] = []
        self.children: dict[str, _Node] = {}
        self.optional = True

    def add(self, path: tuple[str, ...], field: _Field) -> None:
        self.optional = self.optional and field.may_be_absent
        if len(path) == 1:
            self.fields.append((path[0], field))
        else:
            self.children.setdefault(path[0], _Node()).add(path[1:], field)

    def holds(self, value: object, absent: frozenset[int]) -> bool:
        """`absent` has the fields, by identity, that may be absent and are."""
        if isinstance(value, list):
            return any(self.holds(item, absent) for item in value) or (self.optional and self._waived(absent))
        if not isinstance(value, dict):
            return self.optional and self._waived(absent)
        for key, field in self.fields:
            if not (key in value and field.accepts(value[key])) and id(field) not in absent:
                return False
        return all(node.holds(value.get(key), absent) for key, node in self.children.items())

    def _waived(self, absent: frozenset[int]) -> bool:
        return all(id(field) in absent for _, field in self.fields) and all(
            node._waived(absent) for node in self.children.values()
        )


class _Conjunction:
    """Fields that must all hold: a pattern is one or, with `$or`, several of them."""

    def __init__(self, fields: list[_Field]) -> None:
        self.fields = fields
        self.root = _Node()
        for field in fields:
            self.root.add(field.path, field)
        self.optional = [field for field in fields if field.may_be_absent]

    def holds(self, event: Mapping[str, Any]) -> bool:
        return self.root.holds(event, self._absent(event))

    def _absent(self, event: Mapping[str, Any]) -> frozenset[int]:
        return frozenset(id(field) for field in self.optional if not any(_values(event, field.path)))

    def first_mismatch(self, event: Mapping[str, Any]) -> tuple[int, Mismatch]:
        """The first field that doesn't hold, and its number. Where each does alone, they don't within one object."""
        for number, field in enumerate(self.fields):
            if not _Conjunction([field]).holds(event):
                return number, _mismatch(field, event)
        taken = next(n for n in range(1, len(self.fields) + 1) if not _Conjunction(self.fields[:n]).holds(event))
        return taken - 1, _mismatch(self.fields[taken - 1], event)


class CompiledPattern:
    """Call it with an event's JSON object. Safe to share between threads."""

    def __init__(self, pattern: Mapping[str, Any]) -> None:
        self._alternatives = [_Conjunction(fields) for fields in _alternatives(pattern, ())]

    def __call__(self, event: Mapping[str, Any]) -> bool:
        return any(alternative.holds(event) for alternative in self._alternatives)

    def explain(self, event: Mapping[str, Any]) -> Mismatch | None:
        """The first field that does not match (of the alternative that gets furthest), None where all do."""
        if self(event):
            return None
        return max((each.first_mismatch(event) for each in self._alternatives), key=lambda found: found[0])[1]


def compile_pattern(pattern: Mapping[str, Any]) -> CompiledPattern:
    """Raises BadPattern."""
    return CompiledPattern(pattern)


def _alternatives(pattern: object, path: tuple[str, ...]) -> list[list[_Field]]:
    """The pattern without `$or`: a list of alternatives, each the fields that must all hold."""
    if not isinstance(pattern, Mapping) or not pattern:
        raise BadPattern(f"{_place(path)}: expected an object with at least one field")
    factors = [_alternatives_of(key, wanted, path) for key, wanted in pattern.items()]
    count = 1
    for factor in factors:
        count *= len(factor)
    if count > MAX_COMBINATIONS:
        raise BadPattern(f"{_place(path)}: $or makes {count} combinations, EventBridge takes {MAX_COMBINATIONS}")
    return [list(itertools.chain(*chosen)) for chosen in itertools.product(*factors)]


def _alternatives_of(key: object, wanted: object, path: tuple[str, ...]) -> list[list[_Field]]:
    if not isinstance(key, str):
        raise BadPattern(f"{_place(path)}: a field's name must be a string")
    if key == OR:
        return _either(wanted, (*path, key))
    if isinstance(wanted, Mapping):
        return _alternatives(wanted, (*path, key))
    return [[_field((*path, key), wanted)]]


def _either(wanted: object, path: tuple[str, ...]) -> list[list[_Field]]:
    if not isinstance(wanted, list) or len(wanted) < 2:
        raise BadPattern(f"{_place(path)}: expected an array of two or more objects")
    found: list[list[_Field]] = []
    for number, alternative in enumerate(wanted):
        if isinstance(alternative, Mapping) and (reserved := KEYWORDS.keys() & alternative.keys()):
            raise BadPattern(f"{_place(path)}[{number}]: {sorted(reserved)[0]!r} can't be a field's name within $or")
        inner = _alternatives(alternative, (*path[:-1], f"{OR}[{number}]"))
        depth = len(path) - 1
        found += [[field._replace(path=field.path[:depth] + field.path[depth + 1 :]) for field in one] for one in inner]
    return found


def _field(path: tuple[str, ...], wanted: object) -> _Field:
    if not isinstance(wanted, list) or not wanted:
        raise BadPattern(f"{_place(path)}: expected an array of one or more values, or an object")
    tests: list[Test] = []
    may_be_absent = False
    for number, value in enumerate(wanted):
        try:
            test = compile_test(value)
        except BadTest as error:
            raise BadPattern(f"{_place(path)}[{number}]{error.where}: {error.what}") from None
        if isinstance(test, Absent):
            may_be_absent = True
        else:
            tests.append(test)
    return _Field(path, tuple(tests), may_be_absent, wanted)


def _place(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the pattern"


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not isinstance(value, dict):
        yield value


def _values(value: object, path: tuple[str, ...]) -> Iterator[tuple[object]]:
    """Every leaf at `path`, in a tuple of one so that the leaf may be null or false."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif path and isinstance(value, dict):
        if path[0] in value:
            yield from _values(value[path[0]], path[1:])
    elif not path and not isinstance(value, dict):
        yield (value,)


def _mismatch(field: _Field, event: Mapping[str, Any]) -> Mismatch:
    return Mismatch(_place(field.path), field.wanted, [leaf for (leaf,) in _values(event, field.path)])
