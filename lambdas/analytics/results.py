"""What the lake answers on either platform: a query's result, an export, and why there is none."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import msgspec

from twbot.lambdas.analytics.table import PARTITION, TABLE
from twbot.lambdas.errors import TwbotError

# Takes words that say how far it is.
OnProgress = Callable[[str], None]
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"\(*\s*(?:select|with|values|table)\b", re.IGNORECASE)
# Hyphens are trouble in a Parquet file's columns.
EXPORT_COLUMNS = (
    'id, time, "detail-type" AS detail_type, source, account, region, version, resources, '
    f'"replay-name" AS replay_name, detail, {PARTITION}'
)


class BadSql(TwbotError):
    """SQL that can't be run; the text says why."""


class TooSlow(TwbotError):
    """The query was stopped: it took too long."""


def no_progress(_: str) -> None:
    """For whoever does not want to know how far it is."""


class Result(msgspec.Struct, frozen=True):
    """A query's answer, how many bytes of the lake were read for it, and which of its files are damaged."""

    columns: list[str]
    rows: list[list[Any]]
    bytes_scanned: int
    damaged: list[str] = []


class ExportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: from `since` on, before `until` (both to the second), of these types; without, all of them."""

    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    types: list[str] = []

    def where(self) -> str:
        """A condition in Athena's SQL. It names the hours, too, so that no other file is read.

        Types are checked by whoever makes this: letters and underscores.
        """
        assert all(re.fullmatch(r"\w+", name) for name in self.types)
        conditions = []
        for sign, hours, moment in ((">=", ">=", self.since), ("<", "<=", self.until)):
            if moment is not None:
                utc = moment.astimezone(datetime.UTC)
                conditions.append(f"{PARTITION} {hours} '{utc:%Y/%m/%d/%H}'")
                conditions.append(f"substr(time, 1, 19) {sign} '{utc:%Y-%m-%dT%H:%M:%S}'")
        if self.types:
            conditions.append(f'"detail-type" IN ({", ".join(repr(name) for name in self.types)})')
        return " AND ".join(conditions) or "1 = 1"


class Exported(msgspec.Struct, frozen=True):
    """What was written: the files' names, how many events are in them, and the bytes of the lake read for it."""

    files: list[str]
    rows: int
    bytes_scanned: int
    damaged: list[str] = []


def count_sql(wanted: ExportFilter) -> str:
    return f'SELECT count(*) FROM "{TABLE}" WHERE {wanted.where()}'  # noqa: S608 - checked above


def export_sql(wanted: ExportFilter) -> str:
    return f'SELECT {EXPORT_COLUMNS} FROM "{TABLE}" WHERE {wanted.where()}'  # noqa: S608 - checked above


def one_query(sql: str) -> str:
    """The statement without its semicolon. Raises BadSql for one that does more than read."""
    bare = _COMMENT.sub(" ", sql).strip()
    if not _READS.match(bare):
        raise BadSql("Only one SELECT at a time can be run.")
    return sql.strip().rstrip(";").rstrip()
