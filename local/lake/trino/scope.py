"""What a name in a statement means: a column of a relation, a field of a row, or a lambda's argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.nearest import near
from twbot.local.lake.trino.types import Type


class Typed(msgspec.Struct, frozen=True):
    """An expression in DuckDB's SQL with Trino's type of it."""

    sql: str
    type: Type
    text: str | None = None
    """The text of a literal varchar."""
    column: bool = False
    """Whether it is a column, and so no literal whose type may follow its surroundings."""


class Relation(msgspec.Struct):
    """A table of FROM, under the alias that the translated statement gives it."""

    name: str
    """Its name or alias in lower case; "" where it has none."""
    alias: str
    columns: dict[str, Type]
    """Type of each column, by name in lower case."""


class Scope:
    """The names that an expression may use. Those of the query around it come after its own."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.relations: list[Relation] = []
        self.variables: dict[str, Typed] = {}
        self.merged: set[str] = set()
        """Columns of USING, which stand for those of both sides."""

    def find(self, parts: Sequence[str]) -> Typed:
        """Return the column or field of a dotted name. Raises BadSql where there is none, or more than one."""
        scope: Scope | None = self
        while scope is not None:
            if (found := scope._own(parts)) is not None:
                return found
            scope = scope.outer
        raise BadSql(f"Column {'.'.join(parts)!r} cannot be resolved.{self._like(parts[-1])}")

    def _own(self, parts: Sequence[str]) -> Typed | None:
        if (variable := self.variables.get(parts[0].lower())) is not None:
            return field_of(variable, parts[1:])
        for qualified in (True, False):
            rest = parts[1:] if qualified else parts
            found = [
                Typed(f'{each.alias}."{_quoted(rest[0])}"', each.columns[rest[0].lower()], column=True)
                for each in self.relations
                if rest and rest[0].lower() in each.columns and (not qualified or each.name == parts[0].lower())
            ]
            if len(found) > 1 and not (not qualified and rest[0].lower() in self.merged):
                raise BadSql(f"Column {'.'.join(parts)!r} is ambiguous: name its table.")
            if found:
                return field_of(found[0], rest[1:])
        return None

    def _like(self, name: str) -> str:
        known = {column for each in self.relations for column in each.columns}
        return did_you_mean(name, known)


def field_of(value: Typed, names: Sequence[str]) -> Typed:
    """Return the field of a row, through several of them."""
    for name in names:
        if value.type.name != "row":
            # Such as the answers of own steps, which are JSON in one column.
            json = f" Where it is JSON: json_extract_scalar(…, '$.{name}')" if value.type.name == "varchar" else ""
            raise BadSql(f"{name!r} is no field: a value of type {value.type.name} has none.{json}")
        fields = [each.lower() for each in value.type.fields]
        if name.lower() not in fields:
            raise BadSql(f"There is no field {name!r}.{did_you_mean(name, value.type.fields)}")
        kind = value.type.of[fields.index(name.lower())]
        value = Typed(f"struct_extract({value.sql}, '{name.replace(chr(39), chr(39) * 2)}')", kind, column=True)
    return value


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" with the names that are like it, or ""."""
    found = near(name, filter(None, known), count=3, cutoff=0.5)
    return f" Did you mean {' or '.join(chr(34) + each + chr(34) for each in found)}?" if found else ""


def _quoted(name: str) -> str:
    return name.replace('"', '""')
