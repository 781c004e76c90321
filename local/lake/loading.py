"""Loads the lake's files into DuckDB's table, as Athena's OpenX SerDe reads them: names in any letter case.

What can't be read is left out and named: whole files that are damaged, lines that are no event or have no time.
https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from twbot.lambdas.analytics.columns import table_columns
from twbot.lambdas.analytics.table import EVENT_TIME, OWN, PARTITION, TABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FILES = "read_json_objects($files, format = 'newline_delimited', ignore_errors = true, compression = 'gzip'{more})"
_READ = _FILES.format(more="")
_READ_NAMED = _FILES.format(more=", filename = true")
_KEYS = r'"([A-Za-z0-9_-]+)"\s*:'
# An event has `id` and `own`, a celebrity has `Id`, an analysis `Own`.
_TWICE = ("id", OWN)
# Lines of one statement.
_BATCH = 5000


def readable_and_damaged(db: DuckDBPyConnection, files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files that can be read to the end, and those that can't. Files that are gone are in neither list."""
    import duckdb

    whole: list[Path] = []
    damaged: list[Path] = []
    for path in files:
        try:
            db.execute(f"SELECT count(*) FROM {_READ}", {"files": [str(path)]})  # noqa: S608
            whole.append(path)
        except duckdb.Error:
            damaged.append(path)
    return whole, [path for path in damaged if path.exists()]


def load(db: DuckDBPyConnection, files: Sequence[Path]) -> list[str]:
    """Create the table from the files, and say which files and lines were left out. A field of another type is null.

    Events that were written twice are loaded once; a replayed copy is an event of its own.
    """
    shape = {name: _json_shape(hive) for name, hive in table_columns().items()}
    db.execute(f'CREATE OR REPLACE TABLE "{TABLE}" ({_declared(shape)}, "{PARTITION}" VARCHAR)')
    if not files:
        return []
    db.execute(f"CREATE OR REPLACE TEMP TABLE lines (event STRUCT({_declared(shape)}), odd VARCHAR, file VARCHAR)")
    _read(db, files, shape)
    unreadable = [str(path) for (path,) in db.execute("SELECT DISTINCT file FROM lines WHERE event IS NULL").fetchall()]
    lost, damaged = _read_again(db, unreadable, shape)
    _respell(db, shape)
    db.execute(
        f"""
        INSERT INTO "{TABLE}"
        SELECT unnest(event), strftime(TRY_CAST(event.time AS TIMESTAMPTZ), '%Y/%m/%d/%H')
        FROM lines WHERE {_IS_EVENT}
        QUALIFY row_number() OVER (PARTITION BY event.id, event."replay-name") = 1
        """  # noqa: S608 - the names are ours
    )
    # One clock in the lake, as the transform function leaves it on AWS.
    db.execute(
        f"""UPDATE "{TABLE}" SET time = strftime(CAST(time AS TIMESTAMPTZ), '%Y-%m-%dT%H:%M:%S.%gZ')
        WHERE time NOT LIKE '%Z'"""  # noqa: S608
    )
    lost.update(dict(db.execute(f"SELECT file, count(*) FROM lines WHERE NOT ({_IS_EVENT}) GROUP BY file").fetchall()))  # noqa: S608
    db.execute("DROP TABLE lines")
    lines = [f"{path}: {count} {'line' if count == 1 else 'lines'}" for path, count in sorted(lost.items())]
    return [*damaged, *lines]


_IS_EVENT = (
    f"coalesce(event.id IS NOT NULL AND regexp_full_match(event.time, '{EVENT_TIME}')"
    " AND TRY_CAST(event.time AS TIMESTAMPTZ) IS NOT NULL, false)"
)


def _read(db: DuckDBPyConnection, files: Sequence[Path], shape: dict[str, Any]) -> None:
    """Read all files. A line whose names are spelled in another letter case is kept as text, for _respell()."""
    spelled = sorted(set(_names(shape)))
    # A field of bot/events.toml may be spelled as one of ours elsewhere, in another letter case: which is meant, only
    # reading the line tells. Ours with two spellings are written by us.
    counts = Counter(map(str.lower, spelled))
    once = [name for name in spelled if counts[name.lower()] == 1 or name.lower() in _TWICE]
    db.execute(
        rf"""
        INSERT INTO lines
        WITH read AS (
            SELECT json, filename, coalesce(json_extract_string(json, '$.source') = 'TWITTER', false) AS raw
            FROM {_READ_NAMED}
        ), keyed AS (
            SELECT *, list_filter(
                CASE WHEN raw THEN list_concat(json_keys(json), json_keys(json, '$.detail'))
                ELSE regexp_extract_all(CAST(json AS VARCHAR), $keys, 1) END,
                lambda key: lower(key) IN {_listed(map(str.lower, spelled))} AND key NOT IN {_listed(once)}) AS odd,
                NOT list_contains(json_keys(json), 'id')
                    OR NOT raw AND len(regexp_extract_all(CAST(json AS VARCHAR), '"id"\s*:')) > 1 AS strange
            FROM read
        )
        SELECT json_transform(json, $shape), CASE WHEN len(odd) > 0 OR strange THEN CAST(json AS VARCHAR) END, filename
        FROM keyed
        """,  # noqa: S608 - the names are ours
        {"files": [str(path) for path in files], "keys": _KEYS, "shape": _encoded(shape)},
    )


def _listed(names: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"


def _read_again(db: DuckDBPyConnection, paths: Sequence[str], shape: dict[str, Any]) -> tuple[Counter[str], list[str]]:
    """Read files with lines that DuckDB can't read, line by line.

    Return how many lines of each are no JSON, and the files that are damaged, which DuckDB does not always see.
    """
    lost: Counter[str] = Counter()
    damaged: list[str] = []
    for path in paths:
        db.execute("DELETE FROM lines WHERE file = $path", {"path": path})
        found: list[str] = []
        content = _decompressed(Path(path))
        if content is None:
            damaged.append(path)
            continue
        for line in content.splitlines():
            event = _lenient(line)
            if event is None:
                lost[path] += bool(line.strip())
            else:
                found.append(_respelled(event, shape))
        _insert(db, ((line, path) for line in found), shape)
    return lost, damaged


def _decompressed(path: Path) -> bytes | None:
    """Return the content of a file, None where it can't be read to its end."""
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return None


def _lenient(line: bytes) -> dict[str, Any] | None:
    """Read a line as Java's JSON does: half a surrogate pair is a character, what is no UTF-8 is replaced."""
    try:
        value = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _respell(db: DuckDBPyConnection, shape: dict[str, Any]) -> None:
    """Replace the lines that are spelled in another letter case."""
    odd = db.execute("SELECT odd, file FROM lines WHERE odd IS NOT NULL").fetchall()
    if not odd:
        return
    db.execute("DELETE FROM lines WHERE odd IS NOT NULL")
    events = ((_lenient(line.encode()), path) for line, path in odd)
    _insert(db, ((_respelled(event, shape), path) for event, path in events if event is not None), shape)


def _insert(db: DuckDBPyConnection, lines: Iterable[tuple[str, str]], shape: dict[str, Any]) -> None:
    batch = list(lines)
    for start in range(0, len(batch), _BATCH):
        part = batch[start : start + _BATCH]
        db.execute(
            "INSERT INTO lines SELECT json_transform(pair[1], $shape), NULL, pair[2]"
            " FROM (SELECT unnest($lines) AS pair)",
            {"shape": _encoded(shape), "lines": [list(pair) for pair in part]},
        )


def _respelled(event: dict[str, Any], shape: dict[str, Any]) -> str:
    # A lone surrogate can't be written in UTF-8: U+FFFD stands for it.
    text = json.dumps(_respelled_value(event, shape), ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _respelled_value(value: Any, shape: Any) -> Any:
    if isinstance(shape, list):
        return [_respelled_value(each, shape[0]) for each in value] if isinstance(value, list) else value
    if not isinstance(shape, dict) or not isinstance(value, dict):
        return value
    spelled = {name.lower(): name for name in shape}
    return {
        spelled[key.lower()]: _respelled_value(each, shape[spelled[key.lower()]])
        for key, each in value.items()
        if key.lower() in spelled
    }


def _names(shape: Any) -> Iterator[str]:
    if isinstance(shape, list):
        yield from _names(shape[0])
    elif isinstance(shape, dict):
        for name, inner in shape.items():
            yield name
            yield from _names(inner)


def _encoded(shape: dict[str, Any]) -> str:
    return msgspec.json.encode(shape).decode()


def _type_of(shape: Any) -> str:
    """Return DuckDB's type of what `json_transform` makes of a shape."""
    if isinstance(shape, list):
        return f"{_type_of(shape[0])}[]"
    if isinstance(shape, dict):
        return f"STRUCT({_declared(shape)})"
    return str(shape)


def _declared(shape: dict[str, Any]) -> str:
    return ", ".join(f'"{name}" {_type_of(kind)}' for name, kind in shape.items())


def _json_shape(hive: str) -> Any:
    """Return the type as `json_transform` takes it: {"a": "VARCHAR"}, ["VARCHAR"] or "VARCHAR"."""
    from sqlglot import exp

    return _shape_of(exp.DataType.build(hive, dialect="hive"))


def _shape_of(kind: Any) -> Any:
    from sqlglot import exp

    if kind.is_type("struct"):
        return {field.name: _shape_of(field.args["kind"]) for field in kind.expressions}
    if kind.is_type("array"):
        return [_shape_of(kind.expressions[0])]
    return exp.DataType.sql(kind, "duckdb")
