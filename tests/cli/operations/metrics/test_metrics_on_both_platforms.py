"""What an operator measures: the same cases over this machine's history and over a stage on AWS.

Gaps of moto 5.2: it counts no log lines by metric filters (the metrics are put as the filters would), knows no
percentiles, and its Logs Insights understands none of our queries: there the botocore Stubber answers as AWS documents.
"""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from tests.support.bot_folders import make_bot
from tests.support.templates import Templates
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.metrics import aws as operate_measures
from twbot.cli.operations.metrics.aws import AwsMetrics
from twbot.cli.operations.metrics.aws_cloudwatch import metric_of
from twbot.cli.operations.metrics.local import LocalMetrics
from twbot.cli.operations.metrics.records import MetricSeries, Window, window_between
from twbot.local.bus.store import DEAD, DONE, EventRow, Outcome, Store
from twbot.local.data_folder import DataFolder

NOW = float(int(time.time()) // 3600 * 3600)
HOUR = window_between(NOW - 3600, NOW, 600)
TOML = '[stages.prod.aws]\nregion = "eu-west-1"\n'


class Happened(NamedTuple):
    """An event, so many seconds after the window's start, about a post."""

    kind: str
    after: float
    post: str = "1"
    reason: str = ""
    replay: str | None = None

    @property
    def at(self) -> float:
        return HOUR.start + self.after

    @property
    def time(self) -> str:
        at = datetime.datetime.fromtimestamp(self.at, datetime.UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Platform(Protocol):
    def happened(self, *events: Happened) -> None: ...

    def answered(self, *requests: tuple[float, int, float]) -> None:
        """Seconds after the start, status, milliseconds."""

    def dead(self, service: str, after: float) -> None: ...

    def put_off(self, after: float) -> None: ...

    def series_of(self, window: Window, *wanted: str) -> dict[str, MetricSeries]: ...


class OnThisMachine:
    """A bus's file as a bot leaves it, and its log."""

    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder)
        self._store = Store(self._home.bus)

    def happened(self, *events: Happened) -> None:
        for each in events:
            self._add(each)

    def _add(self, each: Happened, rule: str | None = None, outcome: tuple[int, int, float] = (DONE, 1, 0)) -> None:
        self._store.last_event += 1
        body = {"id": str(uuid.uuid4()), "source": "BOT", "time": each.time, "detail-type": each.kind}
        text = json.dumps({**body, "detail": {"Reason": each.reason}}).encode()
        number = self._store.last_event
        row = EventRow(number, body["id"], each.kind, each.time, each.post, each.replay, text)
        state, attempts, ended = outcome
        with self._store.transaction():
            self._store.add([row], [(number, number, rule, each.at)] if rule else [])
            if rule:
                self._store.settle([Outcome(state, attempts, each.at, each.at, ended, ended, None, number)])

    def answered(self, *requests: tuple[float, int, float]) -> None:
        with self._home.log.open("a") as file:
            for after, status, milliseconds in requests:
                line = {"timestamp": Happened("", after).time, "logger": "twbot.web", "message": "answered"}
                file.write(json.dumps(line | {"status": status, "milliseconds": milliseconds}) + "\n")

    def dead(self, service: str, after: float) -> None:
        rule = {"egress": "send-tweets"}[service]
        self._add(Happened("SEND_TWEET", 0), rule, (DEAD, 3, HOUR.start + after))

    def put_off(self, after: float) -> None:
        self._add(Happened("SEND_TWEET", after - 1), "send-tweets", (DONE, 2, HOUR.start + after))

    def series_of(self, window: Window, *wanted: str) -> dict[str, MetricSeries]:
        found = LocalMetrics(self._home.folder).series_of(window, wanted)
        return {each.metric.name: each for each in found}


class OnAws:
    """CloudWatch's metrics in moto; answers of Logs Insights as AWS documents them."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._times: dict[str, dict[str, str]] = {}
        self._failures: list[dict[str, str]] = []

    def happened(self, *events: Happened) -> None:
        for each in events:
            if each.replay:
                continue  # neither the filters nor the queries take them
            self._put("twbot-prod/events", each.kind, each.at, 1.0)
            if each.kind == "MESSAGE_RECEIVED":
                self._times[each.post] = {"asked": each.time}
            elif each.kind == "TWEET_SENT" and each.post in self._times:
                self._times[each.post]["answered"] = each.time
            elif each.kind == "TWEET_FAILED":
                self._failures.append({"time": each.time, "reason": each.reason})

    def answered(self, *requests: tuple[float, int, float]) -> None:
        here = {"ApiName": "twbot-prod", "Stage": "prod"}
        for after, status, milliseconds in requests:
            at = HOUR.start + after
            self._put("AWS/ApiGateway", "Count", at, 1.0, here)
            self._put("AWS/ApiGateway", "4XXError", at, float(400 <= status < 500), here)
            self._put("AWS/ApiGateway", "5XXError", at, float(status >= 500), here)
            self._put("AWS/ApiGateway", "Latency", at, milliseconds, here)

    def dead(self, service: str, after: float) -> None:
        queue = {"QueueName": f"twbot-prod-{service}-dead-letters"}
        for part in range(HOUR.parts):
            start = HOUR.start + part * HOUR.step
            number = float(after < (part + 1) * HOUR.step)
            self._put("AWS/SQS", "ApproximateNumberOfMessagesVisible", start, number, queue)

    def put_off(self, after: float) -> None:
        self._put("twbot-prod", "ReplyPutOff", HOUR.start + after, 1.0, {"service": "egress"})

    def series_of(self, window: Window, *wanted: str) -> dict[str, MetricSeries]:
        answers = []
        if any(name.startswith("reply-time") for name in wanted):
            answers.append([row for row in self._times.values() if "answered" in row])
        if any(name.startswith("failed-") for name in wanted):
            answers.append(self._failures)
        with insights(self._bot, *answers):
            found = AwsMetrics(self._bot).series_of(window, wanted)
        return {each.metric.name: each for each in found}

    def _put(self, space: str, name: str, at: float, value: float, where: dict[str, str] | None = None) -> None:
        dimensions = [{"Name": key, "Value": said} for key, said in (where or {}).items()]
        data = {"MetricName": name, "Timestamp": at, "Value": value, "Dimensions": dimensions}
        self._bot.client("cloudwatch").put_metric_data(Namespace=space, MetricData=[data])


class insights:  # noqa: N801
    """Logs Insights that answers the queries, in their order, after having been asked once in vain."""

    def __init__(self, bot: AwsBot, *answers: list[dict[str, str]]) -> None:
        self._bot, self._plain = bot, bot.client
        self._client = bot.client("logs")
        self._stub = Stubber(self._client)
        for number in range(len(answers)):
            asked = {"logGroupNames": ANY, "startTime": ANY, "endTime": ANY, "queryString": ANY, "limit": 10_000}
            self._stub.add_response("start_query", {"queryId": str(number)}, asked)
        for number, rows in enumerate(answers):
            told = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
            self._stub.add_response("get_query_results", {"status": "Running", "results": []})
            self._stub.add_response(
                "get_query_results", {"status": "Complete", "results": told}, {"queryId": str(number)}
            )

    def __enter__(self) -> Stubber:
        self._stub.activate()
        self._bot.client = lambda service: self._client if service == "logs" else self._plain(service)  # type: ignore[method-assign]
        return self._stub

    def __exit__(self, *_: object) -> None:
        self._stub.deactivate()
        self._bot.client = self._plain  # type: ignore[method-assign]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsBot]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text(TOML)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.aws_logs_insights.POLL_INTERVAL", 0.001)
    with mock_aws():
        yield AwsBot("prod")


@pytest.fixture(params=["local", "aws"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    if request.param == "local":
        return OnThisMachine(tmp_path)
    return OnAws(request.getfixturevalue("stage"))


def test_events_are_counted_by_type_and_time(platform: Platform) -> None:
    """In the part of the window in which they came; those before and after it nowhere."""
    received = [Happened("MESSAGE_RECEIVED", after) for after in (-1, 0, 599, 600, 3599, 3600)]
    platform.happened(*received, Happened("MESSAGE_ANALYSED", 1200))
    found = platform.series_of(HOUR, "MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "TWEET_SENT")
    assert found["MESSAGE_RECEIVED"].values == [2, 1, 0, 0, 0, 1]
    assert [found[name].total for name in ("MESSAGE_ANALYSED", "TWEET_SENT")] == [1, 0]


def test_how_long_replies_took(platform: Platform) -> None:
    """From a message to its reply, by when it was sent; also where it had come before the window."""
    platform.happened(
        *(Happened("MESSAGE_RECEIVED", -30, "1"), Happened("TWEET_SENT", 30, "1")),
        *(Happened("MESSAGE_RECEIVED", 40, "2"), Happened("TWEET_SENT", 42, "2")),
        *(Happened("MESSAGE_RECEIVED", 50, "3"), Happened("TWEET_SENT", 3000, "4")),
    )
    found = platform.series_of(HOUR, "reply-time", "reply-time-p95")
    assert found["reply-time"].values == [31, None, None, None, None, None]
    assert (found["reply-time"].total, found["reply-time-p95"].total) == (31, 60)


def test_why_replies_failed(platform: Platform) -> None:
    """By X's reason."""
    reasons = ("cap-reached", "duplicate", "cap-reached")
    failures = [Happened("TWEET_FAILED", 700, reason=reason) for reason in reasons]
    platform.happened(*failures)
    found = platform.series_of(HOUR, "failed-cap-reached", "failed-duplicate", "failed-no-credits")
    assert [each.total for each in found.values()] == [1, 2, 0] or {n: e.total for n, e in found.items()} == {
        "failed-duplicate": 1,
        "failed-cap-reached": 2,
        "failed-no-credits": 0,
    }
    assert found["failed-cap-reached"].values[1] == 2


def test_what_the_webhook_answered(platform: Platform) -> None:
    """Requests, refusals, breakages, and the slowest answer, in seconds."""
    platform.happened(Happened("MESSAGE_RECEIVED", 0))
    platform.answered((10, 200, 20.0), (11, 403, 5.0), (700, 503, 1500.0), (9000, 200, 9000.0))
    found = platform.series_of(HOUR, "webhook", "webhook-4xx", "webhook-5xx", "webhook-time")
    assert found["webhook"].values[:2] == [2, 1]
    assert (found["webhook-4xx"].total, found["webhook-5xx"].total) == (1, 1)
    assert found["webhook-time"].values[:3] == [0.02, 1.5, None]


def test_dead_letters_and_put_off_replies(platform: Platform) -> None:
    """How many there were at most in each part; how often a reply had to wait."""
    platform.dead("egress", 1300)
    platform.put_off(100)
    found = platform.series_of(HOUR, "dead-letters-egress", "replies-put-off")
    assert found["dead-letters-egress"].values == [0, 0, 1, 1, 1, 1]
    assert found["replies-put-off"].values[0] == 1


def test_of_a_bot_that_did_nothing(platform: Platform) -> None:
    """Counts are 0, times are not known."""
    found = platform.series_of(HOUR, "MESSAGE_RECEIVED", "reply-time", "webhook-time")
    assert found["MESSAGE_RECEIVED"].values == [0] * 6
    assert [found[name].total for name in ("reply-time", "webhook-time")] == [None, None]


def test_what_a_replay_brings_back_is_not_counted_again(tmp_path: Path) -> None:
    """On this machine; on AWS the metric filters and the queries leave it out."""
    platform = OnThisMachine(tmp_path)
    platform.happened(Happened("MESSAGE_RECEIVED", 10), Happened("MESSAGE_RECEIVED", 20, replay="r"))
    assert platform.series_of(HOUR, "MESSAGE_RECEIVED")["MESSAGE_RECEIVED"].total == 1


def test_the_filters_and_the_queries_leave_replays_out(prod: Templates) -> None:
    """Each says so."""
    patterns = [each.properties["FilterPattern"] for each in prod.resources("AWS::Logs::MetricFilter")]
    assert patterns
    assert all("($.replay-name NOT EXISTS)" in pattern for pattern in patterns)
    assert all("not ispresent(`replay-name`)" in query for query in (operate_measures.TIMES, operate_measures.FAILURES))


def test_what_is_measured_is_what_the_alarms_watch(prod: Templates, stage: AwsBot) -> None:
    """Metrics are known by name only: those of the alarms are read under the same names, from the same places."""
    known = [metric_of(stage.config, each.name) for each in AwsMetrics(stage).all_metrics()]
    ours = {(each.namespace, each.metric, each.dimensions) for each in known if each is not None}
    names = {each[:2] for each in ours}
    watched = {_metric(each.properties) for each in prod.resources("AWS::CloudWatch::Alarm")}
    assert {each for each in watched if each[:2] in names} <= ours
    assert {each[:2] for each in watched} & names


def _metric(alarm: dict[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    dimensions = ((each["Name"], str(each["Value"])) for each in alarm.get("Dimensions", []))
    return alarm.get("Namespace", ""), alarm.get("MetricName", ""), tuple(sorted(dimensions))


def test_the_age_of_the_oldest_reply_on_this_machine(tmp_path: Path) -> None:
    """How old it was at most, in each part in which it waited."""
    platform = OnThisMachine(tmp_path)
    platform._add(Happened("SEND_TWEET", 500), "send-tweets", (DONE, 2, HOUR.start + 700))
    oldest = platform.series_of(HOUR, "replies-oldest")["replies-oldest"]
    assert oldest.values == [100, 200, None, None, None, None]


def test_cloudwatch_is_asked_in_portions(stage: AwsBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more metrics in one call than AWS takes, and all of them are read."""
    monkeypatch.setattr("twbot.cli.operations.metrics.aws_cloudwatch.QUERIES", 2)
    aws = OnAws(stage)
    kinds = ["MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "SEND_TWEET", "TWEET_SENT", "TWITTER_TWEETED"]
    aws.happened(*(Happened(kind, 10) for kind in kinds))
    assert {name: each.total for name, each in aws.series_of(HOUR, *kinds).items()} == dict.fromkeys(kinds, 1)


@pytest.mark.parametrize(("days", "min_period"), [(1, 60), (20, 300), (100, 3600)])
def test_cloudwatch_keeps_less_of_what_is_old(stage: AwsBot, days: int, min_period: int) -> None:
    """Minutes for 15 days, five minutes for 63, then hours."""
    assert AwsMetrics(stage).min_period(time.time() - days * 86400) == min_period


@pytest.mark.parametrize(
    ("answer", "message"), [("Failed", "gave up"), ("Timeout", "gave up"), ("Running", "has not answered")]
)
def test_a_query_that_does_not_end_well(
    stage: AwsBot, answer: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said in words; one that takes too long is stopped."""
    from twbot.cli.operations.aws_logs_insights import Insights

    client = stage.client("logs")
    with Stubber(client) as stub:
        stub.add_response("start_query", {"queryId": "1"})
        stub.add_response("get_query_results", {"status": answer, "results": []})
        stub.add_response("stop_query", {"success": True})
        monkeypatch.setattr(stage, "client", lambda _: client)
        with pytest.raises(AwsError, match=message):
            Insights(stage, "q", ["g"], 0, 1).rows(timeout=-1)


def test_a_stage_without_logs_is_not_deployed(stage: AwsBot) -> None:
    """And says so."""
    from twbot.cli.operations.aws_errors import NotDeployed
    from twbot.cli.operations.aws_logs_insights import Insights

    with pytest.raises(NotDeployed, match="not deployed in eu-west-1"):
        Insights(stage, "q", ["/nothing"], 0, 1)


def test_own_events_are_counted(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On either platform by the types of bot/events.toml."""
    make_bot(tmp_path / "bot-folder", monkeypatch, twbot_toml=TOML, bot__events_toml='[ORDER_ASKED]\nId = "text"\n')
    platform.happened(Happened("ORDER_ASKED", 10), Happened("ORDER_ASKED", 20), Happened("ORDER_ASKED", 30, replay="r"))
    assert platform.series_of(HOUR, "ORDER_ASKED")["ORDER_ASKED"].total == 2


def test_on_this_machine_a_type_needs_no_declaration(tmp_path: Path) -> None:
    """What came is counted."""
    local = OnThisMachine(tmp_path)
    local.happened(Happened("CRM_TICKET_OPENED", 10))
    assert local.series_of(HOUR, "CRM_TICKET_OPENED")["CRM_TICKET_OPENED"].total == 1
