"""Counts the replayed events among the rows of a query, on either platform, without a second query.

A statement of one level gets one more column, which is taken off its answer again. A replay delivers events again with
its name in the envelope, and what they cause has the name in its detail.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from twbot.lambdas.analytics.results import Result
from twbot.lambdas.analytics.table import TABLE

if TYPE_CHECKING:
    from twbot.cli.operations.lake.port import Lake

LEAVE_OUT = '"replay-name" IS NULL AND detail.replayname IS NULL'
_COLUMN = "twbot_replayed"


def query_and_count(lake: Lake, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
    """Run the query, and count the replayed events among what it read. Raises what `Lake.query` raises."""
    marked = _marked(sql)
    if marked is None:
        return lake.query(sql, parameters, limit=limit)
    result = lake.query(marked, parameters, limit=limit)
    if not result.columns or result.columns[-1] != _COLUMN:
        return result
    count = sum(int(row[-1] or 0) for row in result.rows)
    rows = [row[:-1] for row in result.rows]
    return msgspec.structs.replace(result, columns=result.columns[:-1], rows=rows, replayed=count)


def _marked(sql: str) -> str | None:
    """Return the statement with the column, put into its text as it is; None where that is not possible."""
    try:
        from sqlglot import exp, parse
        from sqlglot.errors import SqlglotError
    except ModuleNotFoundError:
        return None
    try:
        statements = [each for each in parse(sql, read="athena") if each is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Select):
            return None
        names, grouped = _tables(statements[0]), _is_grouped(statements[0])
        at = _from(sql)
    except (SqlglotError, RecursionError):
        return None
    if not names or grouped is None or at is None:
        return None
    marks = [f'"{name}".{part} IS NOT NULL' for name in names for part in ('"replay-name"', "detail.replayname")]
    condition = " OR ".join(marks)
    value = f"count_if({condition})" if grouped else f"coalesce({condition}, false)"
    return f"{sql[:at].rstrip()}, {value} AS {_COLUMN} {sql[at:]}"


def _tables(select: Any) -> list[str]:
    """Return the names under which the statement itself, not a query in it, reads the lake's table."""
    from sqlglot import exp

    from_ = select.args.get("from_") or select.args.get("from")
    sources = [each.this for each in [from_, *(select.args.get("joins") or [])] if each is not None]
    names = [each.alias_or_name for each in sources]
    found = [each.alias_or_name for each in sources if isinstance(each, exp.Table) and each.name.lower() == TABLE]
    return found if all(names.count(name) == 1 for name in found) else []


def _is_grouped(select: Any) -> bool | None:
    """Whether a row stands for several events; None where that can't be told, or the column would change the rows."""
    from sqlglot import exp

    if select.args.get("distinct") is not None:
        return None
    if select.args.get("group") is not None:
        return True
    parts = [*select.expressions, *(each for each in [select.args.get("having"), select.args.get("order")] if each)]
    calls = [each for part in parts for each in part.find_all(exp.AggFunc, exp.Anonymous)]
    own = [each for each in calls if each.find_ancestor(exp.Select) is select and not _in_window(each)]
    if any(isinstance(each, exp.Anonymous) for each in own):
        return None
    return bool(own)


def _in_window(call: Any) -> bool:
    from sqlglot import exp

    window = call.find_ancestor(exp.Window, exp.Select)
    return isinstance(window, exp.Window) and call in window.this.find_all(type(call))


def _from(sql: str) -> int | None:
    """Return where the statement's own FROM begins in its text."""
    from sqlglot.dialects.athena import Athena
    from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

    depth, selecting = 0, False
    for part in Athena().tokenize(sql):
        depth += part.token_type == TokenType.L_PAREN
        depth -= part.token_type == TokenType.R_PAREN
        if depth == 0 and part.token_type == TokenType.SELECT:
            selecting = True
        if depth == 0 and selecting and part.token_type == TokenType.FROM:
            return int(part.start)
    return None
