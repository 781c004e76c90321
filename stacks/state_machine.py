"""The state machine of a stage: the workflow of lambdas/analysis without the detectors that are switched off."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from twbot.lambdas.analysis import workflow as declared
from twbot.lambdas.analysis.workflow import State
from twbot.lambdas.folder.folder import bot_folder, project
from twbot.lambdas.folder.people import has_people
from twbot.lambdas.folder.records import Step
from twbot.stacks.config import Detectors
from twbot.stacks.functions import PEOPLE

STATES = {
    "sentiment": "DetectSentiment",
    "entities": "DetectEntities",
    "language": "DetectDominantLanguage",
    "labels": "DetectLabels",
    "texts": "DetectText",
    "celebrities": "RecognizeCelebrities",
}
TRIM_TEXT, CELEBRITIES = "TrimText", STATES["celebrities"]
_SDK = "arn:aws:states:::aws-sdk:"


def workflow(detectors: Detectors, steps: Sequence[Step] = (), *, people: bool = False) -> State:
    """Return the definition without the detectors that are off: their fields are absent from what is found.

    steps: those of the bot's folder; people: whether the folder has people, whom RecognizeCelebrities does not know
    """
    definition = declared.workflow(steps)
    if people:
        _add_people(definition)
    off = {state for name, state in STATES.items() if not getattr(detectors, name)}
    if not (detectors.sentiment or detectors.entities):
        # Only these two need the language, and detecting it costs as much as either of them:
        # docs/decisions/0004-what-could-not-be-analysed-stays-visible.md
        off |= {STATES["language"], TRIM_TEXT}
    for machine in machines(definition):
        states = machine["States"]
        for name in off & states.keys():
            states[name] = _skipped(name, states)
        # Step Functions refuses a definition with states that nothing leads to, as a skipped detector's fallbacks are.
        machine["States"] = {name: states[name] for name in states if name in _reachable(machine)}
    return definition


def workflow_of_stage(detectors: Detectors) -> State:
    """Return the definition of a stage of this bot: with what its folder adds."""
    return workflow(detectors, bot_folder().steps, people=has_people(project()))


def _add_people(definition: State) -> None:
    """Search the faces of a picture among the bot's own people, after RecognizeCelebrities has found them.

    `local` compares with all people at once, and has no such state.
    """
    every = list(machines(definition))
    (states,) = (each["States"] for each in every if CELEBRITIES in each["States"])
    (fetch,) = (each["States"]["FetchImage"] for each in every if "FetchImage" in each["States"])
    found = "$.celebrities.Found"
    del states[CELEBRITIES]["End"]
    states[CELEBRITIES] |= {"ResultPath": "$.celebrities", "Next": "FindPeople"}
    states["FindPeople"] = {
        "Type": "Task",
        "Resource": fetch["Resource"],
        "TimeoutSeconds": PEOPLE.timeout,
        "Parameters": {
            "FunctionName": "${PeopleFunction}",
            "Payload": {
                "Key.$": "$.Key",
                "CelebrityFaces.$": f"{found}.CelebrityFaces",
                "UnrecognizedFaces.$": f"{found}.UnrecognizedFaces",
            },
        },
        "ResultSelector": {"Found.$": "$.Payload", "Outcome": "found"},
        "Retry": copy.deepcopy(fetch["Retry"]),
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.problem", "Next": "FindPeopleFailed"}],
        "End": True,
    }
    # What RecognizeCelebrities found stays.
    states["FindPeopleFailed"] = {"Type": "Pass", "InputPath": "$.celebrities", "End": True}


def machines(definition: State) -> Iterator[State]:
    """Yield the definition and every machine within it: the branches of Parallel and the processors of Map states."""
    yield definition
    for state in definition["States"].values():
        for inner in (*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])):
            yield from machines(inner)


def tasks(definition: State) -> Iterator[State]:
    """Yield every Task state, nested ones included."""
    for machine in machines(definition):
        yield from (state for state in machine["States"].values() if state["Type"] == "Task")


def sdk_actions(definition: State, service: str) -> list[str]:
    """Return the IAM actions of the SDK tasks of a service, such as rekognition:DetectLabels."""
    prefix = f"{_SDK}{service}:"
    found = {task["Resource"].removeprefix(prefix) for task in tasks(definition) if task["Resource"].startswith(prefix)}
    return sorted(f"{service}:{operation[0].upper()}{operation[1:]}" for operation in found)


def _skipped(name: str, states: dict[str, State]) -> State:
    """Return the state in the place of a task that is off."""
    if name in (STATES["language"], TRIM_TEXT):
        return states[states[name]["Catch"][-1]["Next"]]
    # Neither found nor failed: docs/decisions/0004-what-could-not-be-analysed-stays-visible.md
    return {"Type": "Pass", "Result": {"Found": {}, "Outcome": "skipped"}, "End": True}


def _reachable(machine: State) -> set[str]:
    found: set[str] = set()
    pending = [machine["StartAt"]]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += _next(machine["States"][name])
    return found


def _next(state: State) -> list[str]:
    transitions = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    return [each[key] for each in transitions for key in ("Next", "Default") if key in each]
