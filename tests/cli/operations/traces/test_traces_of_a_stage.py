"""A post's way through a stage, where AWS tells less, more, or it otherwise than the local platform."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from moto import mock_aws

from tests.support.logging_stage import LoggingStage
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters.aws import AwsDeadLetters
from twbot.cli.operations.traces.aws import AwsTraces
from twbot.cli.operations.traces.aws_order import sorted_spans
from twbot.cli.operations.traces.records import Span, Trace
from twbot.lambdas.contracts import Entry, Event, new_event
from twbot.stacks.names import dead_letters_name

NOW = datetime.datetime.now(datetime.UTC)
POST = str(((int(NOW.timestamp() * 1000) - 60_000) - 1288834974657) << 22)
TWITTER = {"TweetId": POST, "UserId": "5"}
MESSAGE = {"Text": "hi", "Author": "ann", "Summoned": True, "Twitter": TWITTER}
COMMAND = {"Text": "yo", "ReplyToTweetId": POST, "ReplyToUserId": "5"}


class Told(LoggingStage):
    """What happened in the stage, and the trace of it."""

    def happened(self, kind: str, detail: dict[str, Any], *, ago: float = 30, replay: str | None = None) -> Event:
        at = NOW - datetime.timedelta(seconds=ago)
        event = new_event(Entry(source="BOT", detail_type=kind, detail=detail), at)
        self.event(event)
        return event

    def analysed(self, **more: Any) -> None:
        self.happened("MESSAGE_RECEIVED", MESSAGE)
        self.happened("MESSAGE_ANALYSED", MESSAGE | {"Analysis": more}, ago=25)

    def warned(self, function: str, message: str, *, ago: float, **more: Any) -> None:
        line = {"level": "WARNING", "message": message, "correlation_id": POST, **more}
        self.line(function, line, at=NOW.timestamp() - ago)

    def letter(self, service: str, event: Event, **attributes: str) -> str:
        """A dead letter of a rule; its id."""
        sqs = self.bot.client("sqs")
        url = sqs.create_queue(QueueName=dead_letters_name(self.bot.config, service))["QueueUrl"]
        told = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        body = msgspec.json.encode(event).decode()
        return str(sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=told)["MessageId"])

    def trace(self) -> Trace:
        found = AwsTraces(self.bot).of(POST)
        assert found is not None
        return found

    def deliveries(self) -> dict[str, tuple[str, int, str | None]]:
        moments = [each for each in self.trace().moments if each.kind == "delivery"]
        return {each.name: (each.state, each.attempts, each.error) for each in moments}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.logs.aws_log_groups.MIN_CALL_INTERVAL", 0.0)
    monkeypatch.setattr("twbot.cli.operations.aws_queue.WAIT_SECONDS", 0)
    file = tmp_path / "twbot.toml"
    file.write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    with mock_aws():
        yield Told(AwsBot("prod", file=file))


def test_a_reply_that_x_makes_wait(stage: Told) -> None:
    """Counted by what the function logged; then it goes out."""
    stage.analysed()
    stage.happened("SEND_TWEET", COMMAND, ago=20)
    stage.warned("egress", "reply put off", reason="X limits us", ago=15)
    stage.warned("egress", "reply put off", reason="X limits us", ago=10)
    assert stage.deliveries()["send-tweets"] == ("waiting", 2, "reply put off: X limits us")
    assert stage.trace().outcome == "waiting"
    stage.happened("TWEET_SENT", COMMAND | {"TweetId": "9"}, ago=5)
    assert stage.deliveries()["send-tweets"] == ("done", 3, None)
    warnings = [each for each in stage.trace().moments if each.kind == "log"]
    assert [each.note for each in warnings] == ["WARNING: reply put off: X limits us"] * 2


@pytest.mark.parametrize(
    ("images", "function", "rule"), [([{"Key": "k"}], "image", "answer-images"), ([], "text", "answer-texts")]
)
def test_an_answer_that_fails(stage: Told, images: list[Any], function: str, rule: str) -> None:
    """Lambda tries three times; then it is a dead letter."""
    stage.analysed(Images=images)
    failure = {"exception": 'Traceback\n  File "x"\nTemporary: no answer', "level": "ERROR"}
    stage.warned(function, "the invocation failed", ago=20, **failure)
    assert stage.deliveries()[rule] == ("waiting", 1, "the invocation failed: Temporary: no answer")
    for ago in (15, 10):
        stage.warned(function, "the invocation failed", ago=ago, **failure)
    assert stage.deliveries()[rule][:2] == ("dead", 3)
    assert stage.trace().outcome == "dead-letter"
    assert "twbot dlq list --stage prod" in stage.trace().why


def test_a_workflow_that_ends_badly(stage: Told) -> None:
    """There is no event of it then."""
    event = stage.happened("MESSAGE_RECEIVED", MESSAGE)
    at = datetime.datetime.fromisoformat(event.time).timestamp()
    history: list[tuple[float, str, int, dict[str, Any]]] = [
        (at, "ExecutionStarted", 0, {}),
        (at + 1, "ExecutionTimedOut", 1, {}),
    ]
    stage.workflow(f"{event.id}_{uuid.uuid4()}", history)
    stage.workflow(f"{uuid.uuid4()}_{uuid.uuid4()}", [(at, "ExecutionStarted", 0, {"cause": event.id})])
    assert stage.deliveries() == {"analyse-messages": ("failed", 1, "ExecutionTimedOut")}
    assert stage.trace().outcome == "analysis-failed"


def test_a_dead_letter(stage: Told) -> None:
    """Named by its id, to deliver it again; in place of what was guessed from the log. Not those of other posts."""
    stage.analysed(TextSentiment="NEGATIVE")
    command = stage.happened("SEND_TWEET", COMMAND, ago=20)
    other = msgspec.structs.replace(command, detail=COMMAND | {"ReplyToTweetId": "1"})
    stage.warned("egress", "reply put off", reason="X limits us", ago=15)
    arn = "arn:aws:events:eu-west-1:123456789012:rule/Plumbing/twbot-prod-send-tweets"
    stage.letter("egress", other)
    letter = stage.letter("egress", command, RULE_ARN=arn, ERROR_CODE="NO_PERMISSIONS", RETRY_ATTEMPTS="0")
    assert stage.deliveries()["send-tweets"] == ("dead", 1, "NO_PERMISSIONS: ")
    found = stage.trace()
    assert found.outcome == "dead-letter"
    assert f"twbot dlq redrive {letter} --stage prod" in found.why
    assert "alert" in {each.kind for each in found.moments}


def test_an_alert_that_was_not_published(stage: Told) -> None:
    """Is a dead letter, and no alert."""
    stage.happened("MESSAGE_RECEIVED", MESSAGE)
    negative = MESSAGE | {"Summoned": False, "Analysis": {"TextSentiment": "NEGATIVE"}}
    analysed = stage.happened("MESSAGE_ANALYSED", negative, ago=25)
    arn = "arn:aws:events:eu-west-1:123456789012:rule/Plumbing/twbot-prod-alert-on-negative"
    stage.letter("alerting", analysed, RULE_ARN=arn, ERROR_CODE="THROTTLING", RETRY_ATTEMPTS="24")
    found = stage.trace()
    assert [(each.name, each.attempts) for each in found.moments if each.kind != "event"] == [("alert-on-negative", 25)]
    assert found.outcome == "dead-letter"


def test_who_may_not_look_at_dead_letters(stage: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told so, and all the rest."""
    stage.analysed()

    def refuse(_: object, *, rule: str) -> None:
        raise AwsError("No permission on AWS: sqs:ReceiveMessage.")

    monkeypatch.setattr(AwsDeadLetters, "read", refuse)
    (log,) = [each for each in stage.trace().moments if each.kind == "log"]
    assert log.note == "of answer-texts not looked at: No permission on AWS: sqs:ReceiveMessage."


@pytest.mark.parametrize(
    ("commanded", "function", "crash"),
    [
        (False, "text", "2026-11-23T08:00:00.000Z 8fc6f963 Task timed out after 20.00 seconds"),
        (True, "egress", '{"type": "platform.report", "record": {"status": "error", "errorType": "OutOfMemory"}}'),
    ],
)
def test_a_function_that_crashes(stage: Told, commanded: bool, function: str, crash: str) -> None:
    """Lambda says so without the post's id: it may be the reason, and is told as that."""
    stage.analysed()
    if commanded:
        stage.happened("SEND_TWEET", COMMAND, ago=20)
    stage.line(function, crash, at=NOW.timestamp() - 15)
    stage.line("ingress", crash, at=NOW.timestamp() - 15)
    found = stage.trace()
    assert found.outcome == "no-reply"
    assert found.why.startswith(f"something went wrong in {function}: ")
    assert "perhaps with another post" in found.why
    stage.happened("SEND_TWEET", COMMAND, ago=10)
    stage.happened("TWEET_SENT", COMMAND | {"TweetId": "9"}, ago=5)
    assert (stage.trace().outcome, {each.kind for each in stage.trace().moments}) == ("replied", {"event", "delivery"})


def test_nothing_is_made_up(stage: Told) -> None:
    """Where neither a result nor a failure shows, no delivery is told of; and nothing of other posts."""
    stage.analysed()
    other = str(int(POST) + 1)
    stage.happened("SEND_TWEET", COMMAND | {"ReplyToTweetId": other, "Text": f"about {POST}"})
    stage.line("text", {"level": "ERROR", "message": f"about {POST}", "correlation_id": other})
    assert stage.deliveries() == {}
    assert {each.kind for each in stage.trace().moments} == {"event"}


def test_an_event_that_is_logged_twice(stage: Told) -> None:
    """Is one: EventBridge delivers at least once."""
    event = stage.happened("MESSAGE_RECEIVED", MESSAGE)
    stage.event(event)
    assert len(stage.trace().moments) == 1


@pytest.mark.parametrize(
    ("made", "begins"),
    [
        (datetime.timedelta(hours=5), 5.0),
        (datetime.timedelta(days=29), 29 * 24.0),
        (datetime.timedelta(days=400), 24.0),
    ],
)
def test_where_it_looks(stage: Told, made: datetime.timedelta, begins: float) -> None:
    """From the post's time on for a day; the last day where there are no logs of then any more; or as asked."""
    now = datetime.datetime.now(datetime.UTC)
    post = str((int((now - made).timestamp() * 1000) - 1288834974657) << 22)
    start, end = AwsTraces(stage.bot).window(post, None, None)
    assert (now - start).total_seconds() / 3600 == pytest.approx(begins, abs=0.1)
    assert datetime.timedelta(0) < end - start <= datetime.timedelta(days=1, minutes=2)
    assert AwsTraces(stage.bot).window(post, now - datetime.timedelta(days=9), None)[1] >= now
    assert AwsTraces(stage.bot).window(post, NOW, NOW) == (NOW, NOW)


KINDS = ("MESSAGE_RECEIVED", "MESSAGE_ANALYSED", "SEND_TWEET", "TWEET_SENT")


@given(some.permutations(KINDS), some.floats(0, 0.999))
def test_what_happens_within_a_second_is_in_order(kinds: list[str], step: float) -> None:
    """However it comes: causes before effects, and no event before what led to it."""
    events = [Span(kind="event", name=kind, start=100.0, end=100.0) for kind in kinds]
    found = sorted_spans([*events, Span(kind="step", name="IsReplay", start=100 + step, end=100.999)])
    assert [each.name for each in found] == [KINDS[0], "IsReplay", *KINDS[1:]]
    assert [each.start for each in found] == sorted(each.start for each in found)
