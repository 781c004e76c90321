"""Trino's types: their names, which of them mix, and the precision of decimals.

https://trino.io/docs/current/language/types.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.analytics.results import BadSql


class Type(msgspec.Struct, frozen=True):
    """A type of Trino."""

    name: str
    of: tuple[Type, ...] = ()
    """Of an array its element, of a map key and value, of a row its fields."""
    fields: tuple[str, ...] = ()
    """Names of a row's fields, in any case; "" where a field has none."""
    size: tuple[int, ...] = ()
    """Precision and scale of a decimal, length of a varchar, digits of a timestamp's fraction."""
    zone: str = "UTC"
    """Time zone of a timestamp with time zone. DuckDB's has none, so it has to be known from the SQL."""
    exact: bool = True
    """Whether `size` is known; no function but typeof() needs a varchar's."""

    def __str__(self) -> str:
        if self.name == "row":
            pairs = zip(self.fields, self.of, strict=True)
            return f"row({', '.join(f'{field.lower()} {kind}'.strip() for field, kind in pairs)})"
        inner = ", ".join(map(str, self.of or self.size))
        if self.name == "timestamp with time zone":
            return f"timestamp({inner or 3}) with time zone"
        return f"{self.name}({inner})" if inner else self.name


INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
UNKNOWN, BOOLEAN, VARCHAR, VARBINARY = Type("unknown"), Type("boolean"), Type("varchar"), Type("varbinary")
INTEGER, BIGINT, DOUBLE, REAL = Type("integer"), Type("bigint"), Type("double"), Type("real")
DATE, JSON = Type("date"), Type("json")
TIMESTAMP, ZONED = Type("timestamp", size=(3,)), Type("timestamp with time zone", size=(3,))
DAYS, MONTHS = Type("interval day to second"), Type("interval year to month")
TEXT = Type("varchar", exact=False)
MAX_DIGITS = 38
MIXED = "mixed"
"""The zone of times on several clocks: they can be compared, not shown."""


def array(of: Type) -> Type:
    """Return the type of an array."""
    return Type("array", (of,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of a map."""
    return Type("map", (key, value))


def decimal(precision: int, scale: int) -> Type:
    """Return a decimal type; the precision is at most 38."""
    if scale > MAX_DIGITS:
        raise BadSql(f"A decimal has at most {MAX_DIGITS} digits after the point: cast to double.")
    return Type("decimal", size=(max(1, min(MAX_DIGITS, precision)), scale))


def is_number(kind: Type) -> bool:
    return kind.name in INTEGERS or kind.name in ("decimal", "double", "real", "unknown")


def as_decimal(kind: Type) -> Type:
    """Return the decimal that an integer type becomes beside a decimal."""
    return kind if kind.name == "decimal" else decimal(_DIGITS[kind.name], 0)


def common(one: Type, other: Type) -> Type | None:
    """Return the type that both become where they meet, as in `one = other`; None where Trino has none."""
    if one.name == "unknown" or one == other:
        return other
    if other.name == "unknown":
        return one
    if is_number(one) and is_number(other):
        return _common_number(one, other)
    if one.name == other.name:
        return _common_nested(one, other)
    return _common_time(one, other)


def _common_number(one: Type, other: Type) -> Type:
    for name in ("double", "real"):
        if name in (one.name, other.name):
            return Type(name)
    if one.name in INTEGERS and other.name in INTEGERS:
        return Type(max(one.name, other.name, key=INTEGERS.index))
    (p, s), (q, t) = as_decimal(one).size, as_decimal(other).size
    return decimal(max(p - s, q - t) + max(s, t), max(s, t))


def _common_nested(one: Type, other: Type) -> Type | None:
    if one.name == "varchar":
        return Type("varchar", size=max(one.size, other.size) if one.size and other.size else (), exact=False)
    if one.name == "timestamp with time zone" and one.zone != other.zone:
        return msgspec.structs.replace(one, zone=MIXED)
    if len(one.of) != len(other.of):
        return None
    parts = [common(a, b) for a, b in zip(one.of, other.of, strict=True)]
    if any(part is None for part in parts):
        return None
    known = tuple(part for part in parts if part is not None)
    return msgspec.structs.replace(one, of=known, size=max(one.size, other.size))


def _common_time(one: Type, other: Type) -> Type | None:
    order = ("date", "timestamp", "timestamp with time zone")
    if one.name in order and other.name in order:
        return max(one, other, key=lambda kind: order.index(kind.name))
    return None


def duckdb_name(kind: Type) -> str:
    """Return the type's name in DuckDB."""
    inner = [duckdb_name(each) for each in kind.of]
    match kind.name:
        case "array":
            return f"{inner[0]}[]"
        case "map":
            return f"MAP({inner[0]}, {inner[1]})"
        case "row":
            names = [f'"{name or f"field{at}"}"' for at, name in enumerate(kind.fields)]
            return f"STRUCT({', '.join(f'{n} {t}' for n, t in zip(names, inner, strict=True))})"
        case "decimal":
            return f"DECIMAL({kind.size[0]}, {kind.size[1]})"
        case "varbinary":
            return "BLOB"
        case "timestamp with time zone":
            return "TIMESTAMPTZ"
        case "interval day to second" | "interval year to month":
            return "INTERVAL"
        case "unknown":
            return "INTEGER"
        case name:
            return name.upper()


_NAMES = {
    "TEXT": VARCHAR, "VARCHAR": VARCHAR, "BOOLEAN": BOOLEAN, "TINYINT": Type("tinyint"), "SMALLINT": Type("smallint"),
    "INT": INTEGER, "BIGINT": BIGINT, "DOUBLE": DOUBLE, "FLOAT": REAL, "DATE": DATE, "JSON": JSON,
    "VARBINARY": VARBINARY,
}  # fmt: skip


def read_type(node: Any) -> Type:
    """Return the type that sqlglot has parsed. Raises BadSql for one that is not translated."""
    name = node.this.name if hasattr(node.this, "name") else str(node.this)
    sizes = tuple(int(each.name) for each in node.expressions if type(each).__name__ == "DataTypeParam")
    match name:
        case "ARRAY" | "LIST":
            return array(read_type(node.expressions[0]))
        case "MAP":
            return map_of(*map(read_type, node.expressions))
        case "STRUCT":
            kinds = [
                (each.name, each.args["kind"]) if each.args.get("kind") else ("", each) for each in node.expressions
            ]
            return Type("row", tuple(read_type(kind) for _, kind in kinds), tuple(name for name, _ in kinds))
        case "DECIMAL":
            return decimal(*(*sizes, 0)[:2]) if sizes else decimal(MAX_DIGITS, 0)
        case "TIMESTAMP" | "TIMESTAMPTZ":
            kind = TIMESTAMP if name == "TIMESTAMP" else ZONED
            return msgspec.structs.replace(kind, size=sizes or (3,))
        case "VARCHAR" if sizes:
            return Type("varchar", size=sizes)
    if name not in _NAMES:
        raise BadSql(f"The type {node.sql('trino')} is not translated on this machine; Athena may know it.")
    return _NAMES[name]
