"""Steps of the bot's folder in the workflow, under our interpreter and moto's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.full_pictures import CELEBRITIES, CROWD, SCREENSHOT, answers_with
from tests.support.workflow_cases import CASES, EVERYTHING, NOTHING, message
from tests.support.workflow_interpreters import by_moto, by_us
from tests.support.workflow_recordings import Json, Recording, Refusal
from twbot.lambdas.analysis.workflow import FILE, placeholder
from twbot.lambdas.analysis.workflow import workflow as declared
from twbot.lambdas.folder.records import Step
from twbot.lambdas.own.steps import MAX_BYTES
from twbot.stacks.config import Detectors
from twbot.stacks.state_machine import machines, workflow

TOXICITY = Step(name="Toxicity", of="text", run="bot.toxic:score")
# As a state of ours is called.
TRIM = Step(name="TrimText", of="text", run="bot.trim:score")
STYLE = Step(name="Style", of="image", run="bot.style:of", timeout=7)
LOGO = Step(name="Logo", of="image", run="bot.logo:of")
RUNS = pytest.mark.parametrize("run", [by_us, by_moto])


class Answers(Recording):
    """Answers of steps besides, by the steps' names."""

    def __init__(self, steps: Json, answers: Json | None = None) -> None:
        super().__init__(answers or {})
        self._steps = steps
        self.asked: list[tuple[str, Json]] = []

    def answer(self, operation: str, parameters: Json) -> Any:
        name = parameters.get("FunctionName", "")
        if name not in self._steps:
            return super().answer(operation, parameters)
        self.asked.append((name, parameters["Payload"]))
        return self._steps[name]


def defined(steps: list[Step], detectors: Detectors = EVERYTHING) -> Json:
    """The definition, where the name of a step's function is the step's."""
    written = json.dumps(workflow(detectors, steps))
    for step in steps:
        written = written.replace(f"${{{placeholder(step)}}}", step.name)
    found: Json = json.loads(written)
    return found


def analysis(recording: Recording) -> Json:
    (event,) = recording.events
    assert event["DetailType"] == "MESSAGE_ANALYSED"
    found: Json = event["Detail"]["Analysis"]
    return found


def test_without_steps_the_definition_is_the_file() -> None:
    assert declared() == json.loads(FILE.read_text())


@RUNS
def test_a_step_s_answer_is_in_the_analysis(run: Any) -> None:
    """Of a text in Analysis.Own, of an image in its own analysis, beside all that the detectors found."""
    case = CASES["text and three pictures"]
    answers = Answers({"Toxicity": {"score": 0.9}, "TrimText": {}, "Style": {"is": "cubist"}, "Logo": {"seen": True}})
    plain = Recording({})
    run(defined([TOXICITY, STYLE, TRIM, LOGO]), message(case), answers)
    run(defined([]), message(case), plain)
    found = analysis(answers)
    assert found.pop("Own") == {"Toxicity": {"score": 0.9}, "TrimText": {}}
    images = [image["Analysis"].pop("Own") for image in found["Images"]]
    assert images == [{"Style": {"is": "cubist"}, "Logo": {"seen": True}}] * 3
    assert found == analysis(plain)


@RUNS
def test_a_step_gets_the_message_as_it_was_delivered(run: Any) -> None:
    """With its envelope, and the mark of a replay; of an image with its key."""
    case = CASES["text and a picture"]._replace(replay="monday")
    answers = Answers({"Toxicity": {}, "Style": {}})
    run(defined([TOXICITY, STYLE]), message(case), answers)
    event = message(case)
    assert event["replay-name"] == "monday"
    asked = dict(answers.asked)
    assert asked == {"Toxicity": {"Event": event}, "Style": {"Event": event, "Image": {"Key": "1/a.jpg"}}}


@RUNS
@pytest.mark.parametrize(
    ("failure", "times"), [("FunctionFailed", 1), ("Permanent", 1), ("Temporary", 3), ("Lambda.ServiceException", 3)]
)
def test_a_step_that_fails_costs_its_own_field(run: Any, failure: str, times: int) -> None:
    """Temporary faults are tried again. The rest of the message is as it is without the step."""
    case = CASES["text and a picture"]
    failing = Refusal(failure)
    answers = Answers({"Toxicity": failing, "TrimText": {"score": 1}, "Style": failing})
    run(defined([TOXICITY, TRIM, STYLE]), message(case), answers)
    assert analysis(answers)["Own"] == {"TrimText": {"score": 1}}
    assert "Own" not in analysis(answers)["Images"][0]["Analysis"]
    assert [name for name, _ in answers.asked].count("Style") == times


@RUNS
@pytest.mark.parametrize("answer", [{"score": 1}, Refusal("FunctionFailed")])
def test_steps_decide_not_whether_a_message_is_analysed(run: Any, answer: Any) -> None:
    """Where our detectors fail it is not, and where they are off or read no such language it is: as without steps."""
    down = Answers({"Toxicity": answer}, dict(CASES["nothing could be analysed"].answers))
    run(defined([TOXICITY]), message(CASES["nothing could be analysed"]), down)
    assert [event["DetailType"] for event in down.events] == ["ANALYSIS_FAILED"]
    for name, detectors in (("a language that nobody reads", EVERYTHING), ("all detectors off", NOTHING)):
        off = Answers({"Toxicity": answer, "Style": answer})
        run(defined([TOXICITY, STYLE], detectors), message(CASES[name]), off)
        own = {} if isinstance(answer, Refusal) else {"Own": {"Toxicity": answer}}
        assert {key: value for key, value in analysis(off).items() if key == "Own"} == own
        for image in analysis(off)["Images"]:
            assert image["Analysis"] == ({} if isinstance(answer, Refusal) else {"Own": {"Style": answer}})


@RUNS
def test_a_step_of_texts_is_not_asked_where_there_is_none(run: Any) -> None:
    answers = Answers({"Toxicity": {}, "Style": {}})
    run(defined([TOXICITY, STYLE]), message(CASES["a picture without text"]), answers)
    assert [name for name, _ in answers.asked] == ["Style"]
    assert "Own" not in analysis(answers)


def test_each_state_has_a_name_of_its_own_and_a_step_its_time() -> None:
    """Also where a step is called as a state of ours."""
    names = [
        name for machine in machines(workflow(EVERYTHING, [TOXICITY, TRIM, STYLE, LOGO])) for name in machine["States"]
    ]
    assert len(names) == len(set(names))
    (style,) = (
        state["Own-Style"]
        for machine in machines(workflow(EVERYTHING, [STYLE]))
        if "Own-Style" in (state := machine["States"])
    )
    assert style["TimeoutSeconds"] == 7 + 5


@RUNS
@pytest.mark.parametrize("found", [SCREENSHOT, CROWD, CELEBRITIES], ids=["screenshots", "crowds", "celebrities"])
def test_four_full_pictures_with_full_answers_of_steps_fit(run: Any, found: Json) -> None:
    """All that steps may answer beside all that the detectors find: the message is not lost to the state's limit."""
    case = CASES["text and three pictures"]._replace(pictures=("a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    full = {"words": "x" * (MAX_BYTES - 20)}
    answers = Answers({"Toxicity": full, "Style": full}, answers_with(found))
    run(defined([TOXICITY, STYLE]), message(case), answers)
    assert analysis(answers)["Own"]["Toxicity"] == full
    assert [image["Analysis"]["Own"]["Style"] for image in analysis(answers)["Images"]] == [full] * 4
