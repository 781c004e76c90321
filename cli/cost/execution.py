"""Runs a stage's workflow in the local interpreter for one message, and counts its calls and transitions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from twbot.cli.cost.meter import WAITS, Meter
from twbot.lambdas.analysis.workflow import placeholder
from twbot.lambdas.folder.folder import bot_folder
from twbot.local.workflow import Machine, Visit
from twbot.stacks.state_machine import machines

Json = dict[str, Any]
Task = Callable[[Json], Json]
Path = tuple[str, ...]
ARN, SDK = "arn:aws:states:::", "aws-sdk:"
# Comprehend bills units of 100 characters, three at least: https://aws.amazon.com/comprehend/pricing/
UNIT, MIN_UNITS = 100, 3
# Express workflows are billed in steps of 64 MB, of which a small execution takes one, and in steps of 100 ms:
# https://aws.amazon.com/step-functions/pricing/
EXPRESS_GB, EXPRESS_MS = 64 / 1024, 100
NAMES = {
    "MediaBucket": "media",
    "DownloadFunction": "download",
    "TrimFunction": "trim",
    "PeopleFunction": "people",
    "EventBusName": "Plumbing",
    "DeadLetterQueueUrl": "dead-letters",
}


class Workflow:
    """A workflow whose tasks count.

    `answers`: the AI services' responses, by resource. `functions`: the Lambda functions, by name. `publish` receives
    each PutEvents entry.
    """

    def __init__(
        self,
        definition: Json,
        meter: Meter,
        answers: Mapping[str, Json],
        *,
        functions: Mapping[str, Task],
        publish: Callable[[Json], None],
    ) -> None:
        self._meter, self._publish = meter, publish
        tasks: dict[str, Task] = {name: self._detector(name, answer) for name, answer in answers.items()}
        tasks |= {
            "lambda:invoke": lambda sent: {"Payload": functions[sent["FunctionName"]](sent["Payload"])},
            "events:putEvents": self._put,
            "sqs:sendMessage": _never,
        }
        self._definition = definition
        names = NAMES | {placeholder(step): placeholder(step) for step in bot_folder().steps}
        self._machine = Machine(definition, tasks, names)

    def run(self, event: Json, kind: str) -> None:
        """Run it for one event, and count what an execution of this kind, EXPRESS or STANDARD, is billed for."""
        visits: list[Visit] = []
        downloaded = self._meter.counts["ms:download"]
        self._machine.run(event, visits.append)
        downloaded = self._meter.counts["ms:download"] - downloaded
        self._meter.add("states", len(visits))
        if kind == "STANDARD":
            self._meter.add("stepfunctions.transitions", sum(visit.attempts for visit in visits))
            return
        duration = longest(self._timed(visits, downloaded))
        self._meter.add("stepfunctions.requests")
        self._meter.add("stepfunctions.gb_hours", math.ceil(duration / EXPRESS_MS) * EXPRESS_MS / 3.6e6 * EXPRESS_GB)

    def _timed(self, visits: Sequence[Visit], downloaded: float) -> list[tuple[Path, float]]:
        """Return each visit's path in the definition, and the milliseconds that it would take on AWS."""
        waits = {"${DownloadFunction}": downloaded, **WAITS}
        called = _called(self._definition)
        services = [called.get(visit.path.rpartition(".")[2], "") for visit in visits]
        return [
            (tuple(visit.path.split(".")), waits.get(service, 0.0))
            for visit, service in zip(visits, services, strict=True)
        ]

    def _detector(self, resource: str, answer: Json) -> Task:
        service, operation = resource.removeprefix(SDK).split(":")
        name = operation[0].upper() + operation[1:]

        def call(parameters: Json) -> Json:
            self._meter.add(f"calls:{name}")
            if service == "comprehend":
                units = max(MIN_UNITS, math.ceil(len(parameters["Text"]) / UNIT))
                self._meter.add(f"comprehend.{name}", units)
            else:
                self._meter.add("rekognition.images")
                self._meter.add("s3.gets", "S3Object" in parameters["Image"])
            return answer

        return call

    def _put(self, parameters: Json) -> Json:
        for entry in parameters["Entries"]:
            self._publish(entry)
        return {"FailedEntryCount": 0, "Entries": []}


def _never(_: Json) -> NoReturn:
    raise AssertionError("The last resort is not counted.")


def longest(visits: Sequence[tuple[Path, float]]) -> float:
    """Return the duration (ms) of an execution: the sum of its states, with the longest of parallel branches."""
    own = sum(duration for path, duration in visits if len(path) == 1)
    forks: dict[str, dict[str, list[tuple[Path, float]]]] = defaultdict(lambda: defaultdict(list))
    for path, duration in visits:
        # The branches of a Parallel or Map state share its name and differ in the index: Analyse[0], Analyse[1].
        if len(path) > 1:
            forks[path[0].partition("[")[0]][path[0]].append((path[1:], duration))
    return own + sum(max(longest(branch) for branch in branches.values()) for branches in forks.values())


def _called(definition: Json) -> dict[str, str]:
    """Return the service or the Lambda function that each Task state calls, by the state's name."""
    # Names are unique across nested machines: Machine refuses two states of one name.
    return {
        name: state["Parameters"].get("FunctionName") or state["Resource"].removeprefix(f"{ARN}{SDK}").partition(":")[0]
        for machine in machines(definition)
        for name, state in machine["States"].items()
        if state["Type"] == "Task"
    }
