"""The analysis workflow of a stage: lambdas/analysis/workflow.asl.json without the detectors that are switched off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from twbot.stacks.config import Detectors

FILE = Path(__file__).parents[1] / "lambdas" / "analysis" / "workflow.asl.json"
STATES = {
    "sentiment": "DetectSentiment",
    "entities": "DetectEntities",
    "language": "DetectDominantLanguage",
    "labels": "DetectLabels",
    "texts": "DetectText",
    "celebrities": "RecognizeCelebrities",
}
_SDK = "arn:aws:states:::aws-sdk:"
State = dict[str, Any]


def workflow(detectors: Detectors) -> State:
    """The definition. A detector that is off finds nothing, as if it had been asked."""
    definition: State = msgspec.json.decode(FILE.read_bytes())
    off = {state for name, state in STATES.items() if not getattr(detectors, name)}
    if not (detectors.sentiment or detectors.entities):
        off.add(STATES["language"])
    for machine in machines(definition):
        states = machine["States"]
        for name in off & states.keys():
            states[name] = _finds_nothing(states[name], states)
        machine["States"] = {name: states[name] for name in states if name in _reachable(machine)}
    return definition


def machines(definition: State) -> Iterator[State]:
    """The definition and every machine within it: branches, and what maps do."""
    yield definition
    for state in definition["States"].values():
        for inner in (*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])):
            yield from machines(inner)


def tasks(definition: State) -> Iterator[State]:
    for machine in machines(definition):
        yield from (state for state in machine["States"].values() if state["Type"] == "Task")


def sdk_actions(definition: State, service: str) -> list[str]:
    """The IAM actions behind its SDK tasks of a service, as rekognition:DetectLabels."""
    prefix = f"{_SDK}{service}:"
    found = {task["Resource"].removeprefix(prefix) for task in tasks(definition) if task["Resource"].startswith(prefix)}
    return sorted(f"{service}:{operation[0].upper()}{operation[1:]}" for operation in found)


def _finds_nothing(task: State, states: dict[str, State]) -> State:
    """What its own Catch does, only that nothing failed."""
    fallback = dict(states[task["Catch"][0]["Next"]])
    if "Failed" in fallback["Result"]:
        fallback["Result"] = {**fallback["Result"], "Failed": False}
    return fallback


def _reachable(machine: State) -> set[str]:
    found: set[str] = set()
    ahead = [machine["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += _next(machine["States"][name])
    return found


def _next(state: State) -> list[str]:
    ways = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    return [way[key] for way in ways for key in ("Next", "Default") if key in way]
