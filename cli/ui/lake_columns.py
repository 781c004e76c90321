"""The columns of the lake's table with all nested fields, for people who write SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from twbot.lambdas.analytics.columns import table_columns
from twbot.lambdas.analytics.table import PARTITION, PARTITION_FORMAT


class Column(msgspec.Struct, frozen=True):
    """A column, or a field within one."""

    name: str
    """Its path as SQL spells it; `[]` marks a list, which UNNEST opens."""
    type: str
    """Its type in Hive's words."""


def columns() -> list[Column]:
    """Return every column of the table, records expanded into their fields."""
    from sqlglot import exp

    types = ((_quoted(name), exp.DataType.build(hive, dialect="hive")) for name, hive in table_columns().items())
    found = [column for name, kind in types for column in _fields(name, kind)]
    return [*found, Column(PARTITION, f"string, {PARTITION_FORMAT} in UTC")]


def _fields(name: str, kind: Any) -> Iterator[Column]:
    if kind.is_type("struct"):
        for field in kind.expressions:
            yield from _fields(f"{name}.{field.name}", field.args["kind"])
    elif kind.is_type("array"):
        yield from _fields(f"{name}[]", kind.expressions[0])
    else:
        yield Column(name, kind.sql("hive").lower())


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'
