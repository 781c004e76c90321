"""The operating commands know the rules of the bot's folder on AWS, which keeps no record of deliveries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.own_folder import write_own_folder
from twbot.cli.operations.aws_queue import Message
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.dead_letters.aws_messages import dead_letter_of, failed_rules
from twbot.cli.operations.logs.aws import sources
from twbot.cli.operations.logs.records import Line
from twbot.cli.operations.metrics.aws import AwsMetrics
from twbot.cli.operations.traces.aws_deliveries import deliveries
from twbot.lambdas.contracts import Event
from twbot.lambdas.folder.folder import VARIABLE
from twbot.lambdas.own.failures import RAN, named_after
from twbot.lambdas.settings import Settings
from twbot.lambdas.wiring import services
from twbot.stacks.config import AwsConfig, StageConfig

STAGE = StageConfig(name="test", settings=Settings(), aws=AwsConfig())
MESSAGE = {"Text": "hi", "Author": "ann", "Summoned": False, "Twitter": {"TweetId": "12", "UserId": "5"}}
FUNCTION = {"RequestID": "e4b46cbf", "ErrorCode": "200"}
BUS = "arn:aws:events:eu-west-1:123456789012:rule/twbot-test-Plumbing/twbot-test-"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(write_own_folder(tmp_path)))


def event(kind: str = "MESSAGE_ANALYSED", **detail: Any) -> Event:
    time = "2026-11-23T10:00:00Z"
    return Event(id="1", source="BOT", time=time, detail={**MESSAGE, **detail}, detail_type=kind)


ANGRY = event(Analysis={"SentimentScore": {"Negative": 0.95}})
RECEIVED = event("MESSAGE_RECEIVED")


def letter(event: Event, **attributes: str) -> Message:
    return Message("m", msgspec.json.encode(event).decode(), 0.0, attributes, "receipt")


@pytest.mark.parametrize(
    ("event", "attributes", "rule"),
    [
        # EventBridge names the rule.
        (RECEIVED, {"RULE_ARN": f"{BUS}queue", "ERROR_CODE": "NO_PERMISSIONS"}, "queue"),
        # Lambda does not; the error of the function does.
        (ANGRY, {**FUNCTION, "ErrorMessage": named_after("crm-angry", "KeyError: 'x'")}, "crm-angry"),
        (RECEIVED, {**FUNCTION, "ErrorMessage": named_after("hook", "503")}, "hook"),
        # A time-out names nothing: it is the rule with a function that takes such events.
        (ANGRY, {**FUNCTION, "ErrorMessage": "Task timed out after 45.00 seconds"}, "crm-angry"),
        (RECEIVED, {**FUNCTION, "ErrorMessage": "Task timed out after 30.00 seconds"}, "all-again"),
    ],
)
def test_a_dead_letter_names_its_rule(event: Event, attributes: dict[str, str], rule: str) -> None:
    """And is delivered again to that one alone."""
    found = dead_letter_of(letter(event, **attributes), "own", STAGE)
    assert (found.rule, found.obstacle) == (rule, None)
    assert failed_rules(letter(event, **attributes), found.rule) == [rule]


@pytest.mark.parametrize(
    "attributes",
    [
        {"RULE_ARN": f"{BUS}gone", "ERROR_CODE": "NO_PERMISSIONS"},
        {**FUNCTION, "ErrorMessage": named_after("gone", "KeyError: 'x'")},
    ],
)
def test_a_dead_letter_of_a_rule_that_is_gone_goes_to_no_other(attributes: dict[str, str]) -> None:
    """It says what it is of, why it can't be delivered again, and what to do."""
    found = dead_letter_of(letter(ANGRY, **attributes), "own", STAGE)
    assert found.rule == "gone"
    assert "purge" in str(found.obstacle)


def line(function: str, message: str, at: str, level: str = "INFO", **more: Any) -> Line:
    return {"timestamp": at, "level": level, "message": message, "function": function, "correlation_id": "12", **more}


def test_the_trace_shows_what_own_functions_did() -> None:
    """Done after a failure; given up, with the reason; and nothing of those that the post did not concern."""
    lines = [
        line("own-crm-angry", "the invocation failed", "2026-11-23T10:00:01Z", "ERROR", reason="503"),
        line("own-crm-angry", RAN, "2026-11-23T10:00:05Z"),
        *(
            line("own-all-again", "the invocation failed", f"2026-11-23T10:00:0{n}Z", "ERROR", reason="KeyError: 'x'")
            for n in (1, 2, 3)
        ),
    ]
    found = {each.name: each for each in deliveries([RECEIVED, ANGRY], lines)}
    assert found.keys() == {"crm-angry", "all-again"}
    angry, again = found["crm-angry"], found["all-again"]
    assert (angry.state, angry.attempts, angry.error) == ("done", 2, None)
    assert (again.state, again.attempts) == ("dead", 3)
    assert "KeyError" in str(again.error)


def test_own_functions_are_logged_and_measured() -> None:
    """`logs --service own`, and the metrics of each function."""
    own = {each.function for each in sources(STAGE) if each.service == "own"}
    assert {"own-crm-angry", "own-all-again", "own-hook", "step-Toxicity", "step-Style"} == own
    assert "people" in {each.function for each in sources(STAGE) if each.service == "analysis"}
    assert "own" in services()
    names = {each.name for each in AwsMetrics(AwsBot("test")).all_metrics()}
    assert {"function-errors-own-crm-angry", "function-time-people", "dead-letters-own", "TICKET_OPENED"} <= names
