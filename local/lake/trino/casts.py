"""CAST, as Trino does it: texts are read more strictly than by DuckDB, doubles are written in Java's notation.

https://trino.io/docs/current/functions/conversion.html
"""

from __future__ import annotations

import msgspec

from twbot.lambdas.analytics.results import BadSql
from twbot.local.lake.trino.scope import Typed
from twbot.local.lake.trino.types import INTEGERS, MIXED, Type, duckdb_name

# What Trino reads as such a value, in RE2's syntax. A time with "T" or "Z" is none: from_iso8601_timestamp() reads it.
_FLOATING = r"\s*([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?Infinity|NaN)\s*"
_DAY = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,12})?)?"
READABLE = {
    **dict.fromkeys(INTEGERS, r"[+-]?[0-9]+"),
    "double": _FLOATING,
    "real": _FLOATING,
    "decimal": r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*",
    "boolean": r"(?i)t|true|1|f|false|0",
    "date": rf"\s*{_DAY}\s*",
    "timestamp": rf"\s*{_DAY}( {_CLOCK})?\s*",
    "timestamp with time zone": rf"\s*{_DAY}( {_CLOCK})?( ?(UTC|Z|[+-]00:00))?\s*",
}
_NUMBERS = (*INTEGERS, "double", "real", "decimal")


def cast(value: Typed, to: Type) -> Typed:
    """Return the value as another type. Raises BadSql where Trino has no such cast, or it is not translated."""
    source = value.type
    if source == to or source.name == "unknown":
        return Typed(f"CAST({value.sql} AS {duckdb_name(to)})", to)
    sql = _cast(value, to)
    if sql is None:
        raise BadSql(f"Cannot cast {source.name} to {to.name} on this machine.")
    return Typed(sql, to)


def wall_clock(value: Typed) -> str:
    """Return the value as DuckDB's TIMESTAMP or DATE: what the clock shows in its time zone."""
    if value.type.name != "timestamp with time zone":
        return value.sql
    if value.type.zone == MIXED:
        raise BadSql("Times of several time zones are not translated on this machine: use AT TIME ZONE.")
    return f"({value.sql} AT TIME ZONE '{value.type.zone}')"


def as_text(value: Typed) -> str:
    """Return the value as text, as Trino casts it."""
    digits = value.type.size[0] if value.type.size else 3
    match value.type.name:
        case "varchar" | "json":
            return value.sql if value.type.name == "varchar" else f"json_extract_string({value.sql}, '$')"
        case "double" | "real":
            return f"athena_double_text({value.sql})"
        case "timestamp":
            return f"athena_timestamp_text({value.sql}, {digits})"
        case "timestamp with time zone":
            return f"(athena_timestamp_text({wall_clock(value)}, {digits}) || ' {value.type.zone}')"
        case "interval day to second":
            return f"athena_interval_text({value.sql})"
        case "interval year to month":
            return f"athena_months_text({value.sql})"
        case "boolean" | "date" | "decimal" | "tinyint" | "smallint" | "integer" | "bigint":
            return f"CAST({value.sql} AS VARCHAR)"
    raise BadSql(f"Cannot cast {value.type.name} to varchar on this machine.")


def _cast(value: Typed, to: Type) -> str | None:
    source, name = value.type.name, duckdb_name(to)
    if to.name == "varchar":
        text = as_text(value)
        return f"left({text}, {to.size[0]})" if to.size and source == "varchar" else text
    if source == "varchar" and to.name in READABLE:
        read = f"athena_castable({value.sql}, '{READABLE[to.name]}', '{to.name}')"
        if to.name == "timestamp with time zone":
            read = f"regexp_replace({read}, ' ?(UTC|Z)\\s*$', '+00')"
        return f"CAST({read} AS {name})"
    if source == "json" and to.name in (*_NUMBERS, "boolean"):
        return f"CAST(json_extract_string({value.sql}, '$') AS {name})"
    if to.name == "json":
        return f"to_json({value.sql})" if _is_plain(value.type) else None
    if source in _NUMBERS and to.name in _NUMBERS:
        # DuckDB rounds a half to the even number, Trino away from zero.
        rounded = to.name in INTEGERS and source in ("double", "real", "decimal")
        return f"CAST({f'round({value.sql})' if rounded else value.sql} AS {name})"
    if "boolean" in (source, to.name) and {source, to.name} <= {"boolean", *_NUMBERS}:
        return f"CAST({value.sql} AS {name})"
    return _cast_time(value, to) or _cast_nested(value, to)


def _cast_time(value: Typed, to: Type) -> str | None:
    times = ("date", "timestamp", "timestamp with time zone")
    if value.type.name not in times or to.name not in times:
        return None
    if to.name == "timestamp with time zone":
        return value.sql if value.type.name == to.name else f"(CAST({value.sql} AS TIMESTAMP) AT TIME ZONE 'UTC')"
    return f"CAST({wall_clock(value)} AS {duckdb_name(to)})"


def _cast_nested(value: Typed, to: Type) -> str | None:
    if value.type.name != to.name or len(value.type.of) != len(to.of):
        return None
    if to.name == "array":
        item = cast(Typed("q", value.type.of[0]), to.of[0])
        return f"list_transform({value.sql}, lambda q: {item.sql})"
    if to.name == "row":
        # By position: DuckDB's own cast goes by the fields' names.
        parts = [
            (name, cast(Typed(_field(value, at), kind), wanted).sql)
            for at, (name, kind, wanted) in enumerate(zip(to.fields, value.type.of, to.of, strict=True))
        ]
        packed = ", ".join(f'"{name or f"field{at}"}" := {sql}' for at, (name, sql) in enumerate(parts))
        return f"CASE WHEN {value.sql} IS NOT NULL THEN struct_pack({packed}) END"
    return f"CAST({value.sql} AS {duckdb_name(to)})" if to.name == "map" else None


def _field(value: Typed, at: int) -> str:
    name = value.type.fields[at]
    key = f"'{name}'" if name else str(at + 1)
    return f"struct_extract({value.sql}, {key})"


def _is_plain(kind: Type) -> bool:
    """Whether its JSON is the same in both: no row, whose names are in small letters in Athena, and no time."""
    return kind.name in ("varchar", "boolean", "bigint", "integer", "unknown") or (
        kind.name in ("array", "map") and all(map(_is_plain, kind.of))
    )


def coerce(value: Typed, to: Type) -> Typed:
    """Return the value as the type that it becomes beside another one; where DuckDB does the same, as it is."""
    if value.type == to or value.type.name == "unknown":
        return value
    if value.type.name in ("date", "timestamp") and to.name == "timestamp with time zone":
        return cast(value, to)
    if value.type.name == "date" and to.name == "timestamp":
        return Typed(f"CAST({value.sql} AS TIMESTAMP)", to)
    if to.name == "double" and value.type.name != "double":
        return Typed(f"CAST({value.sql} AS DOUBLE)", to)
    return msgspec.structs.replace(value, type=to)
