"""Athena of a stage on AWS: a statement run in the stage's workgroup, waited for, stopped with Ctrl-C, and its rows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions as failures

from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.analytics.results import BadSql, TooSlow
from twbot.lambdas.analytics.saved_queries import literal
from twbot.lambdas.analytics.table import DATABASE

FIRST_WAIT, MAX_WAIT = 0.2, 2.0
TIMEOUT = 600.0
PAGE = 1000
_OVER = ("SUCCEEDED", "FAILED", "CANCELLED")
_WHOLE, _BROKEN = {"tinyint", "smallint", "integer", "bigint"}, {"float", "real", "double", "decimal"}
_OURS = ("SYNTAX_ERROR", "COLUMN_NOT_FOUND", "TYPE_MISMATCH", "FUNCTION_NOT_FOUND", "INVALID_", "mismatched input")
_NO_TABLE = ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "DATABASE_NOT_FOUND", "EntityNotFoundException")
_DENIED = ("AccessDenied", "Access Denied", "Insufficient permissions", "PERMISSION_DENIED")


class Athena:
    """Raises AwsProblem, NotDeployed. `most_seconds`: when a query is stopped."""

    def __init__(
        self, bot: AwsBot, *, sleep: Callable[[float], None] = time.sleep, most_seconds: float = TIMEOUT
    ) -> None:
        self._bot, self._sleep, self._most = bot, sleep, most_seconds
        self._athena = bot.client("athena")
        self._group = self._workgroup()

    @property
    def results(self) -> tuple[str, str]:
        """Bucket and prefix of the workgroup's results: the lake's bucket."""
        place = urlsplit(self._group["Configuration"]["ResultConfiguration"]["OutputLocation"])
        return place.netloc, place.path.strip("/") + "/"

    def run(self, sql: str, parameters: Sequence[str] = ()) -> Any:
        """Start, wait, and stop what takes too long or is not wanted any more."""
        bound = {"ExecutionParameters": list(map(literal, parameters))} if parameters else {}
        with self._bot.translate_errors():
            query = self._athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": self._bot.config.named(DATABASE)},
                WorkGroup=self._bot.config.prefix,
                **bound,
            )["QueryExecutionId"]
            try:
                done = self._wait(query)
            except BaseException:
                with contextlib.suppress(failures.BotoCoreError, failures.ClientError):
                    self._athena.stop_query_execution(QueryExecutionId=query)
                raise
        if done["Status"]["State"] != "SUCCEEDED":
            raise self._why(done)
        return done

    def _wait(self, query: str) -> Any:
        waited, pause = 0.0, FIRST_WAIT
        while True:
            found = self._athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if found["Status"]["State"] in _OVER:
                return found
            if waited >= self._most:
                raise TooSlow(f"The query was stopped: it took more than {self._most:g} seconds.")
            self._sleep(pause)
            waited, pause = waited + pause, min(MAX_WAIT, pause * 1.5)

    def rows(self, query: str, limit: int | None = None) -> tuple[list[str], list[list[Any]]]:
        """The columns' names, and the rows as Python has them. The first row of all repeats the names."""
        with self._bot.translate_errors():
            return self._read(query, limit)

    def _read(self, query: str, limit: int | None) -> tuple[list[str], list[list[Any]]]:
        columns: list[str] = []
        kinds: list[str] = []
        rows: list[list[Any]] = []
        pages = self._athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=query, PaginationConfig={"PageSize": PAGE}
        )
        for number, page in enumerate(pages):
            found = page["ResultSet"]
            if not number:
                about = found["ResultSetMetadata"]["ColumnInfo"]
                columns, kinds = [each["Name"] for each in about], [each["Type"] for each in about]
            rows += [_row(row["Data"], kinds) for row in found["Rows"][0 if number else 1 :]]
            if limit is not None and len(rows) >= limit:
                return columns, rows[:limit]
        return columns, rows

    def _workgroup(self) -> Any:
        """Also tells whether the stage is there, in this region."""
        name = self._bot.config.prefix
        missing = f"The stage {self._bot.name} has no lake in {self._athena.meta.region_name}: no workgroup {name}."
        try:
            with self._bot.translate_errors():
                found = self._athena.get_work_group(WorkGroup=name).get("WorkGroup")
        except AwsError as problem:
            if "InvalidRequestException" in str(problem):  # Athena's word for what is not there
                raise NotDeployed(missing, self._bot.name) from None
            raise
        if not found:
            raise NotDeployed(missing, self._bot.name)
        return found

    def _why(self, done: Any) -> Exception:
        status = done["Status"]
        said = str(status.get("StateChangeReason") or status.get("AthenaError", {}).get("ErrorMessage") or "no reason")
        line = said.splitlines()[0][:300]
        if "bytes scanned limit" in said.lower():
            limit = int(self._group["Configuration"].get("BytesScannedCutoffPerQuery", 0)) // 1_000_000
            return AwsError(
                f"Athena stopped the query: it would read more than {limit:,} MB, the limit of the stage.",
                "Ask for fewer hours: WHERE datehour >= '2026/11/01/00'; or raise query_limit_mb in"
                f" [stages.{self._bot.name}.aws] of twbot.toml and deploy",
            )
        if any(word in said for word in _NO_TABLE):
            return AwsError(
                f"Athena does not find the table: {line}", 'It is called "analysed-messages-table", in double quotes'
            )
        if any(word in said for word in _OURS):
            return BadSql(line)
        if status["State"] == "CANCELLED":
            return AwsError(f"The query was stopped: {line}")
        if any(word in said for word in _DENIED):
            hint = "Have s3:GetObject, s3:PutObject and s3:ListBucket allowed on the lake's bucket, and glue:GetTable"
            return AwsError(f"No permission to read the lake: {line}", hint)
        return AwsError(f"Athena failed: {line}", "Try again; if it fails again, see the query in Athena's history")


def scanned(done: Any) -> int:
    return int(done.get("Statistics", {}).get("DataScannedInBytes", 0))


def _row(cells: Sequence[Any], kinds: Sequence[str]) -> list[Any]:
    return [_value(cell.get("VarCharValue"), kind) for cell, kind in zip(cells, kinds, strict=True)]


def _value(text: str | None, kind: str) -> Any:
    """Athena gives everything as text. Whole lists and records stay as Athena writes them."""
    if text is None:
        return None
    if kind in _WHOLE:
        return int(text)
    if kind in _BROKEN:
        return float(text)
    if kind == "boolean":
        return text == "true"
    if kind.startswith("timestamp"):
        return text.replace(" ", "T", 1).replace(" UTC", "Z")
    return text
