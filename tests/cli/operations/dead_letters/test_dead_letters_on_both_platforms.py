"""Dead letters: the same cases over this machine's bus and a stage on AWS; then what only AWS has.

Gap of moto 5.2: functions run in Docker there; calls of them are caught where boto3 makes them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from tests.support.dead_letter_stage import LetterStage
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.operations import aws_queue as operate_queue
from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_queue import Message
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters import aws as operate_letters
from twbot.cli.operations.dead_letters.aws import AwsDeadLetters
from twbot.cli.operations.dead_letters.aws_messages import dead_letter_of
from twbot.cli.operations.dead_letters.aws_redrive import Redriving
from twbot.cli.operations.dead_letters.local import LocalDeadLetters
from twbot.cli.operations.dead_letters.port import DeadLetters
from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import BadEvent, TwbotError
from twbot.lambdas.settings import Settings
from twbot.lambdas.wiring import RULES, services
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder
from twbot.stacks.config import AwsConfig, StageConfig

TOML = '[stages.prod.aws]\nregion = "eu-west-1"\n'
NOW = "2026-11-23T08:00:00Z"
NAMES = st.sampled_from(["Analysis", "Images", "Key", "Twitter", "TweetId", "ReplyToTweetId", "REDRIVEN", "data", "id"])
Calls = list[dict[str, Any]]


def command(post: str) -> dict[str, Any]:
    return {"Text": "Hello", "ReplyToUserId": "5", "ReplyToTweetId": post}


def message(post: str) -> dict[str, Any]:
    return {"Text": "Hi", "Author": "ada", "Summoned": True, "Twitter": {"TweetId": post, "UserId": "5"}}


def event(kind: str, detail: dict[str, Any], number: int = 1) -> Event:
    return Event(id=f"e-{number}", source="BOT", time=NOW, detail=detail, detail_type=kind)


class Platform(Protocol):
    """`read` is what is tested."""

    options: list[str]
    read: DeadLetters

    def dies(self, post: str) -> None:
        """A SEND_TWEET about this post, at send-tweets."""

    def taken(self) -> list[str]:
        """The posts of what send-tweets was given again, in any order."""


class OnThisMachine:
    """Its bus is down; it starts for what was redriven."""

    def __init__(self, folder: Path) -> None:
        self._path = DataFolder(folder).bus
        self.options = ["--data", str(folder)]
        self.read: DeadLetters = LocalDeadLetters(folder)

    def dies(self, post: str) -> None:
        with Bus(self._path, RULES) as bus:
            self._attach(bus, _refuse)
            bus.publish([Entry(source="BOT", detail_type="SEND_TWEET", detail=command(post))])
            assert bus.drain(10, retries=True)

    def taken(self) -> list[str]:
        found: list[str] = []
        with Bus(self._path, RULES) as bus:
            self._attach(bus, lambda each: found.append(each.detail["ReplyToTweetId"]))
            assert bus.drain(10, retries=True)
        return found

    def _attach(self, bus: Bus, handle: Callable[[Event], None]) -> None:
        for rule in RULES:
            bus.attach(rule.name, handle if rule.name == "send-tweets" else lambda _: None)
        bus.start()


def _refuse(_: object) -> None:
    raise BadEvent("NO_PERMISSIONS")


class OnAws:
    def __init__(self) -> None:
        self.options = ["--stage", "prod"]
        self.stage = LetterStage(AwsBot("prod"))
        self.read: DeadLetters = AwsDeadLetters(self.stage.bot)

    def dies(self, post: str) -> None:
        self.stage.undelivered("send-tweets", event("SEND_TWEET", command(post)))

    def taken(self) -> list[str]:
        return [json.loads(each["Body"])["detail"]["ReplyToTweetId"] for each in self.stage.tweets()]


@pytest.fixture
def on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text(TOML)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(operate_queue, "WAIT_SECONDS", 0)
    with mock_aws():
        yield


@pytest.fixture
def aws(on_aws: None) -> LetterStage:
    return LetterStage(AwsBot("prod"))


@pytest.fixture(params=["local", "aws"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    if request.param == "local":
        return OnThisMachine(tmp_path)
    request.getfixturevalue("on_aws")
    return OnAws()


def ids(read: DeadLetterBatch) -> list[str]:
    return [each.id for each in read.seen]


def test_looking_consumes_nothing(platform: Platform) -> None:
    """As often as one looks; with the rule, the post, the reason and the event."""
    platform.dies("77")
    for _ in range(3):
        read = platform.read.read()
        (letter,), hidden = read.seen, read.hidden
        assert (letter.rule, letter.tweet_id, letter.detail_type, hidden) == ("send-tweets", "77", "SEND_TWEET", 0)
        assert "NO_PERMISSIONS" in str(letter.error)
        assert letter.ended is not None
        assert letter.ended <= time.time()
        assert msgspec.to_builtins(platform.read.event(letter))["detail"] == command("77")
    assert not platform.read.read(rule="answer-texts").seen


def test_redriven_to_where_it_failed(platform: Platform) -> None:
    """Those that are meant, each once; the others stay."""
    for post in ("1", "2", "3"):
        platform.dies(post)
    chosen = {each.id: each.tweet_id for each in platform.read.read().seen if each.tweet_id != "2"}
    assert list(platform.read.redrive(list(chosen)))[-1] == 2
    assert [each.tweet_id for each in platform.read.read().seen] == ["2"]
    assert sorted(platform.taken()) == ["1", "3"]


def test_purged_for_good(platform: Platform) -> None:
    """What is named, and then all."""
    for post in ("1", "2", "3"):
        platform.dies(post)
    first, *rest = ids(platform.read.read())
    assert list(platform.read.purge([first]))[-1] == 1
    assert ids(platform.read.read()) == rest
    assert platform.read.purge_all() == 2
    assert not platform.read.read().seen
    assert platform.taken() == []


def test_the_command_is_the_same(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    """Listed by reason, redriven by filter with a dry run before, purged only with --yes."""
    platform.dies("1")
    platform.dies("2")

    def type_(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run(["dlq", *arguments, *platform.options, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else json.loads(said.err.splitlines()[-1])

    code, listed = type_("list")
    (group,) = listed["groups"]
    assert (code, group["rule"], group["count"], listed["hidden"]) == (0, "send-tweets", 2, 0)
    assert type_("redrive", "--rule", "send-tweets", "--dry-run")[1] == {
        "redriven": 0,
        "dry_run": True,
        "ids": group["ids"],
    }
    code, asked = type_("purge", "--all")
    assert code == Exit.USAGE
    stage = "prod" if "--stage" in platform.options else "local"
    assert f"of the stage {stage}" in str(asked)
    assert type_("list")[1]["count"] == 2
    assert type_("redrive", group["ids"][0])[1]["redriven"] == 1
    assert type_("purge", "--all", "--yes")[1]["purged"] == 1
    assert type_("list")[1]["count"] == 0
    assert type_("show", "no-such-letter")[0] == Exit.NOT_FOUND
    code, unknown = type_("list", "--rule", "nowhere")
    assert code == Exit.USAGE
    assert "send-tweets" in str(unknown)


# What only AWS has


def test_who_buried_it_is_told_by_its_attributes(aws: LetterStage) -> None:
    """EventBridge, Lambda, the workflow, our egress function, and SQS: the rule, the reason and the attempts."""
    pictured = message("9") | {"Analysis": {"Images": [{"Key": "9/0.jpg", "Analysis": {}}]}}
    aws.undelivered("log-every-event", event("TWEET_SENT", {"ReplyToTweetId": "1"}))
    aws.failed("responding", event("MESSAGE_ANALYSED", message("2")))
    aws.failed("responding", event("MESSAGE_ANALYSED", pictured))
    aws.failed("alerting", event("MESSAGE_ANALYSED", message("4")), "slack 1a2b3c4d: slack answers 404.")
    aws.failed("alerting", event("MESSAGE_ANALYSED", message("5")), "topic: SNS does not take the alert: NotFound.")
    aws.bury("egress", "{", ERROR_MESSAGE="not an event: truncated")
    aws.bury("egress", msgspec.json.encode(event("SEND_TWEET", command("6"))).decode())
    not_published = {"ERROR_CODE": "NotPublished", "ERROR_MESSAGE": "EventBridge.InternalException: down"}
    received = msgspec.json.encode(event("MESSAGE_RECEIVED", message("7"))).decode()
    aws.bury("analysis", received, **not_published)
    found = AwsDeadLetters(aws.bot).read().seen
    assert sorted((each.rule, each.reason, each.attempts, each.tweet_id, each.obstacle) for each in found) == [
        ("alert-on-negative", "FunctionError", 3, "5", None),
        ("analyse-messages", "NotPublished", None, "7", None),
        ("answer-images", "FunctionError", 3, "9", None),
        ("answer-texts", "FunctionError", 3, "2", None),
        ("log-every-event", "NO_PERMISSIONS", 25, "1", None),
        ("notify-on-negative", "FunctionError", 3, "4", None),
        ("send-tweets", "BadEvent", None, None, "it is no event"),
        ("send-tweets", "ReceivedTooOften", None, "6", None),
    ]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The functions' calls, caught."""
    import botocore.client

    real, found = botocore.client.BaseClient._make_api_call, []  # type: ignore[attr-defined]

    def caught(client: Any, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "Invoke":
            found.append(asked)
            return {"StatusCode": 202}
        return real(client, operation, asked)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", caught)
    return found


@pytest.mark.parametrize("rule", [each.name for each in RULES])
def test_every_rule_s_target_takes_it_again(aws: LetterStage, calls: Calls, rule: str) -> None:
    """The event as it was, and nobody else gets it."""
    sent = event("MESSAGE_ANALYSED", message("8") | {"Analysis": {"SentimentScore": {"Negative": 0.9}}})
    sent = msgspec.structs.replace(sent, time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    whole = msgspec.to_builtins(sent)
    read = AwsDeadLetters(aws.bot)
    aws.undelivered(rule, sent)
    assert list(read.redrive(ids(read.read()))) == [1]
    assert not read.read().seen
    got = {
        "tweet-queue": [json.loads(each["Body"]) for each in aws.tweets()],
        "event-log": [json.loads(each) for each in aws.logged()],
        "workflow": [json.loads(each) for each in aws.executions()],
        "lake": [json.loads(each) for each in aws.in_lake()],
        "functions": [json.loads(each["Payload"]) for each in calls],
    }
    target = next(each.target for each in RULES if each.name == rule)
    if target.endswith("-function") or target == "topic":
        assert (calls[0]["FunctionName"], calls[0]["InvocationType"]) == (aws.targets[target], "Event")
        assert got.pop("functions") == [whole | {"REDRIVEN": 1}]
    else:
        assert got.pop(target) == [whole]
    assert not any(got.values())


@pytest.mark.parametrize("error", ["topic: SNS does not take the alert: NotFound.", "slack 1a2b: gone", "timed out"])
def test_both_alert_functions_get_what_one_of_them_failed(aws: LetterStage, calls: Calls, error: str) -> None:
    """Lambda does not say which of them: neither tells anybody twice. A rule of EventBridge's names its target."""
    read = AwsDeadLetters(aws.bot)
    aws.failed("alerting", event("MESSAGE_ANALYSED", message("2")), error)
    list(read.redrive(ids(read.read())))
    assert {each["FunctionName"] for each in calls} == {aws.targets["topic"], aws.targets["notify-function"]}
    calls.clear()
    aws.failed("responding", event("MESSAGE_ANALYSED", message("2")), error)
    list(read.redrive(ids(read.read())))
    assert [each["FunctionName"] for each in calls] == [aws.targets["text-function"]]


def test_one_that_fails_again_says_how_often(aws: LetterStage, calls: Calls) -> None:
    """A function's letter carries it in the event, a queue's beside it."""
    read = AwsDeadLetters(aws.bot)
    aws.failed("responding", event("MESSAGE_ANALYSED", message("2")))
    list(read.redrive(ids(read.read())))
    aws.bury("responding", calls[0]["Payload"].decode(), RequestID="r", ErrorCode="200", ErrorMessage="boom")
    aws.undelivered("send-tweets", event("SEND_TWEET", command("3")))
    chosen = [each.id for each in read.read().seen if each.rule == "send-tweets"]
    list(read.redrive(chosen))
    (again,) = aws.tweets()
    attributes = {name: value["StringValue"] for name, value in again["MessageAttributes"].items()}
    aws.bury("egress", again["Body"], **attributes)
    assert [each.redriven for each in read.read().seen] == [1, 1]


def test_what_the_target_refuses_stays(aws: LetterStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three the second is refused: one has gone, and all others are there to be seen at once."""
    import botocore.client

    real, asked = botocore.client.BaseClient._make_api_call, []  # type: ignore[attr-defined]

    def refusing(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "StartExecution":
            asked.append(parameters)
            if len(asked) == 2:
                error = {"Code": "AccessDeniedException", "Message": "not allowed to perform: states:StartExecution"}
                raise ClientError({"Error": error}, operation)  # type: ignore[typeddict-item]
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", refusing)
    for post in ("1", "2", "3"):
        aws.undelivered("analyse-messages", event("MESSAGE_RECEIVED", message(post)))
    read = AwsDeadLetters(aws.bot)
    with pytest.raises(AwsError, match="states:StartExecution"):
        list(read.redrive(ids(read.read())))
    assert len(read.read().seen) == 2


def test_an_interruption_loses_nothing(aws: LetterStage) -> None:
    """What was taken is gone, the others are there at once."""
    for post in ("1", "2", "3"):
        aws.undelivered("send-tweets", event("SEND_TWEET", command(post)))
    read = AwsDeadLetters(aws.bot)
    working = read.redrive(ids(read.read()))
    assert next(working) == 1
    working.close()  # type: ignore[attr-defined]
    assert len(read.read().seen) == 2
    assert len(aws.tweets()) == 1


def test_whoever_stops_it_is_told_how_far_it_came(
    aws: LetterStage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after the first of three: 130, and the others are there."""
    for post in ("1", "2", "3"):
        aws.undelivered("send-tweets", event("SEND_TWEET", command(post)))
    deliver = Redriving.deliver
    delivered: list[DeadLetter] = []

    def until_ctrl_c(redriving: Redriving, letter: DeadLetter, sent: Message) -> None:
        if delivered:
            raise KeyboardInterrupt
        delivered.append(letter)
        deliver(redriving, letter, sent)

    monkeypatch.setattr(Redriving, "deliver", until_ctrl_c)
    assert run(["dlq", "redrive", "--all", "--stage", "prod"]) == Exit.INTERRUPTED
    assert "1 of 3 dead letters delivered again" in capsys.readouterr().err
    assert (aws.left("egress"), len(aws.tweets())) == (2, 1)


def test_what_somebody_else_looks_at_is_said(aws: LetterStage) -> None:
    """Its number is; and purging all takes it with it."""
    aws.undelivered("send-tweets", event("SEND_TWEET", command("1")))
    aws.hide_all("egress")
    read = AwsDeadLetters(aws.bot)
    assert (read.read().seen, read.read().hidden) == ([], 1)
    assert read.purge_all() == 1
    assert read.read().hidden == 0


def test_what_is_no_event_is_not_delivered_again(aws: LetterStage, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said why, and it stays."""
    letter = aws.bury("egress", "{", ERROR_MESSAGE="not an event")
    assert run(["dlq", "redrive", "--all", "--stage", "prod"]) == 0
    assert f"{letter} can't be delivered again: it is no event" in capsys.readouterr().err
    read = AwsDeadLetters(aws.bot)
    with pytest.raises(TwbotError, match="no event"):
        list(read.redrive(ids(read.read())))
    assert run(["dlq", "show", letter[:8], "--stage", "prod"]) == 0
    assert aws.left("egress") == 1


def test_sqs_purges_once_a_minute(aws: LetterStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked earlier, it says so."""
    monkeypatch.setenv("MOTO_SQS_ENFORCE_STRICT_QUEUE_PURGE_BEHAVIOUR", "true")
    read = AwsDeadLetters(aws.bot)
    from moto.sqs import models

    monkeypatch.setattr(models, "sqs_enforce_strict_queue_purge_behaviour", lambda: True)
    for post in ("1", "2"):
        aws.undelivered("send-tweets", event("SEND_TWEET", command(post)))
        if post == "1":
            read.purge_all()
    with pytest.raises(AwsError, match="within the last 60 seconds"):
        read.purge_all()


def test_many_are_seen_once_each(aws: LetterStage) -> None:
    """More than SQS gives out at once, from two queues."""
    for number in range(23):
        aws.undelivered("send-tweets", event("SEND_TWEET", command(str(number))))
        aws.failed("responding", event("MESSAGE_ANALYSED", message(str(number))))
    found = ids(AwsDeadLetters(aws.bot).read())
    assert len(found) == len(set(found)) == 46
    assert (aws.left("egress"), aws.left("responding")) == (23, 23)


def test_ends_where_the_same_come_again_and_again(aws: LetterStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they do when looking takes longer than SQS hides them: what was not seen is said to be there."""
    monkeypatch.setattr(operate_letters, "PEEK_VISIBILITY_TIMEOUT", 0)
    for number in range(23):
        aws.undelivered("send-tweets", event("SEND_TWEET", command(str(number))))
    found = AwsDeadLetters(aws.bot).read()
    assert len(set(ids(found))) == len(found.seen) >= 10
    assert len(found.seen) + found.hidden == 23


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.fixed_dictionaries(
    {name: st.text() for name in ("id", "source", "time", "detail-type")} | {"detail": st.dictionaries(NAMES, JSON)}
)
TOLD = st.sampled_from(
    ["RULE_ARN", "ERROR_CODE", "ERROR_MESSAGE", "RETRY_ATTEMPTS", "RequestID", "ErrorCode", "REDRIVEN"]
)


@given(st.text() | (JSON | EVENTS).map(json.dumps), st.dictionaries(TOLD, st.text()), st.sampled_from(services()))
def test_whatever_lies_there_can_be_listed(body: str, attributes: dict[str, str], service: str) -> None:
    """It has a rule of its service and a reason; one broken letter does not hide the others."""
    stage = StageConfig(name="prod", settings=Settings(), aws=AwsConfig())
    letter = dead_letter_of(Message("1", body, 0.0, attributes, "receipt"), service, stage)
    assert letter.rule in {rule.name for rule in RULES if rule.service == service}
    assert letter.reason
    assert json.loads(msgspec.json.encode(letter))


def test_a_stage_that_is_not_deployed(on_aws: None) -> None:
    """Has no queue: it is said what to type."""
    with pytest.raises(NotDeployed) as error:
        AwsDeadLetters(AwsBot("prod")).read()
    assert "twbot deploy --stage prod" in str(error.value.hint)


def test_history_keeps_the_local_ones(tmp_path: Path) -> None:
    """Their ids are the deliveries' numbers."""
    here = OnThisMachine(tmp_path)
    here.dies("1")
    with History(DataFolder(tmp_path).bus) as history:
        assert ids(here.read.read()) == [str(each.id) for each in history.dead_letters()]
