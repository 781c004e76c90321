"""What a step gets from the workflow, and what it may answer."""

from __future__ import annotations

from typing import Any

import pytest

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import BadEvent, Permanent
from twbot.lambdas.folder.records import Step
from twbot.lambdas.own.steps import MAX_BYTES, answer_step
from twbot.lambdas.ports import Call

EVENT = {
    "id": "1",
    "source": "BOT",
    "detail-type": "MESSAGE_RECEIVED",
    "time": "2026-11-23T23:00:00Z",
    "detail": {"Text": "Hi"},
}
TEXT = Step(name="Toxicity", of="text", run="bot.toxic:score", secrets=["KEY"], timeout=7)
IMAGE = Step(name="Style", of="image", run="bot.style:of")


class Answering:
    """The Functions that answer one thing, and remember what they were asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[Call, Event]] = []

    def call(self, call: Call, event: Event) -> Any:
        self.asked.append((call, event))
        return self.answer


def test_a_step_is_called_with_the_message() -> None:
    """It gets the event, its secrets and its time; of an image the event has the image's key as well."""
    functions = Answering({"score": 0.5})
    assert answer_step(TEXT, {"Event": EVENT}, functions, [TEXT]) == {"score": 0.5}
    answer_step(IMAGE, {"Event": EVENT, "Image": {"Key": "1/a.jpg"}}, functions, [IMAGE])
    (text, event), (_, about_image) = functions.asked
    assert text == Call("Toxicity", "bot.toxic:score", ("KEY",), 7)
    assert event.detail == {"Text": "Hi"}
    assert about_image.detail == {"Text": "Hi", "Image": {"Key": "1/a.jpg"}}


@pytest.mark.parametrize("answer", [None, "toxic", 0.9, [1], True])
def test_an_answer_that_is_no_object_is_refused(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The error says what is expected, and where it goes; so does the log, as the workflow goes on without it."""
    with pytest.raises(Permanent, match=r"bot.toxic:score.*dict.*Analysis.Own.Toxicity") as raised:
        answer_step(TEXT, {"Event": EVENT}, Answering(answer), [TEXT])
    assert caplog.messages == [str(raised.value)]


def test_steps_share_the_room_of_their_kind(caplog: pytest.LogCaptureFixture) -> None:
    """What all steps of a kind answer together is bounded, however many there are."""
    answer = {"words": "x" * (MAX_BYTES // 2)}
    answer_step(TEXT, {"Event": EVENT}, Answering(answer), [TEXT, IMAGE])
    other = Step(name="Other", of="text", run="bot.other:score")
    with pytest.raises(Permanent, match=f"room for {MAX_BYTES // 2}"):
        answer_step(TEXT, {"Event": EVENT}, Answering(answer), [TEXT, other])
    assert "the workflow has room for" in caplog.text


@pytest.mark.parametrize("payload", [{}, {"Event": {"id": 1}}])
def test_a_payload_of_something_else_is_refused(payload: Any) -> None:
    with pytest.raises(BadEvent, match="payload of a step"):
        answer_step(TEXT, payload, Answering({}), [TEXT])
