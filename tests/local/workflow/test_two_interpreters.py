"""The workflow of the ASL file, run by our interpreter and by moto's with the same recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.full_pictures import CELEBRITIES, CROWD, SCREENSHOT, answers_with
from tests.support.workflow_cases import CASES, EVERYTHING, KEEP, PUT, Case, check, message
from tests.support.workflow_interpreters import Ended, by_moto, by_us
from tests.support.workflow_recordings import Recording, Refusal
from twbot.stacks.state_machine import workflow


@pytest.mark.parametrize("name", CASES)
def test_an_independent_interpreter_tells_the_bus_the_same(name: str) -> None:
    """The same event; every call as often, with the same parameters and waits before it, and the event after all."""
    case = CASES[name]
    ours, theirs = Recording(case.answers), Recording(case.answers)
    definition = workflow(case.detectors)
    by_us(definition, message(case), ours)
    by_moto(definition, message(case), theirs)
    assert ours.events == theirs.events
    assert ours.lanes() == theirs.lanes()
    assert sorted(ours.waits) == sorted(theirs.waits)
    check(case, ours)
    check(case, theirs)


@pytest.mark.parametrize("name", ["text", "nothing could be analysed"])
def test_what_can_not_be_published_is_kept(name: str) -> None:
    """A bus that takes nothing is asked six times by either; then the whole event is a dead letter with the reason."""
    case = CASES[name]._replace(replay="monday")
    answers = {**case.answers, PUT: [Refusal("InternalException", "the bus is down")]}
    for run in (by_us, by_moto):
        recording = Recording(answers)
        run(workflow(case.detectors), message(case), recording)
        assert len(recording.events) == 6
        assert recording.waits == [1, 2, 4, 8, 16]
        operation, letter = recording.calls[-1]
        assert (operation, letter["QueueUrl"], letter["MessageBody"]) == (KEEP, "dead-letters", message(case))
        assert "the bus is down" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_last_resort_that_fails_fails_the_execution() -> None:
    """Where not even the queue takes the message, the execution fails, which rings an alarm."""
    answers = {PUT: [Refusal("InternalException")], KEEP: [Refusal("RequestThrottled")]}
    for run in (by_us, by_moto):
        recording = Recording(answers)
        with pytest.raises(Ended):
            run(workflow(EVERYTHING), message(CASES["text"]), recording)
        assert [operation for operation, _ in recording.calls].count(KEEP) == 6


FIELDS = {"Followers": 5001, "Kind": "quote", "Completes": ["Author"], "InventedLater": {"by": ["somebody", None, 1.5]}}


@pytest.mark.parametrize("run", [by_us, by_moto])
@pytest.mark.parametrize("name", ["text and a picture", "nothing could be analysed"])
def test_every_field_of_a_message_travels(run: Any, name: str) -> None:
    """MESSAGE_ANALYSED has all of MESSAGE_RECEIVED, also what is invented later; ANALYSIS_FAILED has it as Message."""
    case, recording = CASES[name], Recording(CASES[name].answers)
    event = message(case)
    event["detail"] |= FIELDS | {"Twitter": {"TweetId": "3", "UserId": "2", "FirstTweetId": "1"}}
    run(workflow(case.detectors), event, recording)
    detail = recording.events[-1]["Detail"]
    assert detail.get("Message", detail) == event["detail"] | (
        {"Analysis": detail["Analysis"]} if "Analysis" in detail else {}
    )


# moto's interpreter takes seconds for each: it tries the shortest and the longest letters.
@pytest.mark.parametrize(
    ("run", "letters"),
    [(by_us, "a"), (by_us, "ü"), (by_us, "語"), (by_us, "😡"), (by_moto, "a"), (by_moto, "😡")],
    ids=lambda each: f"{len(each.encode())} bytes" if isinstance(each, str) else each.__name__,
)
@pytest.mark.parametrize("found", [SCREENSHOT, CROWD, CELEBRITIES], ids=["screenshots", "crowds", "celebrities"])
def test_the_fullest_message_fits(run: Any, found: dict[str, Any], letters: str) -> None:
    """25,000 characters of any script with four full pictures are analysed: no state is larger than 256 KiB."""
    case = Case("word " + letters * 24_995, {}, {}, pictures=("a.jpg", "b.jpg", "c.jpg", "d.jpg"), detectors=EVERYTHING)
    recording = Recording(answers_with(found))
    run(workflow(case.detectors), message(case), recording)
    (event,) = recording.events
    assert event["DetailType"] == "MESSAGE_ANALYSED"
    assert event["Detail"]["Text"] == case.text
    assert len(event["Detail"]["Analysis"]["Images"]) == 4
    assert all("Problem" not in image for image in event["Detail"]["Analysis"]["Images"])
    for operation, sent in recording.calls:
        if operation.startswith("comprehend:"):
            assert 4_000 < len(sent["Text"].encode()) <= 5_000


@pytest.mark.parametrize("run", [by_us, by_moto])
def test_a_message_beyond_the_limit_is_not_lost(run: Any) -> None:
    """What is larger than Step Functions carries ends by its error's name on either: nothing is published as found."""
    recording = Recording({})
    with pytest.raises(Ended, match=r"States\.DataLimitExceeded"):
        run(workflow(EVERYTHING), message(Case("x" * 262_144, {}, {})), recording)
    assert recording.events == []
