"""`twbot metrics`: numbers over time, of the bot of this machine and of a stage on AWS."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.support.healthy_stage import HealthyStage
from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.commands.metrics import _names
from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.local.bus.store import Store
from twbot.local.data_folder import DataFolder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A data folder on which a bot has run."""
    Store(DataFolder(tmp_path).bus).close()
    return tmp_path


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthyStage]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield HealthyStage(AwsBot("prod"), monkeypatch, url="https://abc.example.com/prod/twitter")


def test_what_a_running_bot_did(world: World, operate: Operate) -> None:
    """Events, the webhook's answers and replies' times; only what happened, unless all is asked for."""
    world.ask("mia", "@twbot hello")
    found = operate("metrics", "--json").json
    whole = {each["name"]: each["whole"] for each in found["metrics"]}
    assert whole["MESSAGE_RECEIVED"] >= 1
    assert whole["reply-time"] > 0
    assert whole["failed-no-credits"] == 0
    assert len(found["times"]) == len(found["metrics"][0]["values"])
    shown = operate("metrics")
    assert "MESSAGE_RECEIVED" in shown.out
    assert "TWITTER_DM_TYPING" not in shown.out
    assert "--all shows them" in shown.err
    assert "TWITTER_DM_TYPING" in operate("metrics", "--all").out


def test_csv_has_a_line_for_each_time(world: World, operate: Operate) -> None:
    """And a column for each name; a name stands for all that begin with it."""
    world.ask("noa", "@twbot hello")
    said = operate("metrics", "TWEET_SENT", "reply-time", "--since", "30m", "--every", "10m", "--csv", "--utc")
    head, *rows = csv.reader(io.StringIO(said.out))
    assert head == ["time", "TWEET_SENT", "reply-time", "reply-time-p95"]
    assert len(rows) in {3, 4}
    assert sum(int(row[1]) for row in rows) >= 1
    assert all(datetime.datetime.fromisoformat(row[0]).minute % 10 == 0 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nonsense"], 4, "twbot metrics --all"),
        (["function-errors-text"], 4, "on AWS only"),
        (["function-errors"], 4, "on AWS only"),
        (["--since", "1h", "--every", "1s"], 2, "longer --every"),
        (["--every", "often"], 2, "30s, 5m"),
        (["--every", "0s"], 2, "--every"),
        (["--since", "2999-01-01"], 2, "--since"),
        (["--since", "soon"], 2, "yesterday"),
    ],
)
def test_what_it_does_not_take(
    arguments: list[str], code: int, says: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with what to type instead."""
    assert run(["metrics", *arguments, "--data", str(empty)]) == code
    assert says in capsys.readouterr().err


def test_of_a_folder_without_a_bot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how to start one."""
    assert run(["metrics", "--data", str(tmp_path)]) == 3
    assert "twbot up" in capsys.readouterr().err


def test_names_are_completed() -> None:
    """In any case; those of AWS, too."""
    assert _names("message_r") == ["MESSAGE_RECEIVED"]
    assert _names("webhook") == ["webhook", "webhook-4xx", "webhook-5xx", "webhook-time"]
    assert "function-throttles-egress" in _names("function")


def test_metrics_of_a_stage(stage: HealthyStage, capsys: pytest.CaptureFixture[str]) -> None:
    """From CloudWatch, functions' too; times in seconds."""
    now = datetime.datetime.now(datetime.UTC)
    where = [{"Name": "FunctionName", "Value": "twbot-prod-text"}]
    put = stage.client("cloudwatch").put_metric_data
    put(Namespace="twbot-prod/events", MetricData=[{"MetricName": "TWEET_SENT", "Timestamp": now, "Value": 3.0}])
    took = {"MetricName": "Duration", "Timestamp": now, "Value": 250.0, "Dimensions": where}
    put(Namespace="AWS/Lambda", MetricData=[took])
    assert run(["metrics", "TWEET_SENT", "function-time-text", "--stage", "prod", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["stage"] == "prod"
    assert {each["name"]: each["whole"] for each in found["metrics"]} == {"TWEET_SENT": 3, "function-time-text": 0.25}


@pytest.mark.parametrize(("since", "step"), [("1h", 120), ("1d", 3600), ("30d", 86400)])
def test_the_parts_fit_the_screen(
    stage: HealthyStage, since: str, step: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless somebody says how long they are to be."""
    assert run(["metrics", "TWEET_SENT", "--since", since, "--stage", "prod", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["every_seconds"] == step


def test_cloudwatch_has_no_minutes_of_last_month(stage: HealthyStage, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which parts there are."""
    assert run(["metrics", "--since", "20d", "--every", "1m", "--stage", "prod"]) == 2
    assert "a multiple of 5 minutes" in capsys.readouterr().err
