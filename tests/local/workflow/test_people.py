"""The own people of a stage in its workflow, under our interpreter and moto's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.workflow_cases import CASES, EVERYTHING, NOTHING, message
from tests.support.workflow_interpreters import by_moto, by_us
from tests.support.workflow_recordings import Json, Recording, Refusal
from twbot.stacks.state_machine import machines, workflow

RUNS = pytest.mark.parametrize("run", [by_us, by_moto])
CASE = CASES["text and three pictures"]


class WithPeople(Recording):
    """The function `people`, which names every face Ada; or refuses."""

    def __init__(self, refusal: Refusal | None = None, answers: Json | None = None) -> None:
        super().__init__(answers or {})
        self._refusal = refusal
        self.asked: list[Json] = []

    def answer(self, operation: str, parameters: Json) -> Any:
        if parameters.get("FunctionName") != "people":
            return super().answer(operation, parameters)
        self.asked.append(parameters["Payload"])
        if self._refusal is not None:
            return self._refusal
        payload = parameters["Payload"]
        faces = [each["Face"] for each in payload["CelebrityFaces"]] + payload["UnrecognizedFaces"]
        return {"CelebrityFaces": [{"Name": "Ada", "Face": each} for each in faces], "UnrecognizedFaces": []}


def definition() -> Json:
    found: Json = json.loads(json.dumps(workflow(EVERYTHING, people=True)).replace("${PeopleFunction}", "people"))
    return found


def images(recording: Recording) -> list[Json]:
    (event,) = recording.events
    assert event["DetailType"] == "MESSAGE_ANALYSED"
    return [image["Analysis"] for image in event["Detail"]["Analysis"]["Images"]]


def of_all(run: Any) -> list[Json]:
    plain = Recording({})
    run(workflow(EVERYTHING), message(CASE), plain)
    return images(plain)


@RUNS
def test_own_people_are_named_beside_celebrities(run: Any) -> None:
    """In the same shapes; all else that was found stays."""
    recording = WithPeople()
    run(definition(), message(CASE), recording)
    assert len(recording.asked) == 3
    for found, before in zip(images(recording), of_all(run), strict=True):
        count = len(before["CelebrityFaces"]) + len(before["UnrecognizedFaces"])
        assert [each["Name"] for each in found["CelebrityFaces"]] == ["Ada"] * count
        assert found["UnrecognizedFaces"] == []
        rest = {name: value for name, value in before.items() if not name.endswith("Faces")}
        assert rest.items() <= found.items()


@RUNS
def test_a_search_that_fails_costs_the_own_people_alone(run: Any) -> None:
    """Celebrities and strangers stay as Rekognition found them."""
    recording = WithPeople(Refusal("Permanent", "no collection"))
    run(definition(), message(CASE), recording)
    assert images(recording) == of_all(run)


@RUNS
def test_without_faces_nobody_is_searched(run: Any) -> None:
    """Where RecognizeCelebrities itself fails."""
    refused = {"rekognition:RecognizeCelebrities": [Refusal("Rekognition.InvalidImageFormatException")]}
    recording = WithPeople(answers=refused)
    run(definition(), message(CASE), recording)
    assert recording.asked == []


def test_without_the_detector_there_is_no_search() -> None:
    """Nothing leads to it."""
    names = {name for each in machines(workflow(NOTHING, people=True)) for name in each["States"]}
    assert not {name for name in names if "People" in name}
