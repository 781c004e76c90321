"""EventBridge's event patterns: compiled once; a faulty pattern is refused, a mismatch is explained.

Matching follows EventBridge (https://github.com/aws/event-ruler):

- Only leaves count: an empty array or object is the same as no field.
- One matching value of an event's array is enough.
- The fields that a pattern names below an array of objects must match within the same object.
- {"exists": false} matches when no leaf of that path is anywhere in the event.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from twbot.lambdas.errors import TwbotError
from twbot.local.bus.pattern_operators import KEYWORDS, Absent, BadTest, Test, compile_test

OR = "$or"
MAX_COMBINATIONS = 1000  # of $or in a pattern, EventBridge's own limit


class BadPattern(TwbotError):
    """A pattern that EventBridge would refuse. The message begins with the path of the fault."""


class Mismatch(NamedTuple):
    """The first field because of which an event does not match."""

    field: str
    """Its path, such as `detail.Analysis.TextSentiment`."""
    wanted: list[Any]
    """The pattern's values and operators for the field."""
    found: list[Any]
    """The event's values, empty where it has none."""

    def __str__(self) -> str:
        return f"{self.field} wants {self.wanted}, the event has {self.found or 'nothing'}"


class _Field(NamedTuple):
    """The condition on one field: a leaf passes one of `tests`, or, where `may_be_absent`, there is no leaf."""

    path: tuple[str, ...]
    tests: tuple[Test, ...]
    may_be_absent: bool
    wanted: list[Any]
    """The pattern's array, for explanations."""

    def accepts(self, value: object) -> bool:
        return any(test(leaf) for leaf in _leaves(value) for test in self.tests)


class _Node:
    """The conditions within one object: its fields by key, and the nodes of its inner objects by key."""

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
        """Return whether the value matches. `absent`: the ids (`id()`) of fields that may be absent and are."""
        # A tree rather than a list of paths: the fields below an array of objects must match within one of its objects.
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
    """Fields that must all match. A pattern is one conjunction or, with `$or`, several."""

    def __init__(self, fields: list[_Field]) -> None:
        self.fields = fields
        self.root = _Node()
        for field in fields:
            self.root.add(field.path, field)
        self.optional = [field for field in fields if field.may_be_absent]
        self._required = [(key, field) for key, field in self.root.fields if not field.may_be_absent]

    def holds(self, event: Mapping[str, Any]) -> bool:
        # Most events fail here, by their type. To find out which fields are absent takes several times as long.
        if not all(key in event and field.accepts(event[key]) for key, field in self._required):
            return False
        return self.root.holds(event, self._absent(event))

    def _absent(self, event: Mapping[str, Any]) -> frozenset[int]:
        return frozenset(id(field) for field in self.optional if not any(_values(event, field.path)))

    def first_mismatch(self, event: Mapping[str, Any]) -> tuple[int, Mismatch]:
        """Return the first field that does not match, with its index.

        Each field may match alone while no single object of an array matches them all: then it is the first field that
        fails together with those before it.
        """
        for number, field in enumerate(self.fields):
            if not _Conjunction([field]).holds(event):
                return number, _mismatch(field, event)
        count = next(n for n in range(1, len(self.fields) + 1) if not _Conjunction(self.fields[:n]).holds(event))
        return count - 1, _mismatch(self.fields[count - 1], event)


class CompiledPattern:
    """A predicate on an event's JSON object. Threads may share it."""

    def __init__(self, pattern: Mapping[str, Any]) -> None:
        self._alternatives = [_Conjunction(fields) for fields in _alternatives(pattern, ())]

    def __call__(self, event: Mapping[str, Any]) -> bool:
        return any(alternative.holds(event) for alternative in self._alternatives)

    def explain(self, event: Mapping[str, Any]) -> Mismatch | None:
        """Return the first mismatch of the alternative of `$or` that matches furthest, None where the event matches."""
        if self(event):
            return None
        return max((each.first_mismatch(event) for each in self._alternatives), key=lambda found: found[0])[1]


def compile_pattern(pattern: Mapping[str, Any]) -> CompiledPattern:
    """Compile a pattern. Raises BadPattern."""
    return CompiledPattern(pattern)


def _alternatives(pattern: object, path: tuple[str, ...]) -> list[list[_Field]]:
    """Expand `$or`: return alternatives, each a list of fields that must all match."""
    if not isinstance(pattern, Mapping) or not pattern:
        raise BadPattern(f"{_place(path)}: expected an object with at least one field")
    factors = [_alternatives_of(key, value, path) for key, value in pattern.items()]
    # Count before expanding: a small pattern with many $or would take all memory.
    count = 1
    for factor in factors:
        count *= len(factor)
    if count > MAX_COMBINATIONS:
        raise BadPattern(f"{_place(path)}: $or makes {count} combinations, EventBridge takes {MAX_COMBINATIONS}")
    return [list(itertools.chain(*chosen)) for chosen in itertools.product(*factors)]


def _alternatives_of(key: object, value: object, path: tuple[str, ...]) -> list[list[_Field]]:
    if not isinstance(key, str):
        raise BadPattern(f"{_place(path)}: a field's name must be a string")
    if key == OR:
        return _either(value, (*path, key))
    if isinstance(value, Mapping):
        return _alternatives(value, (*path, key))
    return [[_field((*path, key), value)]]


def _either(branches: object, path: tuple[str, ...]) -> list[list[_Field]]:
    if not isinstance(branches, list) or len(branches) < 2:
        raise BadPattern(f"{_place(path)}: expected an array of two or more objects")
    alternatives: list[list[_Field]] = []
    for number, alternative in enumerate(branches):
        if isinstance(alternative, Mapping) and (reserved := KEYWORDS.keys() & alternative.keys()):
            raise BadPattern(f"{_place(path)}[{number}]: {sorted(reserved)[0]!r} can't be a field's name within $or")
        # `$or[n]` stands in the path for error messages only; the event has no such level.
        inner = _alternatives(alternative, (*path[:-1], f"{OR}[{number}]"))
        depth = len(path) - 1
        alternatives += [[f._replace(path=f.path[:depth] + f.path[depth + 1 :]) for f in fields] for fields in inner]
    return alternatives


def _field(path: tuple[str, ...], values: object) -> _Field:
    if not isinstance(values, list) or not values:
        raise BadPattern(f"{_place(path)}: expected an array of one or more values, or an object")
    tests: list[Test] = []
    may_be_absent = False
    for number, value in enumerate(values):
        try:
            test = compile_test(value)
        except BadTest as error:
            raise BadPattern(f"{_place(path)}[{number}]{error.where}: {error.what}") from None
        if isinstance(test, Absent):
            may_be_absent = True
        else:
            tests.append(test)
    return _Field(path, tuple(tests), may_be_absent, values)


def _place(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the pattern"


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not isinstance(value, dict):
        yield value


def _values(value: object, path: tuple[str, ...]) -> Iterator[tuple[object]]:
    """Yield every leaf at `path` as a tuple of one, which is true even for a leaf that is null or false."""
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
