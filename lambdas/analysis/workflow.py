"""The analysis workflow: workflow.asl.json with the steps of the bot's folder. Both platforms run this definition."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.folder.records import Step

FILE = Path(__file__).with_name("workflow.asl.json")
# Seconds that a step's task may take beside the function's own time: a Lambda function may have to start first.
START = 5
# Fewer than the detectors have: five attempts of 60 seconds would not fit into an execution's five minutes.
RETRIES = 2
State = dict[str, Any]


def workflow(steps: Sequence[Step] = ()) -> State:
    """Return the definition with a task for each step. Without steps it is the file's.

    A step's answer is a further field of what is found, and neither success nor failure of a step counts as one of the
    analysis: docs/decisions/0026-the-users-code-on-aws.md
    """
    definition: State = msgspec.json.decode(FILE.read_bytes())
    analyse = definition["States"]["Analyse"]
    texts, image = analyse["Branches"]
    processor = image["States"]["EachImage"]["ItemProcessor"]
    retry = _retry(processor["States"]["FetchImage"])
    if of_text := [step for step in steps if step.of == "text"]:
        branch = _branch("text", of_text, {}, retry)
        branch["States"]["IsThereTextForSteps"] = {
            "Type": "Choice",
            "Choices": [{**texts["States"]["IsThereText"]["Choices"][0], "Next": "NoStepOfText"}],
            "Default": branch["StartAt"],
        }
        branch["StartAt"] = "IsThereTextForSteps"
        _join(analyse, branch, analyse["ResultSelector"]["Found"], "Analysis.$")
    if of_image := [step for step in steps if step.of == "image"]:
        states = processor["States"]
        look = states["LookAtImage"]
        _join(look, _branch("image", of_image, {"Image": {"Key.$": "$.Key"}}, retry), look["ResultSelector"], "Found.$")
        parameters = states["ImageNotLookedAt"]["Parameters"]["Image"]
        del parameters["Analysis"]
        parameters["Analysis.$"] = "$.seen.Found"
    return definition


def placeholder(step: Step) -> str:
    """Return the name that stands for the step's function in the definition, as `${name}`."""
    return f"Step{step.name}Function"


def _join(parallel: State, branch: State, selector: State, field: str) -> None:
    """Add a branch to a Parallel state, and its findings to those that the selector merges."""
    selector[field] = f"States.JsonMerge({selector[field]}, $[{len(parallel['Branches'])}].Found, false)"
    parallel["Branches"].append(branch)


def _branch(kind: str, steps: Sequence[Step], about: State, retry: list[State]) -> State:
    """Return the branch that asks the steps of a kind side by side: {"Found": {"Own"?: {name: answer}}, "Outcome"}."""
    of = kind.title()
    ask, answered, some, none = f"AskStepsOf{of}", f"HasStepOf{of}Answered", f"StepsOf{of}", f"NoStepOf{of}"
    outcome = {"Outcome": "skipped", "Outcomes": ["skipped"]}
    merged = "$[0].Own"
    for number in range(1, len(steps)):
        merged = f"States.JsonMerge({merged}, $[{number}].Own, false)"
    return {
        "StartAt": ask,
        "States": {
            ask: {
                "Type": "Parallel",
                "Branches": [_task(step, about, retry) for step in steps],
                "ResultSelector": {"Own.$": merged, "AnyFound.$": "States.ArrayContains($[*].Outcome, 'found')"},
                "Next": answered,
            },
            answered: {
                "Type": "Choice",
                "Choices": [{"Variable": "$.AnyFound", "BooleanEquals": True, "Next": some}],
                "Default": none,
            },
            some: {"Type": "Pass", "Parameters": {"Found": {"Own.$": "$.Own"}, **outcome}, "End": True},
            none: {"Type": "Pass", "Result": {"Found": {}, **outcome}, "End": True},
        },
    }


def _task(step: Step, about: State, retry: list[State]) -> State:
    # No state of ours has a hyphen in its name: a step may have any name.
    name, failed = f"Own-{step.name}", f"Own-{step.name}-Failed"
    return {
        "StartAt": name,
        "States": {
            name: {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "TimeoutSeconds": step.timeout + START,
                "Parameters": {
                    "FunctionName": f"${{{placeholder(step)}}}",
                    # The message as it was delivered, with its envelope.
                    "Payload": {"Event.$": "$$.Execution.Input", **about},
                },
                "ResultSelector": {"Own": {f"{step.name}.$": "$.Payload"}, "Outcome": "found"},
                "Retry": retry,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": failed}],
                "End": True,
            },
            failed: {"Type": "Pass", "Result": {"Own": {}, "Outcome": "failed"}, "End": True},
        },
    }


def _retry(task: State) -> list[State]:
    retry: list[State] = copy.deepcopy(task["Retry"])
    return [{**each, "MaxAttempts": RETRIES} for each in retry]
