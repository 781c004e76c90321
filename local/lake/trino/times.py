"""Dates and times of Trino: units, formats of MySQL and of Joda, time zones.

https://trino.io/docs/current/functions/datetime.html
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence

import msgspec

from twbot.lambdas.analytics.results import BadSql
from twbot.local.lake.trino.casts import cast, wall_clock
from twbot.local.lake.trino.scope import Typed
from twbot.local.lake.trino.texts import quoted
from twbot.local.lake.trino.types import BIGINT, DATE, TEXT, TIMESTAMP, ZONED

_TIMES = ("date", "timestamp", "timestamp with time zone")
_DAYS = ("day", "week", "month", "quarter", "year")
UNITS = ("millisecond", "second", "minute", "hour", *_DAYS)
_MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I", "i": "%M",
    "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p", "S": "%S", "s": "%S",
    "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
_JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "y": "%-Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d",
    "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S",
    "SSS": "%g", "EEEE": "%A", "EEE": "%a", "E": "%a", "a": "%p", "DDD": "%j", "ww": "%V", "xxxx": "%G", "e": "%u",
}  # fmt: skip
_STEP = {
    "millisecond": ("to_milliseconds", 1), "second": ("to_seconds", 1), "minute": ("to_minutes", 1),
    "hour": ("to_hours", 1), "day": ("to_days", 1), "week": ("to_days", 7), "month": ("to_months", 1),
    "quarter": ("to_months", 3), "year": ("to_months", 12),
}  # fmt: skip


def _time(value: Typed, function: str) -> Typed:
    if value.type.name not in _TIMES:
        raise BadSql(
            f"{function}() takes a date or a timestamp, not a {value.type.name}: CAST it, or from_iso8601_timestamp()."
        )
    return value


def unit(value: Typed, of: Typed, function: str) -> str:
    """Return the unit's name. Raises BadSql for one that Trino does not know, or not for a date."""
    name = (value.text or "").lower()
    if name not in (_DAYS if of.type.name == "date" else UNITS):
        raise BadSql(f"{function}(): {value.text or 'the unit'!r} is not a valid {of.type.name} field.")
    return name


def _back(wall: str, like: Typed) -> str:
    """Return a wall-clock time as the type that it came from."""
    if like.type.name == "timestamp with time zone":
        return f"({wall} AT TIME ZONE '{like.type.zone}')"
    return f"CAST({wall} AS DATE)" if like.type.name == "date" else wall


def date_trunc(args: Sequence[Typed]) -> Typed:
    """Return date_trunc(unit, x)."""
    name, value = unit(args[0], _time(args[1], "date_trunc"), "date_trunc"), args[1]
    return Typed(_back(f"date_trunc('{name}', {wall_clock(value)})", value), value.type)


def date_add(args: Sequence[Typed]) -> Typed:
    """Return date_add(unit, n, x)."""
    value = _time(args[2], "date_add")
    step, times = _STEP[unit(args[0], value, "date_add")]
    amount = args[1].sql if step == "to_milliseconds" else f"CAST({args[1].sql} AS INTEGER)"
    moved = f"({wall_clock(value)} + {step}({amount}{f' * {times}' if times > 1 else ''}))"
    return Typed(_back(moved, value), value.type)


def date_diff(args: Sequence[Typed]) -> Typed:
    """Return date_diff(unit, a, b): the number of whole units between them."""
    one, other = _time(args[1], "date_diff"), _time(args[2], "date_diff")
    if one.type.name != other.type.name:
        kind = TIMESTAMP if "timestamp with time zone" not in (one.type.name, other.type.name) else ZONED
        one, other = (each if each.type.name == kind.name else cast(each, kind) for each in (one, other))
    name = unit(args[0], one, "date_diff")
    return Typed(f"datesub('{name}', {wall_clock(one)}, {wall_clock(other)})", BIGINT)


def mysql_format(value: Typed, function: str) -> str:
    """Return a format of date_format() for DuckDB's strftime."""
    if value.text is None:
        raise BadSql(f"{function}() is translated on this machine only where its format is a plain text.")

    def one(found: re.Match[str]) -> str:
        if found[1] not in _MYSQL:
            raise BadSql(f"%{found[1]} of {function}() is not translated on this machine.")
        return _MYSQL[found[1]]

    return re.sub(r"%(.?)", one, value.text)


def date_format(args: Sequence[Typed]) -> Typed:
    """Return date_format(x, format)."""
    value = _time(args[0], "date_format")
    wall = wall_clock(value) if value.type.name != "date" else f"CAST({value.sql} AS TIMESTAMP)"
    return Typed(f"strftime({wall}, {quoted(mysql_format(args[1], 'date_format'))})", TEXT)


def date_parse(args: Sequence[Typed]) -> Typed:
    """Return date_parse(text, format)."""
    if args[0].type.name not in ("varchar", "unknown"):
        raise BadSql("date_parse() takes a text.")
    # "%-d" is for writing only.
    written = mysql_format(args[1], "date_parse").replace("%-", "%")
    return Typed(f"strptime({args[0].sql}, {quoted(written)})", TIMESTAMP)


def format_datetime(args: Sequence[Typed]) -> Typed:
    """Return format_datetime(x, format), whose formats are Joda's."""
    if args[1].text is None:
        raise BadSql("format_datetime() is translated on this machine only where its format is a plain text.")
    value, written = _time(args[0], "format_datetime"), ""
    for found in re.finditer(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", args[1].text, re.DOTALL):
        if found[2] is None:
            plain = found[4] if found[1] is None else found[1].replace("''", "'") or "'"
            written += plain.replace("%", "%%")
        elif found[2] in _JODA:
            written += _JODA[found[2]]
        else:
            raise BadSql(f"{found[2]} of format_datetime() is not translated on this machine.")
    return Typed(f"strftime(CAST({wall_clock(value)} AS TIMESTAMP), {quoted(written)})", TEXT)


def to_iso8601(args: Sequence[Typed]) -> Typed:
    """Return to_iso8601(x)."""
    value = _time(args[0], "to_iso8601")
    if value.type.name == "date":
        return Typed(f"CAST({value.sql} AS VARCHAR)", TEXT)
    text = f"athena_iso_text({wall_clock(value)}, {value.type.size[0]})"
    if value.type.name == "timestamp":
        return Typed(text, TEXT)
    if value.type.zone != "UTC":
        raise BadSql("to_iso8601() of another time zone than UTC is not translated on this machine.")
    return Typed(f"({text} || 'Z')", TEXT)


def from_iso8601_timestamp(args: Sequence[Typed]) -> Typed:
    """Return from_iso8601_timestamp(text). The offset of a literal is kept; others have to be UTC's."""
    offset = re.search(r"T.*?([+-]\d\d:\d\d)$", args[0].text or "")
    if offset and offset[1] not in ("+00:00", "-00:00"):
        zoned = f"CAST({args[0].sql} AS TIMESTAMPTZ)"
        return Typed(zoned, msgspec.structs.replace(ZONED, zone=fixed_zone(offset[1])))
    return Typed(f"date_trunc('millisecond', athena_iso_timestamp({args[0].sql}))", ZONED)


def fixed_zone(offset: str) -> str:
    """Return the zone of an offset, +01:00. Raises BadSql for a part of an hour."""
    # POSIX counts west of Greenwich: Etc/GMT-1 is an hour ahead. https://en.wikipedia.org/wiki/Tz_database#Area
    if not offset.endswith(":00"):
        raise BadSql(f"The offset {offset} is not translated on this machine.")
    return f"Etc/GMT{'-' if offset[0] == '+' else '+'}{int(offset[1:3])}"


def zone_name(value: Typed) -> str:
    """Return the name of a time zone. Raises BadSql where it is no plain text, or unknown."""
    if value.text is None:
        raise BadSql("A time zone is translated on this machine only where it is a plain text.")
    try:
        zoneinfo.ZoneInfo(value.text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise BadSql(f"{value.text!r} is not a time zone.") from None
    return value.text


def at_time_zone(value: Typed, zone: Typed) -> Typed:
    """Return `x AT TIME ZONE zone`: the same moment on another clock."""
    moment = _time(value, "AT TIME ZONE")
    if moment.type.name == "date":
        raise BadSql("AT TIME ZONE takes a timestamp: cast the date.")
    moment = moment if moment.type.name == ZONED.name else cast(moment, ZONED)
    return Typed(moment.sql, msgspec.structs.replace(moment.type, zone=zone_name(zone)))


def with_timezone(value: Typed, zone: Typed) -> Typed:
    """Return with_timezone(x, zone): the moment at which a clock there shows x."""
    if value.type.name != "timestamp":
        raise BadSql("with_timezone() takes a timestamp without a time zone.")
    name = zone_name(zone)
    return Typed(f"({value.sql} AT TIME ZONE '{name}')", msgspec.structs.replace(ZONED, zone=name))


def date(value: Typed) -> Typed:
    """Return date(x): CAST(x AS date)."""
    return cast(value, DATE)
