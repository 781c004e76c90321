"""What CloudWatch has of the functions, Lambda, the workflow and the webhook, as lines of the log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from twbot.cli.operations.logs.aws_lines import Source, line_of
from twbot.cli.operations.logs.records import LEVELS, LogFilter, level

TEXT = Source("/twbot/prod/text", "responding", "text")
REQUEST = "8fc6f963-411b-58b5-8483-a32130c0f45d"
AT = 1795422415.25


def read(said: object) -> dict[str, Any]:
    return line_of(said if isinstance(said, str) else json.dumps(said), AT, TEXT)


def test_our_own_lines() -> None:
    """As Powertools writes them: the same fields as on `local`, with what `extra` gave."""
    said = {"level": "WARNING", "location": "send:4", "message": "reply put off", "service": "egress"}
    said |= {
        "timestamp": "2026-11-23 10:00:00,000+0000",
        "xray_trace_id": "1-2",
        "correlation_id": "7",
        "seconds": "60",
    }
    assert read(said) == {
        "timestamp": "2026-11-23T08:26:55.250Z",
        "level": "WARNING",
        "logger": "twbot.responding",
        "message": "reply put off",
        "correlation_id": "7",
        "function": "text",
        "seconds": "60",
    }


@pytest.mark.parametrize(
    ("said", "loud", "words"),
    [
        (f"START RequestId: {REQUEST} Version: 3", "DEBUG", "START"),
        (f"REPORT RequestId: {REQUEST}\tDuration: 3 ms", "DEBUG", "REPORT"),
        (f"2026-11-23T08:00:00.000Z {REQUEST} Task timed out after 20.00 seconds", "ERROR", "timed out"),
        (f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed", "ERROR", "killed"),
        ("printed", "INFO", "printed"),
        ({"type": "platform.start", "time": "", "record": {"requestId": REQUEST}}, "DEBUG", "start"),
        ({"type": "platform.report", "record": {"status": "success", "metrics": {}}}, "DEBUG", "report"),
        ({"type": "platform.report", "record": {"status": "timeout"}}, "ERROR", "too long"),
        (
            {"type": "platform.report", "record": {"status": "error", "errorType": "Runtime.OutOfMemory"}},
            "ERROR",
            "bad",
        ),
        ({"type": "platform.logsDropped", "record": {"reason": "too much"}}, "ERROR", "logsDropped"),
        ({"errorType": "Runtime.ImportModuleError", "errorMessage": "No module"}, "ERROR", "ImportModuleError: No"),
        ({"_aws": {"Timestamp": 1}, "ReplyPutOff": [1]}, "DEBUG", "metrics"),
        ({"status": "403", "method": "POST", "path": "/twitter", "milliseconds": "3"}, "WARNING", "POST /twitter 403"),
        ({"status": "502", "method": "POST", "path": "/twitter", "milliseconds": "3"}, "ERROR", "502"),
        ({"status": "200", "method": "GET", "path": "/twitter", "milliseconds": "3"}, "DEBUG", "200"),
        ({"level": "FATAL", "message": {"a": 1}}, "CRITICAL", "{'a': 1}"),
    ],
)
def test_other_lines(said: object, loud: str, words: str) -> None:
    """Crashes and time-outs are errors; what Lambda says of each invocation is for who asks."""
    line = read(said)
    assert level(line) == loud
    assert words in line["message"]


def test_what_failed_in_the_workflow() -> None:
    """Aloud; its other steps are trace's."""
    step = {"id": "3", "type": "TaskFailed", "details": {"error": "Temporary"}, "event_timestamp": "1"}
    step |= {"execution_arn": "arn:x"}
    assert (level(read(step)), read(step)["error"]) == ("WARNING", "Temporary")
    assert level(read(step | {"type": "ExecutionFailed"})) == "ERROR"
    assert level(read(step | {"type": "TaskSucceeded"})) == "DEBUG"


@given(
    some.one_of(
        some.text(), some.dictionaries(some.text(), some.integers() | some.text() | some.none()).map(json.dumps)
    )
)
def test_any_line_is_one(text: str) -> None:
    """Whatever is printed: it has a time, a level, and can be filtered."""
    line = line_of(text, AT, TEXT)
    assert level(line) in LEVELS
    assert isinstance(line["message"], str)
    assert LogFilter(service="text", level="DEBUG").takes(line) == (line["function"] == "text")
