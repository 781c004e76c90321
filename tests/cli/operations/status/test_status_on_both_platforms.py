"""How the bot does: the same cases over a bot of this machine and over a stage on AWS (tests/support/healthy_stage.py
names the gaps of moto)."""

from __future__ import annotations

import datetime
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from moto import mock_aws

from tests.support.healthy_stage import HealthyStage, Refusal
from tests.support.running import pretend_running
from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.metrics.port import metrics_of
from twbot.cli.operations.metrics.records import window_between
from twbot.cli.operations.status.port import status_of
from twbot.cli.operations.status.records import StatusSnapshot
from twbot.cli.operations.target import Target
from twbot.cli.screens.status import screen
from twbot.lambdas.egress.permission import Switch
from twbot.local.adapters.replies import LocalReplies
from twbot.local.bus.store import DEAD, DONE, WAITING, EventRow, Outcome, Store
from twbot.local.data_folder import DataFolder, RunInfo

URL = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/twitter"


class Bot(Protocol):
    target: Target

    def answered(self, post: str, seconds: float) -> None:
        """A message came, and was answered so much later, just now."""

    def refused(self, reason: str) -> None: ...

    def waits(self) -> None:
        """A reply waits to be sent."""

    def gave_up(self) -> None:
        """Egress gave up on a reply."""

    def let_reply(self, switch: Switch) -> None:
        """The operator says what may be replied."""

    def noted(self, left: int) -> None:
        """X told the bot how many replies it may still post."""


def text(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer_of_x(left: int) -> dict[str, object]:
    reset = int(time.time()) + 600
    limits = {"x_rate_limit_limit": 100, "x_rate_limit_remaining": left, "x_rate_limit_reset": reset}
    return {"message": "X answered", "call": "POST /2/tweets", "status": 201, **limits}


class OnThisMachine:
    def __init__(self, folder: Path) -> None:
        self.target = Target(data=folder)
        self._home, self._store = DataFolder(folder), Store(DataFolder(folder).bus)

    def answered(self, post: str, seconds: float) -> None:
        now = time.time()
        self._event("MESSAGE_RECEIVED", now - seconds, post)
        self._event("TWEET_SENT", now, post)

    def refused(self, reason: str) -> None:
        self._event("TWEET_FAILED", time.time(), "1", {"Reason": reason})

    def waits(self) -> None:
        self._event("SEND_TWEET", time.time(), "1", state=WAITING)

    def gave_up(self) -> None:
        self._event("SEND_TWEET", time.time(), "1", state=DEAD)

    def let_reply(self, switch: Switch) -> None:
        LocalReplies(self._home.replies).save(switch)

    def noted(self, left: int) -> None:
        with self._home.log.open("a") as file:
            file.write(json.dumps({"timestamp": text(time.time()), **answer_of_x(left)}) + "\n")

    def _event(
        self, kind: str, at: float, post: str, detail: dict[str, str] | None = None, state: int | None = None
    ) -> None:
        self._store.last_event += 1
        number, event_id = self._store.last_event, str(uuid.uuid4())
        body = {"id": event_id, "source": "BOT", "time": text(at), "detail-type": kind, "detail": detail or {}}
        row = EventRow(number, event_id, kind, text(at), post, None, json.dumps(body).encode())
        with self._store.transaction():
            self._store.add([row], [] if state is None else [(number, number, "send-tweets", at)])
            ended = None if state == WAITING else at
            tried = 0 if state == WAITING else 1
            self._store.settle([Outcome(DONE if state is None else state, tried, at, at, at, ended, None, number)])


class OnAws:
    def __init__(self, stage: HealthyStage) -> None:
        self.target = Target("prod")
        self._stage = stage

    def answered(self, post: str, seconds: float) -> None:
        now = time.time()
        self._stage.counted("twbot-prod/events", "MESSAGE_RECEIVED", now - seconds)
        self._stage.counted("twbot-prod/events", "TWEET_SENT", now)
        row = {"post": post, "asked": text(now - seconds), "answered": text(now), "kinds": "2"}
        self._stage.found.setdefault("MESSAGE_RECEIVED", []).append(row)

    def refused(self, reason: str) -> None:
        self._stage.counted("twbot-prod/events", "TWEET_FAILED", time.time())
        self._stage.found.setdefault("TWEET_FAILED", []).append({"time": text(time.time()), "reason": reason})

    def waits(self) -> None:
        self._stage.queued("{}")

    def gave_up(self) -> None:
        self._stage.dead_letter("egress")

    def let_reply(self, switch: Switch) -> None:
        self._stage.let_reply(switch)

    def noted(self, left: int) -> None:
        at = text(time.time()).replace("T", " ").removesuffix("Z")
        row = {"@timestamp": at, "@message": json.dumps(answer_of_x(left))}
        self._stage.found["X answered"] = [row]  # the query keeps the newest of a call


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthyStage]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield HealthyStage(AwsBot("prod"), monkeypatch, url=URL)


@pytest.fixture(params=["local", "aws"])
def bot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bot]:
    if request.param == "local":
        with pretend_running(tmp_path, RunInfo(os.getpid(), URL, time.time())):
            yield OnThisMachine(tmp_path)
        return
    yield OnAws(request.getfixturevalue("stage"))


def read(bot: Bot) -> StatusSnapshot:
    return status_of(bot.target).read()


def test_a_bot_that_has_done_nothing(bot: Bot) -> None:
    """It runs, under its address; an hour of sixty minutes in which nothing came."""
    found = read(bot)
    assert (found.running, found.url, found.waiting, found.dead, found.limits) == (True, URL, 0, {}, [])
    assert found.last_hour.messages == found.last_hour.failures == [0] * 60
    assert (found.last_hour.median, found.last_hour.put_off) == (None, 0)


def test_what_the_last_hour_brought(bot: Bot) -> None:
    """Messages, replies, how long they took, and what failed, by reason."""
    for post, seconds in (("1", 2.0), ("2", 4.0), ("3", 10.0)):
        bot.answered(post, seconds)
    for reason in ("duplicate", "cap-reached", "cap-reached"):
        bot.refused(reason)
    hour = read(bot).last_hour
    assert (sum(hour.messages), sum(hour.replies), sum(hour.failures)) == (3, 3, 3)
    assert (hour.median, hour.p95) == pytest.approx((4, 10))
    assert hour.failed == {"duplicate": 1, "cap-reached": 2}


def test_what_waits_and_what_was_given_up(bot: Bot) -> None:
    """Replies that wait; dead letters."""
    bot.waits()
    bot.waits()
    bot.gave_up()
    found = read(bot)
    assert (found.waiting, list(found.dead.values())) == (2, [1])


def test_what_x_still_allows(bot: Bot) -> None:
    """The newest that X said to the bot."""
    bot.noted(50)
    bot.noted(49)
    assert [(each.call, each.left, each.allowed) for each in read(bot).limits] == [("POST /2/tweets", 49, 100)]


def test_what_the_operator_lets_be_replied(bot: Bot) -> None:
    """Everything, unless somebody said otherwise."""
    assert read(bot).switch == Switch()
    bot.let_reply(Switch(paused=True, reason="a test"))
    assert read(bot).switch == Switch(paused=True, reason="a test")


def test_both_measure_the_same(bot: Bot) -> None:
    """Everything that is measured on this machine is on AWS, under the same names; functions only there."""
    names = [each.name for each in metrics_of(bot.target).all_metrics()]
    assert {"MESSAGE_RECEIVED", "webhook-time", "reply-time-p95", "dead-letters-egress"} <= set(names)
    assert any(name.startswith("function-") for name in names) == (not bot.target.is_local)


def test_a_stage_without_a_webhook_is_not_deployed(stage: HealthyStage) -> None:
    """It says so, rather than to show zeros."""
    stage.outputs["ingress"].clear()
    with pytest.raises(NotDeployed):
        status_of(Target("prod")).read()


def test_a_queue_that_is_not_there(stage: HealthyStage) -> None:
    """Neither."""
    sqs = stage.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="twbot-prod-tweets")["QueueUrl"])
    with pytest.raises(NotDeployed, match="no queue twbot-prod-tweets"):
        status_of(Target("prod")).read()


def test_all_pages_of_a_metric_are_read(stage: HealthyStage) -> None:
    """CloudWatch may tell one metric's values on several."""
    now = float(int(time.time()) // 60 * 60)
    asked: list[bool] = []

    def page(params: dict[str, object]) -> dict[str, object]:
        asked.append(True)
        at = datetime.datetime.fromtimestamp(now - 60 * len(asked), datetime.UTC)
        result = {"Id": "m0", "Timestamps": [at], "Values": [2.0], "StatusCode": "PartialData"}
        return {"MetricDataResults": [result], **({"NextToken": f"{len(asked)}"} if len(asked) < 3 else {})}

    stage.answers["cloudwatch.GetMetricData"] = page
    (found,) = metrics_of(Target("prod")).series_of(window_between(now - 600, now, 60), ["TWEET_SENT"])
    assert found.total == 6


def test_who_may_not_read_logs_sees_the_rest(stage: HealthyStage) -> None:
    """And what was not read, with the permission that it takes; never a zero for it."""
    bot = OnAws(stage)
    bot.answered("1", 2.0)
    bot.gave_up()
    refused = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: logs:StartQuery on resource: x"
    stage.answers["logs.StartQuery"] = Refusal("AccessDeniedException", refused)
    found = read(bot)
    assert (sum(found.last_hour.messages), found.dead) == (1, {"egress": 1})
    assert [each.partition(":")[0] for each in found.unread] == ["replies' times and reasons", "X's limits"]
    assert all("No permission on AWS: logs:StartQuery" in each for each in found.unread)
    shown = screen(found, None, True, " --stage prod")
    assert ("reply time", "not read") in [(fact.name, fact.says) for fact in shown]
    assert "logs:StartQuery" in " ".join(fact.says for fact in shown)


def test_wrong_credentials_are_no_missing_numbers(stage: HealthyStage) -> None:
    """They end the command, whatever was being read."""
    stage.answers["logs.StartQuery"] = Refusal("ExpiredTokenException", "expired")
    with pytest.raises(AwsError, match="expired"):
        read(OnAws(stage))
