"""Queries and exports of the lake on either platform: their results, their errors, and the SQL of an export."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import msgspec

from twbot.lambdas.analytics.table import PARTITION, TABLE
from twbot.lambdas.errors import TwbotError

# Receives a short text about the progress.
OnProgress = Callable[[str], None]
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"\(*\s*(?:select|with|values|table)\b", re.IGNORECASE)
# Renamed, as hyphens in the columns of a Parquet file are awkward for its readers.
EXPORT_COLUMNS = (
    'id, time, "detail-type" AS detail_type, source, account, region, version, resources, '
    f'"replay-name" AS replay_name, detail, own, {PARTITION}'
)


class BadSql(TwbotError):
    """The SQL cannot be run. The text says why."""


class TooDeep(BadSql):
    """The SQL is nested too deeply to be read."""


class TooSlow(TwbotError):
    """The query was stopped after its time limit."""


def no_progress(_: str) -> None:
    """Ignore the progress."""


class Result(msgspec.Struct, frozen=True):
    """The result of a query."""

    columns: list[str]
    rows: list[list[Any]]
    bytes_scanned: int
    """Bytes of the lake that were read."""
    damaged: list[str] = []
    """Files of the lake that could not be read; with ": N lines" at the end those of which only lines were left out."""
    replayed: int | None = None
    """Number of replayed events among those that the rows show or count; None where the SQL does not tell."""


class ExportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to export."""

    since: datetime.datetime | None = None
    """Time of the first event, to the second; None: no limit."""
    until: datetime.datetime | None = None
    """Time that all events lie before, to the second; None: no limit."""
    types: list[str] = []
    """Detail types, of letters and underscores; empty: all of them."""

    def where(self) -> str:
        """Return a condition in Athena's SQL."""
        # They become part of the SQL. The command has checked them.
        assert all(re.fullmatch(r"\w+", name) for name in self.types)
        conditions = []
        for sign, hours, moment in ((">=", ">=", self.since), ("<", "<=", self.until)):
            if moment is not None:
                utc = moment.astimezone(datetime.UTC)
                # The partition as well, so that only its files are read, and paid for:
                # https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
                conditions.append(f"{PARTITION} {hours} '{utc:%Y/%m/%d/%H}'")
                conditions.append(f"substr(time, 1, 19) {sign} '{utc:%Y-%m-%dT%H:%M:%S}'")
        if self.types:
            conditions.append(f'"detail-type" IN ({", ".join(repr(name) for name in self.types)})')
        return " AND ".join(conditions) or "1 = 1"


class Exported(msgspec.Struct, frozen=True):
    """The result of an export."""

    files: list[str]
    """Names of the files that were written."""
    rows: int
    """Number of events in them."""
    bytes_scanned: int
    """Bytes of the lake that were read."""
    damaged: list[str] = []
    """Files of the lake that could not be read; with ": N lines" at the end those of which only lines were left out."""


def count_sql(wanted: ExportFilter) -> str:
    """Return the SQL that counts the events of an export."""
    return f'SELECT count(*) FROM "{TABLE}" WHERE {wanted.where()}'  # noqa: S608 - checked above


def export_sql(wanted: ExportFilter) -> str:
    """Return the SQL that selects the events of an export."""
    return f'SELECT {EXPORT_COLUMNS} FROM "{TABLE}" WHERE {wanted.where()}'  # noqa: S608 - checked above


def one_query(sql: str) -> str:
    """Return the statement without its semicolon. Raises BadSql for one that does more than read."""
    bare = _COMMENT.sub(" ", sql).strip()
    if not _READS.match(bare):
        raise BadSql("Only one SELECT at a time can be run.")
    return sql.strip().rstrip(";").rstrip()
