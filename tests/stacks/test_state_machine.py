"""What the workflow asks of AWS, held against the services' own models; and detectors switched off."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from twbot.stacks.config import Detectors
from twbot.stacks.state_machine import STATES, machines, tasks, workflow

ALL = Detectors(entities=True)
SDK = "arn:aws:states:::aws-sdk:"
# The optimised integrations: whose API they are.
OPTIMISED = {
    "arn:aws:states:::lambda:invoke": ("lambda", "Invoke"),
    "arn:aws:states:::events:putEvents": ("events", "PutEvents"),
    "arn:aws:states:::sqs:sendMessage": ("sqs", "SendMessage"),
}


def operation(resource: str) -> OperationModel:
    service, name = OPTIMISED.get(resource) or tuple(resource.removeprefix(SDK).split(":"))
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(name[0].upper() + name[1:])


def check(sent: dict[str, Any], shape: Shape | None) -> None:
    """Each parameter is one of the shape's members, and each required member is there."""
    assert isinstance(shape, StructureShape)
    names = {name.removesuffix(".$"): value for name, value in sent.items()}
    assert names.keys() <= shape.members.keys()
    assert set(shape.required_members) <= names.keys()
    for name, value in names.items():
        member = shape.members[name]
        if isinstance(member, StructureShape) and isinstance(value, dict):
            check(value, member)
        if isinstance(member, ListShape):
            for one in value:
                check(one, member.member)


@pytest.mark.parametrize("task", [*tasks(workflow(ALL))], ids=lambda task: task["Resource"].rpartition(":")[2])
def test_every_task_is_an_operation_of_its_service(task: dict[str, Any]) -> None:
    """The operation exists, takes each parameter that the task sends, and gets each that it needs."""
    check(task["Parameters"], operation(task["Resource"]).input_shape)


@pytest.mark.parametrize("task", [*tasks(workflow(ALL))], ids=lambda task: task["Resource"].rpartition(":")[2])
def test_every_task_reads_what_its_service_answers(task: dict[str, Any]) -> None:
    """What a task selects of the answer is a member of the operation's output."""
    output = operation(task["Resource"]).output_shape
    if task["Resource"].startswith(SDK):
        assert isinstance(output, StructureShape)
        selected = {**task["ResultSelector"], **task["ResultSelector"].get("Found", {})}
        paths = [path for name, path in selected.items() if name.endswith(".$")]
        assert paths
        assert all(path.removeprefix("$.").split("[")[0].split(".")[0] in output.members for path in paths)


def names_of(service: ServiceModel) -> set[str]:
    """Step Functions' names for a service's errors: those of the AWS SDK for Java, with which it calls the services.

    An error that the service's model does not know, such as Comprehend's ThrottlingException, has its base class's.
    """
    prefix = str(service.service_id)
    modelled = {name if name.endswith("Exception") else f"{name}Exception" for name in service.shape_names}
    return {f"{prefix}.{name}" for name in {*modelled, f"{prefix}Exception", "SdkClientException"}}


@pytest.mark.parametrize("task", [*tasks(workflow(ALL))], ids=lambda task: task["Resource"].rpartition(":")[2])
def test_every_error_retried_is_one_of_its_service(task: dict[str, Any]) -> None:
    """A misspelt exception would never be retried or caught, nor one that the service does not have."""
    if task["Resource"].startswith(SDK):
        service = operation(task["Resource"]).service_model
        named = {error for policy in (*task["Retry"], *task["Catch"]) for error in policy["ErrorEquals"]}
        assert named - {"States.ALL", "States.DataLimitExceeded"} <= names_of(service)
        # Throttling is retried: under its own name where the service's model knows it, else under the base class's.
        assert f"{service.service_id}.{service.service_id}Exception" in named


def test_local_models_fail_under_the_names_of_aws() -> None:
    """Each error that the models of this machine raise is one that the service's model has for these calls."""
    known: dict[str, set[str]] = {"LexRuntimeV2": {"ValidationException"}}
    for task in tasks(workflow(ALL)):
        if task["Resource"].startswith(SDK):
            model = operation(task["Resource"])
            known.setdefault(str(model.service_model.service_id), set()).update(e.name for e in model.error_shapes)
    raised = {
        found.groups()
        for path in (ROOT / "local/models").glob("*.py")
        for found in re.finditer(r'"(Comprehend|Rekognition|LexRuntimeV2)\.(\w+)"', path.read_text())
    }
    assert len(raised) >= 6
    assert not {(service, name) for service, name in raised if name not in known[service]}


DETECTORS = st.builds(Detectors, **dict.fromkeys(STATES, st.booleans()))


@given(DETECTORS)
def test_what_is_off_is_not_asked(detectors: Detectors) -> None:
    """No task of a detector that is off is left, and every one that is on is there."""
    asked = {task["Resource"].rpartition(":")[2].lower() for task in tasks(workflow(detectors))}
    for name, state in STATES.items():
        wanted = getattr(detectors, name) and (name != "language" or detectors.sentiment or detectors.entities)
        assert (state.lower() in asked) == wanted


@given(DETECTORS)
def test_every_way_leads_to_a_state_and_every_state_is_on_a_way(detectors: Detectors) -> None:
    """Step Functions takes no definition with a dangling transition, or a state that nothing leads to."""
    for machine in machines(workflow(detectors)):
        states = machine["States"]
        named = {machine["StartAt"]} | {
            way[key]
            for state in states.values()
            for way in (state, *state.get("Choices", ()), *state.get("Catch", ()))
            for key in ("Next", "Default")
            if key in way
        }
        assert named == states.keys()


def test_what_is_off_neither_found_nor_failed() -> None:
    """In the place of a detector stands a state that finds no field at all, and counts as not tried."""
    everything_off = Detectors(**dict.fromkeys(STATES, False))
    states = {
        name: state for machine in machines(workflow(everything_off)) for name, state in machine["States"].items()
    }
    for name in set(STATES.values()) - {"DetectDominantLanguage"}:
        assert states[name]["Result"] == {"Found": {}, "Outcome": "skipped"}
    assert not [name for name in states if name.endswith("Failed") and name.startswith(("Detect", "Recognize"))]


def test_by_default_only_ai_whose_answer_is_used() -> None:
    """Nothing of the bot reads the entities; alerts read the sentiment, replies all that is found in pictures."""
    asked = {task["Resource"].rpartition(":")[2] for task in tasks(workflow(Detectors()))}
    assert "detectEntities" not in asked
    assert asked >= {"detectSentiment", "detectLabels", "detectText", "recognizeCelebrities"}
