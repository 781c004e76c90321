"""Athena of a stage on AWS: runs a statement in the stage's workgroup, and reads its rows. Ctrl-C stops it."""

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

# Seconds.
FIRST_WAIT, MAX_WAIT = 0.2, 2.0
TIMEOUT = 600.0
# The most rows of a page. https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
PAGE = 1000
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
_INTEGERS, _FLOATS = {"tinyint", "smallint", "integer", "bigint"}, {"float", "real", "double", "decimal"}
# Athena gives the reason of a failure as text. These are in it where the SQL is wrong, the table is missing, or a
# permission is. https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html
_BAD_SQL = ("SYNTAX_ERROR", "COLUMN_NOT_FOUND", "TYPE_MISMATCH", "FUNCTION_NOT_FOUND", "INVALID_", "mismatched input")
_NO_TABLE = ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "DATABASE_NOT_FOUND", "EntityNotFoundException")
_DENIED = ("AccessDenied", "Access Denied", "Insufficient permissions", "PERMISSION_DENIED")


class Athena:
    """The workgroup of a stage. Stops a query after `timeout`. Raises AwsError, NotDeployed, BadSql, TooSlow."""

    def __init__(self, bot: AwsBot, *, sleep: Callable[[float], None] = time.sleep, timeout: float = TIMEOUT) -> None:
        self._bot, self._sleep, self._timeout = bot, sleep, timeout
        self._athena = bot.client("athena")
        self._group = self._workgroup()

    @property
    def results(self) -> tuple[str, str]:
        """The bucket and the prefix of the results of queries. The bucket is the lake's."""
        location = urlsplit(self._group["Configuration"]["ResultConfiguration"]["OutputLocation"])
        return location.netloc, location.path.strip("/") + "/"

    def run(self, sql: str, parameters: Sequence[str] = ()) -> Any:
        """Run a statement and return its QueryExecution. Each `?` in it is bound to a parameter."""
        # Bound by Athena, not put into the text, so that a value can't become SQL.
        # https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
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
            except BaseException:  # Ctrl-C, too: a query that goes on is paid by what it scans
                with contextlib.suppress(failures.BotoCoreError, failures.ClientError):
                    self._athena.stop_query_execution(QueryExecutionId=query)
                raise
        if done["Status"]["State"] != "SUCCEEDED":
            raise self._error(done)
        return done

    def _wait(self, query: str) -> Any:
        waited, pause = 0.0, FIRST_WAIT
        while True:
            execution = self._athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if execution["Status"]["State"] in _ENDED:
                return execution
            if waited >= self._timeout:
                raise TooSlow(f"The query was stopped: it took more than {self._timeout:g} seconds.")
            self._sleep(pause)
            waited, pause = waited + pause, min(MAX_WAIT, pause * 1.5)

    def rows(self, query: str, limit: int | None = None) -> tuple[list[str], list[list[Any]]]:
        """Return the names of the columns, and the rows as Python values, at most `limit`."""
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
            result = page["ResultSet"]
            if not number:
                info = result["ResultSetMetadata"]["ColumnInfo"]
                columns, kinds = [each["Name"] for each in info], [each["Type"] for each in info]
            # The first row of the first page repeats the names of the columns.
            # https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
            rows += [_row(row["Data"], kinds) for row in result["Rows"][0 if number else 1 :]]
            if limit is not None and len(rows) >= limit:
                return columns, rows[:limit]
        return columns, rows

    def _workgroup(self) -> Any:
        """Return the stage's workgroup. Raises NotDeployed where the region has none."""
        name = self._bot.config.prefix
        missing = f"The stage {self._bot.name} has no lake in {self._athena.meta.region_name}: no workgroup {name}."
        try:
            with self._bot.translate_errors():
                group = self._athena.get_work_group(WorkGroup=name).get("WorkGroup")
        except AwsError as problem:
            if "InvalidRequestException" in str(problem):  # Athena's error code for a workgroup that does not exist
                raise NotDeployed(missing, self._bot.name) from None
            raise
        if not group:
            raise NotDeployed(missing, self._bot.name)
        return group

    def _error(self, done: Any) -> Exception:
        status = done["Status"]
        reason = str(
            status.get("StateChangeReason") or status.get("AthenaError", {}).get("ErrorMessage") or "no reason"
        )
        line = reason.splitlines()[0][:300]
        if "bytes scanned limit" in reason.lower():
            limit = int(self._group["Configuration"].get("BytesScannedCutoffPerQuery", 0)) // 1_000_000
            return AwsError(
                f"Athena stopped the query: it would read more than {limit:,} MB, the limit of the stage.",
                "Ask for fewer hours: WHERE datehour >= '2026/11/01/00'; or raise query_limit_mb in"
                f" [stages.{self._bot.name}.aws] of twbot.toml and deploy",
            )
        if any(word in reason for word in _NO_TABLE):
            return AwsError(
                f"Athena does not find the table: {line}", 'It is called "analysed-messages-table", in double quotes'
            )
        if any(word in reason for word in _BAD_SQL):
            return BadSql(line)
        if status["State"] == "CANCELLED":
            return AwsError(f"The query was stopped: {line}")
        if any(word in reason for word in _DENIED):
            hint = "Have s3:GetObject, s3:PutObject and s3:ListBucket allowed on the lake's bucket, and glue:GetTable"
            return AwsError(f"No permission to read the lake: {line}", hint)
        return AwsError(f"Athena failed: {line}", "Try again; if it fails again, see the query in Athena's history")


def scanned(done: Any) -> int:
    """Return how many bytes a QueryExecution read."""
    return int(done.get("Statistics", {}).get("DataScannedInBytes", 0))


def _row(cells: Sequence[Any], kinds: Sequence[str]) -> list[Any]:
    return [_value(cell.get("VarCharValue"), kind) for cell, kind in zip(cells, kinds, strict=True)]


def _value(text: str | None, kind: str) -> Any:
    """Return the value of a cell, which Athena gives as text. Arrays and rows stay as Athena writes them."""
    if text is None:
        return None
    if kind in _INTEGERS:
        return int(text)
    if kind in _FLOATS:
        return float(text)
    if kind == "boolean":
        return text == "true"
    if kind.startswith("timestamp"):
        return text.replace(" ", "T", 1).replace(" UTC", "Z")
    return text
