"""Athena, where moto can't follow: pages of results, queries that fail, last too long or are stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from tests.support.lake_events import analysed
from tests.support.lake_on_aws import BUCKET, LIMIT, LakeOnAws, lake_on_aws
from twbot.cli.errors import CliError, Exit
from twbot.cli.main import run
from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.lake.aws import AthenaLake
from twbot.cli.operations.lake.port import translate_lake_errors
from twbot.lambdas.analytics.results import BadSql, ExportFilter, TooSlow

SQL = 'SELECT detail.author FROM "analysed-messages-table"'


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeOnAws]:
    with lake_on_aws(tmp_path, monkeypatch) as found:
        yield found


def athena(sleep: Any = lambda _: None, **details: Any) -> AthenaLake:
    return AthenaLake(AwsBot("prod"), sleep=sleep, **details)


@pytest.mark.parametrize(
    ("state", "reason", "kind", "says"),
    [
        ("FAILED", "SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved", BadSql, "line 1:8"),
        ("FAILED", "TYPE_MISMATCH: line 1:8: not a number\nmore", BadSql, "not a number"),
        ("CANCELLED", "Bytes scanned limit was exceeded", AwsError, "more than 1,000 MB"),
        ("FAILED", "TABLE_NOT_FOUND: line 1:1: no table", AwsError, "does not find the table"),
        ("CANCELLED", "Query cancelled by user", AwsError, "was stopped"),
        ("FAILED", "PERMISSION_DENIED: Access Denied to s3://", AwsError, "No permission"),
        ("FAILED", "GENERIC_INTERNAL_ERROR: oh", AwsError, "oh"),
    ],
)
def test_why_a_query_failed(lake: LakeOnAws, state: str, reason: str, kind: type[Exception], says: str) -> None:
    """In one line, told apart."""
    lake.fails = (state, reason)
    with pytest.raises(kind, match=says) as error:
        athena().query(SQL)
    assert "\n" not in str(error.value)


def test_the_scan_limit_says_how_to_go_on(lake: LakeOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Its size, how to ask for less, and how to raise it."""
    lake.fails = ("CANCELLED", "Bytes scanned limit was exceeded")
    assert run(["query", "--sql", SQL, "--stage", "prod"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"{LIMIT // 10**6:,} MB" in said
    assert "datehour" in said
    assert "query_limit_mb in [stages.prod.aws]" in said


def test_a_query_that_lasts_too_long_is_stopped(lake: LakeOnAws) -> None:
    """And ends with 6."""
    lake.fails = ("RUNNING", "")
    with pytest.raises(TooSlow, match="5 seconds"):
        athena(timeout=5).query(SQL)
    assert len(lake.stopped) == 1
    with pytest.raises(CliError) as error, translate_lake_errors():
        raise TooSlow("The query was stopped.")
    assert error.value.code == Exit.TIMED_OUT


def test_ctrl_c_stops_the_query(lake: LakeOnAws) -> None:
    """Nothing goes on reading, and being paid for."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    lake.fails = ("RUNNING", "")
    with pytest.raises(KeyboardInterrupt):
        athena(sleep=interrupt).query(SQL)
    assert len(lake.stopped) == 1


def test_waits_longer_each_time(lake: LakeOnAws) -> None:
    """Up to two seconds, so that Athena is not asked too often."""
    waits: list[float] = []
    lake.fails = ("RUNNING", "")
    with pytest.raises(TooSlow):
        athena(sleep=waits.append, timeout=30).query(SQL)
    assert waits == sorted(waits)
    assert max(waits) == 2.0


def test_works_in_the_stage_s_workgroup_and_database(lake: LakeOnAws) -> None:
    """With parameters as texts of SQL."""
    athena().query("SELECT ? AS x", ["it's"])
    (asked,) = lake.asked
    assert (asked["WorkGroup"], asked["QueryExecutionContext"]) == ("twbot-prod", {"Database": "messages-data-lake"})
    assert asked["ExecutionParameters"] == ["'it''s'"]


@pytest.mark.usefixtures("lake")
def test_a_stage_that_is_not_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    """Or not in this region: 4, and what to type."""
    with pytest.raises(NotDeployed, match="us-east-1"):
        AthenaLake(AwsBot("prod", region="us-east-1"))
    assert run(["query", "authors", "--stage", "prod", "--region", "us-east-1"]) == Exit.NOT_FOUND
    assert "--region" in capsys.readouterr().err


def test_as_athena_says_that_there_is_no_workgroup(monkeypatch: pytest.MonkeyPatch, lake: LakeOnAws) -> None:
    """moto answers with nothing, Athena with InvalidRequestException."""
    client = boto3.client("athena", region_name="eu-west-1")
    monkeypatch.setattr(AwsBot, "client", lambda *_: client)
    with Stubber(client) as stub:
        stub.add_client_error("get_work_group", "InvalidRequestException", "WorkGroup twbot-prod is not found.", 400)
        with pytest.raises(NotDeployed, match="twbot-prod"):
            AthenaLake(AwsBot("prod"))


def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch, lake: LakeOnAws) -> None:
    """Of a thousand rows each; the names of the columns come once."""
    client = boto3.client("athena", region_name="eu-west-1")
    monkeypatch.setattr(AwsBot, "client", lambda *_: client)
    with Stubber(client) as stub:
        _answers(stub)
        found = AthenaLake(AwsBot("prod")).query("SELECT 1")
        assert (found.rows, found.bytes_scanned) == ([[1], [2], [None], [4]], 7)
        _answers(stub)
        assert AthenaLake(AwsBot("prod")).query("SELECT 1", limit=1).rows == [[1]]


def _answers(stub: Stubber) -> None:
    where: Any = {"ResultConfiguration": {"OutputLocation": "s3://b/r/"}}
    stub.add_response("get_work_group", {"WorkGroup": {"Name": "twbot-prod", "Configuration": where}})
    stub.add_response("start_query_execution", {"QueryExecutionId": "q"})
    over: Any = {"QueryExecutionId": "q", "Status": {"State": "SUCCEEDED"}, "Statistics": {"DataScannedInBytes": 7}}
    stub.add_response("get_query_execution", {"QueryExecution": over})
    about: Any = {"ColumnInfo": [{"Name": "n", "Type": "integer"}]}
    first: Any = [{"Data": [{"VarCharValue": each}]} for each in ("n", "1", "2")]
    second: Any = [{"Data": [{}]}, {"Data": [{"VarCharValue": "4"}]}]
    asked: dict[str, Any] = {"QueryExecutionId": "q", "MaxResults": 1000}
    pages: Any = {"ResultSet": {"Rows": first, "ResultSetMetadata": about}, "NextToken": "more"}
    stub.add_response("get_query_results", pages, asked)
    last: Any = {"ResultSet": {"Rows": second, "ResultSetMetadata": about}}
    stub.add_response("get_query_results", last, {**asked, "NextToken": ANY})


def test_an_export_survives_that_nothing_may_be_deleted(
    lake: LakeOnAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What Athena wrote for it goes by itself, a week later."""
    lake.append([analysed("ann")])
    make = AwsBot.client

    def without_deleting(bot: AwsBot, name: str) -> Any:
        client = make(bot, name)
        if name == "s3":
            refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObjects")
            client.delete_objects = Mock(side_effect=refusal)
        return client

    monkeypatch.setattr(AwsBot, "client", without_deleting)
    exported = athena().export(ExportFilter(), tmp_path)
    assert exported.rows == 1
    assert (tmp_path / exported.files[0]).stat().st_size > 0


def test_a_failed_export_leaves_nothing_in_the_bucket(lake: LakeOnAws, tmp_path: Path) -> None:
    """Athena does not clean up what it wrote before it failed."""
    lake.append([analysed("ann")])

    def leave_something(params: dict[str, Any], **_: Any) -> None:
        if "UNLOAD" in params["QueryString"]:
            key = params["QueryString"].split(f"s3://{BUCKET}/")[1].split("'")[0]
            lake.s3.put_object(Bucket=BUCKET, Key=f"{key}half", Body=b"x")
            lake.fails = ("FAILED", "GENERIC_INTERNAL_ERROR: oh")

    lake.before = leave_something
    with pytest.raises(AwsError, match="oh"):
        athena().export(ExportFilter(), tmp_path)
    assert lake.keys("athena-results/") == []
