"""The analysis workflow's log, as Step Functions writes it, read as an execution with its states."""

from __future__ import annotations

import json
from typing import Any

import pytest

from twbot.cli.operations.logs.aws_workflow_lines import Step, step_in
from twbot.cli.operations.traces.aws_workflow_steps import executions

ARN = "arn:aws:states:eu-west-1:123456789012:express:twbot-prod-analysis:"
Said = tuple[str, int, dict[str, Any]]
START: list[Said] = [
    ("ExecutionStarted", 0, {}),
    ("ParallelStateEntered", 0, {"name": "Analyse"}),
    ("ParallelStateStarted", 2, {}),
    ("MapStateEntered", 3, {"name": "EachImage"}),
    ("MapStateStarted", 4, {"length": 2}),
    ("MapIterationStarted", 5, {"name": "EachImage", "index": 0}),
    ("MapIterationStarted", 5, {"name": "EachImage", "index": 1}),
]
TWO_PICTURES: list[Said] = [
    *START,
    ("TaskStateEntered", 6, {"name": "FetchImage"}),  # 8
    ("TaskStateEntered", 7, {"name": "FetchImage"}),  # 9
    ("TaskScheduled", 9, {}),  # 10
    ("TaskScheduled", 8, {}),  # 11
    ("TaskStarted", 10, {}),
    ("TaskStarted", 11, {}),
    ("TaskFailed", 12, {"error": "Temporary", "cause": "slow"}),  # 14
    ("TaskSucceeded", 13, {}),
    ("TaskStateExited", 15, {"name": "FetchImage"}),  # 16, the first picture's
    ("TaskScheduled", 14, {}),
    ("TaskTimedOut", 17, {}),
    ("TaskStateExited", 18, {"name": "FetchImage"}),  # 19, the second's
    ("MapIterationSucceeded", 19, {"name": "EachImage", "index": 1}),
    ("MapStateExited", 20, {"name": "EachImage"}),
    ("ParallelStateExited", 21, {"name": "Analyse"}),
    ("ExecutionSucceeded", 22, {}),
]


def history(said: list[Said], name: str = "one") -> list[Step]:
    """With an event a second, from 1 on."""
    return [
        Step(
            id=number,
            type=kind,
            event_timestamp=number * 1000,
            execution_arn=ARN + name,
            previous_event_id=before,
            details=details,
        )
        for number, (kind, before, details) in enumerate(said, start=1)
    ]


def test_states_side_by_side() -> None:
    """Each by its own chain of events: with its times, its tries and its error, and named as on `local`."""
    execution, *states = executions(history(TWO_PICTURES))
    assert (execution.name, execution.state, execution.start, execution.end) == ("analyse-messages", "done", 1, 23)
    assert [(each.name, each.start, each.end, each.attempts, each.error) for each in states] == [
        ("Analyse", 2, 22, 1, None),
        ("Analyse[1].EachImage", 4, 21, 1, None),
        ("Analyse[1].EachImage[0].FetchImage", 8, 16, 1, None),
        ("Analyse[1].EachImage[1].FetchImage", 9, 19, 2, "TaskTimedOut"),
    ]


@pytest.mark.parametrize(
    ("end", "state", "error"),
    [
        (("ExecutionFailed", 1, {"error": "States.Timeout", "cause": "5 min"}), "failed", "States.Timeout: 5 min"),
        (("ExecutionTimedOut", 1, {}), "failed", "ExecutionTimedOut"),
        (("ExecutionAborted", 1, {}), "failed", "ExecutionAborted"),
        (("PassStateEntered", 1, {"name": "NoMark"}), "waiting", None),
    ],
)
def test_how_an_execution_ended(end: Said, state: str, error: str | None) -> None:
    """Or that it goes on."""
    execution, *_ = executions(history([("ExecutionStarted", 0, {}), end]))
    assert (execution.state, execution.error) == (state, error)


def test_two_executions_in_any_order() -> None:
    """Lines come out of order; each execution has its own numbers."""
    mixed = [*history(TWO_PICTURES, "a"), *history(START, "b")][::-1]
    assert sorted(each.state for each in executions(mixed) if each.kind == "delivery") == ["done", "waiting"]


def test_what_is_missing_or_unknown() -> None:
    """A gap in the log, a loop, a state of an older deployment: as much as there is."""
    said: list[Said] = [("TaskStateEntered", 7, {"name": "Older"}), ("TaskStateExited", 99, {"name": "Older"})]
    _, state = executions(history(said))
    assert (state.name, state.end, state.attempts) == ("Older", 2, 1)


def test_reads_a_line() -> None:
    """Whose numbers are texts; and nothing else."""
    line = {"id": "2", "type": "PassStateEntered", "details": {"name": "NoMark"}, "redrive_count": "0"}
    line |= {"previous_event_id": "1", "event_timestamp": "1795422415244", "execution_arn": ARN + "x"}
    found = step_in(json.dumps(line))
    assert found is not None
    assert (found.id, found.at, found.name) == (2, 1795422415.244, "NoMark")
    assert [step_in(text) for text in ("", "[]", "{}", "START")] == [None] * 4
