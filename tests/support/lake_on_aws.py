"""The lake of a stage on AWS, for tests: moto's S3 and Athena.

moto runs no SQL. What Athena would answer is DuckDB's answer over the same files, given to moto as its canned result
(`/moto-api/static/athena/query-results`). So these tests hold what we ask Athena and what we make of its answers, not
Athena's own reading of the SQL. moto has no failing query, scans no bytes and pages no results, either: the first two
are written into its answers here; paging is tested with botocore's Stubber.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
import requests
from moto import mock_aws

from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.contracts import Event
from twbot.local.lake.lake import Lake
from twbot.local.lake.sql import lower, translate

TOML = """
[stages.prod.aws]
twitter_account_id = "7"
region = "eu-west-1"
log_days = 14
"""
REGION = "eu-west-1"
BUCKET, MEDIA = "the-lake", "the-media"
LIMIT = 1_000_000_000
_UNLOAD = re.compile(
    r"UNLOAD \((?P<sql>.*)\) TO 's3://(?P<bucket>[^/]+)/(?P<key>.*)' WITH \(format = 'PARQUET'\)", re.DOTALL
)


class LakeOnAws:
    """The buckets and the workgroup of the stage prod. `fails`: what Athena says of the next query, its state first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fails: tuple[str, str] | None = None
        self.asked: list[dict[str, Any]] = []
        self.before: Callable[[dict[str, Any]], None] = lambda _: None
        self.stopped: list[str] = []
        self.s3 = boto3.client("s3", region_name=REGION)
        for bucket in (BUCKET, MEDIA):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._said: tuple[str, str] | None = None
        configuration: Any = {
            "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/athena-results/"},
            "BytesScannedCutoffPerQuery": LIMIT,
        }
        boto3.client("athena", region_name=REGION).create_work_group(Name="twbot-prod", Configuration=configuration)

    def append(self, events: Sequence[Event]) -> None:
        """As Firehose leaves them: gzip, by the hour."""
        for event in events:
            hour = event.time[:13].replace("-", "/").replace("T", "/")
            body = gzip.compress(msgspec.json.encode(event) + b"\n")
            self.s3.put_object(Bucket=BUCKET, Key=f"events/{hour}/twbot-{uuid.uuid4()}.gz", Body=body)

    def listen(self, client: Any) -> Any:
        events = client.meta.events
        events.register("provide-client-params.athena.StartQueryExecution", self._start)
        events.register("after-call.athena.GetQueryExecution", self._look)
        events.register("provide-client-params.athena.StopQueryExecution", self._stop)
        return client

    def keys(self, prefix: str = "events/") -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def _start(self, params: dict[str, Any], **_: Any) -> None:
        self.asked.append(params)
        self.before(params)
        self._said, self.fails = self.fails, None
        if self._said is not None:
            return
        try:
            self._answer(params["QueryString"], list(map(_unquoted, params.get("ExecutionParameters", []))))
        except BadSql as error:
            self._said = ("FAILED", f"SYNTAX_ERROR: {error}")

    def _answer(self, sql: str, parameters: Sequence[str]) -> None:
        lake = self._copy()
        if found := _UNLOAD.fullmatch(sql):
            self._unload(lake, found["sql"], found["bucket"], found["key"])
            return
        answer = lake.query(sql, parameters)
        kinds = [_kind([row[at] for row in answer.rows]) for at in range(len(answer.columns))]
        about = [{"Name": name, "Type": kind} for name, kind in zip(answer.columns, kinds, strict=True)]
        rows = [answer.columns, *answer.rows]
        result = {"rows": [{"Data": [_cell(value) for value in row]} for row in rows], "column_info": about}
        address = "http://motoapi.amazonaws.com/moto-api/static/athena/query-results"
        requests.post(address, json={"region": REGION, "results": [result]}, timeout=5).raise_for_status()

    def _unload(self, lake: Lake, sql: str, bucket: str, key: str) -> None:
        """Into two files, as Athena does with more."""
        for part in (0, 1):
            file = self.folder / f"{uuid.uuid4()}.parquet"
            with lake._opened(writes=file) as (db, *_):
                lower(db, translate(sql))
                numbered = "SELECT *, row_number() OVER (ORDER BY id) AS n FROM exported"
                half = f"SELECT * EXCLUDE n FROM ({numbered}) WHERE n % 2 = {part}"
                db.execute(f"COPY ({half}) TO '{file}' (FORMAT PARQUET)")
            self.s3.upload_file(str(file), bucket, f"{key}2026_{part}_{uuid.uuid4()}")

    def _look(self, parsed: dict[str, Any], **_: Any) -> None:
        found = parsed.get("QueryExecution")
        if not found:
            return
        found["Statistics"]["DataScannedInBytes"] = self._size()
        if self._said is not None:
            found["Status"] = {"State": self._said[0], "StateChangeReason": self._said[1]}

    def _stop(self, params: dict[str, Any], **_: Any) -> None:
        self.stopped.append(params["QueryExecutionId"])

    def _size(self) -> int:
        return sum(
            each["Size"] for each in self.s3.list_objects_v2(Bucket=BUCKET, Prefix="events/").get("Contents", [])
        )

    def _copy(self) -> Lake:
        folder = self.folder / str(uuid.uuid4())
        for key in self.keys():
            path = folder / f"{key.removeprefix('events/').removesuffix('.gz')}.jsonl.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.s3.download_file(BUCKET, key, str(path))
        return Lake(folder)


@contextlib.contextmanager
def lake_on_aws(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeOnAws]:
    """In a folder with a twbot.toml; every client of AwsBot is listened to. Waiting takes no time."""
    home = folder / "stage"
    home.mkdir()
    monkeypatch.chdir(home)
    (home / "twbot.toml").write_text(TOML)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.lake.aws_athena.FIRST_WAIT", 0.001)
    with mock_aws():
        lake = LakeOnAws(folder)
        make = AwsBot.client
        monkeypatch.setattr(
            AwsBot, "client", lambda bot, name: lake.listen(make(bot, name)) if name == "athena" else make(bot, name)
        )
        yield lake


def _unquoted(literal: str) -> str:
    """What a text of SQL says; anything else Athena would read as SQL."""
    assert re.fullmatch(r"'(?:[^']|'')*'", literal), literal
    return literal[1:-1].replace("''", "'")


def _kind(values: Sequence[Any]) -> str:
    known = next((value for value in values if value is not None), "")
    return {bool: "boolean", int: "bigint", float: "double"}.get(type(known), "varchar")


def _cell(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    return {"VarCharValue": value if isinstance(value, str) else json.dumps(value)}
