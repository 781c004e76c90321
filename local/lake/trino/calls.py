"""Calls of functions: picks the form that the arguments suit, and refuses by name what is not translated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.nearest import near
from twbot.local.lake.trino import texts, times
from twbot.local.lake.trino.casts import coerce, wall_clock
from twbot.local.lake.trino.functions import AGGREGATES, OWN, SCALARS, WITH_LAMBDAS, Returns
from twbot.local.lake.trino.scope import Typed
from twbot.local.lake.trino.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGERS,
    TEXT,
    Type,
    array,
    common,
    decimal,
    duckdb_name,
    is_number,
)

_TIMES = ("date", "timestamp", "timestamp with time zone")
KINDS: dict[str, Callable[[Type], bool]] = {
    "s": lambda kind: kind.name == "varchar",
    "p": lambda kind: kind.name == "varchar",
    "q": lambda kind: kind.name == "varchar",
    "i": lambda kind: kind.name in INTEGERS,
    "m": lambda kind: kind.name == "decimal",
    "n": is_number,
    "d": is_number,
    "b": lambda kind: kind.name == "boolean",
    "a": lambda kind: kind.name == "array",
    "M": lambda kind: kind.name == "map",
    "x": lambda kind: kind.name == "varbinary",
    "j": lambda kind: kind.name in ("varchar", "json"),
    "J": lambda kind: kind.name == "json",
    "t": lambda kind: kind.name in ("timestamp", "timestamp with time zone"),
    "w": lambda kind: kind.name in _TIMES,
    "c": lambda kind: kind.name in ("timestamp", "timestamp with time zone"),
    "v": lambda kind: kind.name == "interval day to second",
    "o": lambda kind: kind.name not in ("map", "json"),
    "y": lambda _: True,
    "k": lambda _: True,
    "*": lambda _: True,
}
"""The letters of `Function.takes`: s varchar, p a pattern, q a path of JSON, i an integer, m a decimal, n a number,
d a number that becomes a double, b boolean, a array, M map, x varbinary, j text or JSON, J JSON, t timestamp, w date or
timestamp on its clock, c timestamp on its clock, v interval, o what has an order, y an element, k a key, * anything."""
_PATH = r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\]|\[\"[^\"\\]*\"\])*"


def known_function(name: str) -> None:
    """Raise BadSql for a function that is not translated."""
    known = {*SCALARS, *AGGREGATES, *WITH_LAMBDAS, *OWN}
    if name not in known:
        found = near(name, known)
        hint = f" Did you mean {found[0]}()?" if found else ""
        raise BadSql(f"The function {name}() is not translated on this machine; Athena may know it.{hint}")


def scalar(name: str, args: Sequence[Typed]) -> Typed:
    """Return the call of a function of the table."""
    for form in SCALARS[name]:
        takes = form.takes
        if form.more and len(args) > len(takes):
            takes = (*takes, *takes[-1:] * (len(args) - len(takes)))
        if suits(args, takes):
            given = [argument(value, letter) for value, letter in zip(args, takes, strict=True)]
            _same_elements(args, takes, name)
            kind = returned(form.returns, [each.type for each in args])
            sql = form.sql.format(*[each.sql for each in given], all=", ".join(each.sql for each in given))
            # The type as Trino has it, wherever DuckDB's own would be another integer or decimal.
            if kind.name in (*INTEGERS, "decimal") and "CAST" not in sql[:4]:
                sql = f"CAST({sql} AS {duckdb_name(kind)})"
            return Typed(sql, kind)
    raise BadSql(wrong_arguments(name, args))


def suits(args: Sequence[Typed], takes: Sequence[str]) -> bool:
    """Whether the arguments are of these kinds."""
    pairs = zip(args, takes, strict=False)
    return len(args) == len(takes) and all(
        KINDS[letter](each.type) or each.type.name == "unknown" for each, letter in pairs
    )


def argument(value: Typed, letter: str) -> Typed:
    """Return the argument as DuckDB's expression takes it."""
    match letter:
        case "d":
            return coerce(value, DOUBLE)
        case "w" | "c":
            return Typed(wall_clock(value), value.type)
        case "p":
            return Typed(texts.quoted(texts.pattern(value)), value.type)
        case "q":
            return Typed(texts.quoted(_path(value)), value.type)
    return value


def _path(value: Typed) -> str:
    import re

    if value.text is None or not re.fullmatch(_PATH, value.text):
        raise BadSql('A path of JSON is translated on this machine only as plain text like $.a.b[0] or $["a b"].')
    return re.sub(r'\["([^"]*)"\]', r'."\1"', value.text)


def _same_elements(args: Sequence[Typed], takes: Sequence[str], name: str) -> None:
    """Raise BadSql where an element or key can't be one of the array or map, or two arrays don't mix."""
    if not args or not args[0].type.of or name == "map":
        return
    wanted = args[0].type.of[0]
    for value, letter in zip(args[1:], takes[1:], strict=True):
        kinds = value.type.of[:1] if letter == "a" else (value.type,) if letter in ("y", "k") else ()
        if any(common(wanted, kind) is None for kind in kinds):
            raise BadSql(wrong_arguments(name, args))


def returned(returns: Returns, kinds: Sequence[Type]) -> Type:
    """Return the type of a call's answer."""
    if isinstance(returns, int):
        kind = kinds[returns]
        return TEXT if kind.name == "varchar" else kind
    return returns if isinstance(returns, Type) else returns(kinds)


def wrong_arguments(name: str, args: Sequence[Typed]) -> str:
    """Say that a function takes no such arguments."""
    given = ", ".join(str(each.type) for each in args)
    return (
        f"{name}() does not take ({given}) on this machine: see its arguments in Trino's documentation, or CAST them."
    )


def common_type(values: Sequence[Typed], where: str) -> Type:
    """Return the type that the values have in common. Raises BadSql where there is none."""
    kind = values[0].type
    for value in values[1:]:
        merged = common(kind, value.type)
        if merged is None:
            raise BadSql(f"{where} mixes {kind} and {value.type}, which Athena refuses: CAST one of them.")
        kind = merged
    return kind


def united(values: Sequence[Typed], where: str) -> tuple[list[Typed], Type]:
    """Return the values as their common type."""
    kind = common_type(values, where)
    return [coerce(value, kind) for value in values], kind


def _concat(args: Sequence[Typed]) -> Typed:
    if len(args) < 2:
        raise BadSql("There must be two or more concatenation arguments.")
    return concatenated(args)


def concatenated(args: Sequence[Typed]) -> Typed:
    """Return `a || b …`: of texts, of arrays, or of an array and elements."""
    if not any(each.type.name == "array" for each in args):
        if bad := [each for each in args if each.type.name not in ("varchar", "unknown")]:
            raise BadSql(f"|| and concat() take texts, not a {bad[0].type}: CAST it AS varchar.")
        return Typed(f"({' || '.join(each.sql for each in args)})", TEXT)
    element = next(each.type.of[0] for each in args if each.type.name == "array")
    lists = [each if each.type.name == "array" else Typed(f"[{each.sql}]", array(each.type)) for each in args]
    kind = common_type([*lists, Typed("", array(element))], "||")
    return Typed(f"({' || '.join(each.sql for each in lists)})", kind)


def _extreme(name: str) -> Callable[[Sequence[Typed]], Typed]:
    def extreme(args: Sequence[Typed]) -> Typed:
        values, kind = united(args, f"{name}()")
        # Trino answers NULL where any argument is, DuckDB only where all are.
        absent = " OR ".join(f"{each.sql} IS NULL" for each in values)
        return Typed(f"CASE WHEN {absent} THEN NULL ELSE {name}({', '.join(each.sql for each in values)}) END", kind)

    return extreme


def _nullif(args: Sequence[Typed]) -> Typed:
    values, _ = united(_count("nullif", args, 2), "nullif()")
    return Typed(f"CASE WHEN {values[0].sql} = {values[1].sql} THEN NULL ELSE {args[0].sql} END", args[0].type)


def _coalesce(args: Sequence[Typed]) -> Typed:
    values, kind = united(args, "coalesce()")
    return Typed(f"coalesce({', '.join(each.sql for each in values)})", kind)


def _if(args: Sequence[Typed]) -> Typed:
    condition, *rest = _count("if", args, 2, 3)
    if condition.type.name not in ("boolean", "unknown"):
        raise BadSql(wrong_arguments("if", args))
    values, kind = united(rest, "if()")
    otherwise = values[1].sql if len(values) > 1 else "NULL"
    return Typed(f"CASE WHEN {condition.sql} THEN {values[0].sql} ELSE {otherwise} END", kind)


def _typeof(args: Sequence[Typed]) -> Typed:
    kind = _count("typeof", args, 1)[0].type
    if not kind.exact or any(not each.exact for each in kind.of):
        raise BadSql("typeof() of this text is not translated on this machine: its length is not known.")
    # The argument stays: an aggregate makes one row of many.
    return Typed(
        f"CASE WHEN {args[0].sql} IS NULL THEN {texts.quoted(str(kind))} ELSE {texts.quoted(str(kind))} END", TEXT
    )


def _row(args: Sequence[Typed]) -> Typed:
    return Typed(
        f"row({', '.join(each.sql for each in args)})",
        Type("row", tuple(each.type for each in args), ("",) * len(args)),
    )


def _regexp_extract(args: Sequence[Typed]) -> Typed:
    source, group = _regexp("regexp_extract", args)
    found = f"regexp_extract({args[0].sql}, {texts.quoted(source)}, {group})"
    if texts.absent_group(source, group):
        found = f"nullif({found}, '')"
    return Typed(f"CASE WHEN regexp_matches({args[0].sql}, {texts.quoted(source)}) THEN {found} END", TEXT)


def _regexp_extract_all(args: Sequence[Typed]) -> Typed:
    source, group = _regexp("regexp_extract_all", args)
    found = f"regexp_extract_all({args[0].sql}, {texts.quoted(source)}, {group})"
    if texts.absent_group(source, group):
        found = f"list_transform({found}, lambda q: nullif(q, ''))"
    return Typed(found, array(TEXT))


def _regexp(name: str, args: Sequence[Typed]) -> tuple[str, int]:
    if not (suits(args, ("s", "p")) or suits(args, ("s", "p", "i"))):
        raise BadSql(wrong_arguments(name, args))
    if len(args) > 2 and not args[2].sql.isdecimal():
        raise BadSql(f"{name}() is translated on this machine only where its group is a plain number.")
    return texts.pattern(args[1]), int(args[2].sql) if len(args) > 2 else 0


def _regexp_replace(args: Sequence[Typed]) -> Typed:
    if not (suits(args, ("s", "p")) or suits(args, ("s", "p", "s"))):
        raise BadSql(wrong_arguments("regexp_replace", args))
    source = texts.pattern(args[1])
    other = texts.replacement(args[2], source) if len(args) > 2 else ""
    return Typed(f"regexp_replace({args[0].sql}, {texts.quoted(source)}, {texts.quoted(other)}, 'g')", TEXT)


def _format(args: Sequence[Typed]) -> Typed:
    return Typed(texts.format_text(args[0], args[1:]), TEXT)


def _count(name: str, args: Sequence[Typed], *counts: int) -> Sequence[Typed]:
    if len(args) not in counts:
        raise BadSql(wrong_arguments(name, args))
    return args


def _counted(name: str, count: int, call: Callable[[Sequence[Typed]], Typed]) -> Callable[[Sequence[Typed]], Typed]:
    return lambda args: call(_count(name, args, count))


SPECIAL: dict[str, Callable[[Sequence[Typed]], Typed]] = {
    "concat": _concat,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "nullif": _nullif,
    "coalesce": _coalesce,
    "if": _if,
    "typeof": _typeof,
    "row": _row,
    "regexp_extract": _regexp_extract,
    "regexp_extract_all": _regexp_extract_all,
    "regexp_replace": _regexp_replace,
    "format": _format,
    "date": _counted("date", 1, lambda args: times.date(args[0])),
    "date_trunc": _counted("date_trunc", 2, times.date_trunc),
    "date_add": _counted("date_add", 3, times.date_add),
    "date_diff": _counted("date_diff", 3, times.date_diff),
    "date_format": _counted("date_format", 2, times.date_format),
    "date_parse": _counted("date_parse", 2, times.date_parse),
    "format_datetime": _counted("format_datetime", 2, times.format_datetime),
    "to_iso8601": _counted("to_iso8601", 1, times.to_iso8601),
    "from_iso8601_timestamp": _counted("from_iso8601_timestamp", 1, times.from_iso8601_timestamp),
    "at_timezone": _counted("at_timezone", 2, lambda args: times.at_time_zone(*args)),
    "with_timezone": _counted("with_timezone", 2, lambda args: times.with_timezone(*args)),
}


def arithmetic(sign: str, left: Typed, right: Typed) -> Typed:
    """Return `left sign right` of two numbers, as Trino calculates."""
    if not (is_number(left.type) and is_number(right.type)):
        raise BadSql(f"Cannot apply {sign} to {left.type} and {right.type}: CAST one of them.")
    kind = common(left.type, right.type) or DOUBLE
    if kind.name in ("double", "real"):
        return Typed(f"(CAST({left.sql} AS DOUBLE) {sign} CAST({right.sql} AS DOUBLE))", kind)
    if kind.name == "unknown":
        return Typed(f"({left.sql} {sign} {right.sql})", kind)
    if kind.name == "decimal":
        return _decimal_arithmetic(sign, left, right)
    # Integer division truncates; overflow and division by zero are DuckDB's errors, too.
    sql = f"({left.sql} {'//' if sign == '/' else sign} {right.sql})"
    return Typed(f"CAST({sql} AS {duckdb_name(kind)})", kind)


def _decimal_arithmetic(sign: str, left: Typed, right: Typed) -> Typed:
    # https://trino.io/docs/current/functions/decimal.html
    from twbot.local.lake.trino.types import as_decimal

    one, other = ((each if each.type.name != "unknown" else Typed(each.sql, BIGINT)) for each in (left, right))
    (p, s), (q, t) = as_decimal(one.type).size, as_decimal(other.type).size
    match sign:
        case "+" | "-":
            kind = decimal(1 + max(s, t) + max(p - s, q - t), max(s, t))
        case "*":
            kind = decimal(p + q, s + t)
        case "%":
            kind = decimal(min(p - s, q - t) + max(s, t), max(s, t))
        case _:
            return _decimal_division(one, other, decimal(p + t + max(0, t - s), max(s, t)))
    return Typed(f"CAST(({left.sql} {sign} {right.sql}) AS {duckdb_name(kind)})", kind)


def _decimal_division(left: Typed, right: Typed, kind: Type) -> Typed:
    """Divide exactly, rounded half up to the scale: DuckDB would answer with a double."""
    from twbot.local.lake.trino.types import as_decimal

    (_, s), (_, t), scale = as_decimal(left.type).size, as_decimal(right.type).size, kind.size[1]
    numerator = _unscaled(left, s, scale - s + t)
    quotient = f"athena_divide_exact({numerator}, {_unscaled(right, t, 0)})"
    fraction = f"CAST('{1 / 10**scale:.{scale}f}' AS DECIMAL({scale + 1}, {scale}))" if scale else "1"
    return Typed(f"CAST(CAST({quotient} AS DECIMAL({37 - scale}, 0)) * {fraction} AS {duckdb_name(kind)})", kind)


def _unscaled(value: Typed, scale: int, more: int) -> str:
    whole = f"CAST({value.sql} * {10**scale} AS HUGEINT)" if scale else f"CAST({value.sql} AS HUGEINT)"
    return f"({whole} * {10**more})" if more else whole


def logic(value: Typed, where: str) -> str:
    """Return the SQL of a condition. Raises BadSql where it is no boolean."""
    if value.type.name not in (BOOLEAN.name, "unknown"):
        raise BadSql(f"{where} takes a boolean, not a {value.type}.")
    return value.sql
