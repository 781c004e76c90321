"""Amazon States Language: the same definitions run here and by moto's interpreter, and what only we can measure."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from twbot.lambdas.errors import MachineFault
from twbot.local.models.errors import ServiceError
from twbot.local.workflow import BadDefinition, ExecutionFailed, Machine, Visit

Definition = dict[str, Any]


def flow(start: str, **states: Definition) -> Definition:
    return {"StartAt": start, "States": states}


def one(**state: Any) -> Definition:
    return flow("A", A={"End": True, **state})


def choose(rule: Definition) -> Definition:
    yes, no = ({"Type": "Pass", "Result": answer, "End": True} for answer in (True, False))
    return flow("A", A={"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}, Yes=yes, No=no)


def make(**template: Any) -> Definition:
    return one(Type="Pass", Parameters=template)


FAIL = flow("F", F={"Type": "Fail", "Error": "Broken", "Cause": "said so"})
CAUGHT = {"Type": "Pass", "End": True}
PASS = {"Type": "Pass", "End": True}
DATA: dict[str, Any] = {
    "text": "hé",
    "n": 5,
    "f": 2.5,
    "yes": True,
    "none": None,
    "list": [3, 1, 3],
    "at": "2024-01-02T03:04:05Z",
    "o": {"a": {"b": [{"c-d": 1}]}},
}
SAME: list[Definition] = [
    one(Type="Pass"),
    one(Type="Pass", Result={"x": 1}, ResultPath="$.o.new.deeper"),
    one(Type="Pass", InputPath="$.o", ResultPath="$.o.a"),
    one(Type="Pass", Result=1, ResultPath=None),
    one(Type="Pass", InputPath="$.o.a", OutputPath="$.b"),
    one(Type="Pass", OutputPath=None),
    make(
        **{"a.$": "$.list[1]", "o.$": "$['o']['a'].b[0]", "b": {"c.$": "$.list", "d": [1, {"e": "$.n"}]}, "f": "$.list"}
    ),
    make(**{"all.$": "$.list[*]", "some.$": "$.list[?(@ > 1)]"}),
    make(**{"in.$": "$$.Execution.Input.n", "state.$": "$$.State.Name"}),
    make(
        **{
            "format.$": "States.Format('{} and {}', $.text, $.n)",
            "parsed.$": "States.StringToJson('{\"a\": [1]}')",
            "text.$": "States.JsonToString($.o)",
            "merged.$": "States.JsonMerge($.o, States.StringToJson('{\"z\": 1}'), false)",
            "array.$": "States.Array($.n, 'x', true)",
            "parts.$": "States.ArrayPartition($.list, 2)",
            "has.$": "States.ArrayContains($.list, 3)",
            "range.$": "States.ArrayRange(1, 9, 3)",
            "item.$": "States.ArrayGetItem($.list, States.MathAdd($.n, -4))",
            "length.$": "States.ArrayLength($.list)",
            "unique.$": "States.ArrayUnique($.list)",
            "plain.$": "States.Base64Decode('aGk=')",
            "hash.$": "States.Hash('abc', 'SHA-256')",
            "pieces.$": "States.StringSplit('a.b,c', '.,')",
        }
    ),
    choose({"Variable": "$.text", "StringEquals": "hé"}),
    choose({"Variable": "$.text", "StringLessThan": "h"}),
    choose({"Variable": "$.text", "StringMatches": "h*"}),
    choose({"Variable": "$.n", "NumericGreaterThanEquals": 5}),
    choose({"Variable": "$.n", "NumericLessThanPath": "$.f"}),
    choose({"Variable": "$.at", "TimestampGreaterThan": "2023-12-31T00:00:00Z"}),
    choose({"Variable": "$.yes", "BooleanEquals": True}),
    choose({"Variable": "$.none", "IsNull": True}),
    choose({"Variable": "$.absent", "IsPresent": False}),
    choose({"Variable": "$.list[3]", "IsPresent": True}),
    choose({"Variable": "$.at", "IsTimestamp": True}),
    choose({"Variable": "$.text", "IsNumeric": False}),
    choose({"Not": {"Or": [{"Variable": "$.n", "NumericEquals": 4}, {"Variable": "$.text", "IsString": False}]}}),
    choose({"And": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.yes", "IsBoolean": True}]}),
    flow("A", A={"Type": "Wait", "Seconds": 0, "Next": "B"}, B={"Type": "Succeed", "OutputPath": "$.n"}),
    FAIL,
    one(Type="Parallel", Branches=[flow("B", B=PASS), flow("C", C={"Type": "Pass", "Result": 2, "End": True})]),
    one(Type="Parallel", Branches=[flow("B", B=PASS), FAIL]),
    flow(
        "A",
        A={
            "Type": "Parallel",
            "Branches": [FAIL],
            "Catch": [
                {"ErrorEquals": ["Other"], "Next": "C"},
                {"ErrorEquals": ["States.ALL"], "Next": "C", "ResultPath": "$.why"},
            ],
            "End": True,
        },
        C=CAUGHT,
    ),
    one(
        Type="Map",
        ItemsPath="$.list",
        ItemSelector={"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "n.$": "$.n"},
        MaxConcurrency=2,
        ItemProcessor={"ProcessorConfig": {"Mode": "INLINE"}, **flow("B", B=PASS)},
        ResultPath="$.mapped",
    ),
    one(Type="Map", InputPath="$.list", Iterator=flow("B", B=PASS), ResultSelector={"first.$": "$[0]"}),
]


@pytest.fixture(scope="module")
def step_functions() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield boto3.client("stepfunctions", region_name="us-east-1")


def by_moto(client: Any, definition: Definition, data: Any) -> tuple[str | None, Any]:
    """The error's name, or the output."""
    machine = client.create_state_machine(
        name=f"m{random.getrandbits(60)}", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/x"
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, input=json.dumps(data))["executionArn"]
    for _ in range(2000):
        found = client.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return (None, json.loads(found["output"])) if "output" in found else (found["error"], None)
        threading.Event().wait(0.005)
    raise TimeoutError(found)


def by_us(definition: Definition, data: Any, **tasks: Any) -> tuple[str | None, Any]:
    try:
        return None, Machine(definition, tasks, {}, sleep=lambda _: None).run(data)
    except ExecutionFailed as failed:
        return failed.error, None


@pytest.mark.parametrize("definition", SAME, ids=lambda definition: json.dumps(definition["States"])[:100])
def test_an_independent_interpreter_agrees(step_functions: Any, definition: Definition) -> None:
    """moto's interpreter ends with the same output, or the same error."""
    assert by_us(definition, DATA) == by_moto(step_functions, definition, DATA)


def test_what_moto_can_not_judge_is_as_the_spec_says() -> None:
    """Escapes and all constants in intrinsic functions; a Choice without a way on; a path that leads nowhere."""
    template = {
        "text.$": r"States.Format('{} isn\'t \{\} {}', $.text, 1.5)",
        "all.$": "States.Array(null, -1.5, true, $.o.a.b[0]['c-d'])",
    }
    assert by_us(make(**template), DATA) == (None, {"text": "hé isn't {} 1.5", "all": [None, -1.5, True, 1]})
    nowhere = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 4, "Next": "B"}]}
    assert by_us(flow("A", A=nowhere, B=PASS), DATA)[0] == "States.NoChoiceMatched"
    assert by_us(make(**{"x.$": "$.absent"}), DATA)[0] == "States.ParameterPathFailure"
    assert by_us(make(**{"x.$": "States.ArrayGetItem($.list, 7)"}), DATA)[0] == "States.IntrinsicFailure"
    assert by_us(one(Type="Pass", ResultPath="$.text.x"), DATA)[0] == "States.ResultPathMatchFailure"
    assert by_us(one(Type="Pass", InputPath="$.absent"), DATA)[0] == "States.Runtime"


REFUSED: list[tuple[Definition, str]] = [
    ({"States": {}}, "the definition: "),
    (flow("B", A=PASS), "StartAt: "),
    ({**flow("A", A=PASS), "Start": 1}, "the definition: unknown field Start"),
    (one(Type="Jump"), "States.A.Type: "),
    (one(Type="Pass", Resultpath="$"), "States.A: unknown field Resultpath"),
    (one(Type="Pass", Next="A"), "States.A: expected either Next or End"),
    (flow("A", A={"Type": "Pass", "Next": "B"}), "States.A: there is no state 'B'"),
    (flow("A", A=PASS, B=PASS), "States.B: nothing leads to it"),
    (one(Type="Pass", InputPath="n"), "States.A.InputPath: "),
    (one(Type="Pass", ResultPath="$.a[*]"), "States.A.ResultPath: "),
    (make(**{"x.$": "plain"}), "States.A.Parameters.x.$: "),
    (make(**{"x.$": "States.Nothing()"}), "States.A.Parameters.x.$: "),
    (make(**{"x.$": "States.UUID(1)"}), "States.A.Parameters.x.$: "),
    (make(**{"x.$": "States.Format('a'"}), "States.A.Parameters.x.$: "),
    (one(Type="Task", Resource="arn:aws:states:::sqs:sendMessage"), "States.A.Resource: "),
    (one(Type="Parallel", Branches=[flow("B", B={"Type": "Fail", "Why": 1})]), "States.A.Branches[0].States.B: "),
    (one(Type="Parallel", Branches=[flow("A", A=PASS)]), "States.A.Branches[0].States.A: another"),
    (one(Type="Map", ItemProcessor={"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **FAIL}), "States.A.ItemProcessor."),
    (choose({"Variable": "$.a", "StringLike": "x"}), "States.A.Choices[0].StringLike: "),
    (choose({"Variable": "$.a", "NumericEquals": "x"}), "States.A.Choices[0].NumericEquals: "),
    (choose({"And": []}), "States.A.Choices[0].And: "),
    (one(Type="Map", Iterator=FAIL, Retry=[{"ErrorEquals": []}]), "States.A.Retry[0].ErrorEquals: "),
    (
        one(Type="Map", Iterator=FAIL, Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]),
        "States.A.Retry[0].ErrorEquals: ",
    ),
    (one(Type="Map", Iterator=FAIL, Catch=[{"ErrorEquals": ["X"], "Next": "Z"}]), "States.A: there is no state 'Z'"),
    (make(x="${Name}"), "${Name}: "),
]


@pytest.mark.parametrize(("definition", "place"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_faulty_definition_is_refused_with_its_place(definition: Definition, place: str) -> None:
    """What Step Functions would not take is refused at load, and the message begins with the place of the fault."""
    with pytest.raises(BadDefinition) as refusal:
        Machine(definition, {})
    assert str(refusal.value).startswith(place)


def test_retries_wait_as_the_policy_says() -> None:
    """Intervals grow by the rate up to the longest, MaxAttempts are made, then the error is the execution's."""
    waits: list[float] = []
    policy = {
        "ErrorEquals": ["Odd.Error"],
        "IntervalSeconds": 2,
        "BackoffRate": 3,
        "MaxAttempts": 4,
        "MaxDelaySeconds": 20,
    }

    def odd(_: Any) -> Any:
        raise ServiceError("Odd.Error", "again")

    definition = one(Type="Task", Resource="arn:aws:states:::odd", Retry=[policy])
    visits: list[Visit] = []
    with pytest.raises(ExecutionFailed) as failure:
        Machine(definition, {"odd": odd}, sleep=waits.append).run({}, visits.append)
    assert (failure.value.error, failure.value.cause) == ("Odd.Error", "again")
    assert waits == [2, 6, 18, 20]
    assert [(visit.path, visit.attempts, visit.error) for visit in visits] == [("A", 5, "Odd.Error")]
    waits.clear()
    policy["JitterStrategy"] = "FULL"
    with pytest.raises(ExecutionFailed):
        Machine(definition, {"odd": odd}, sleep=waits.append, rng=random.Random(1)).run({})
    assert all(0 <= wait <= full for wait, full in zip(waits, [2, 6, 18, 20], strict=True))
    assert waits != [2, 6, 18, 20]


def test_wildcards_catch_what_the_spec_lets_them() -> None:
    """States.TaskFailed takes any task's error but a timeout; States.ALL takes that too, but no States.Runtime."""

    def caught(name: str, error: str) -> str | None:
        def fail(_: Any) -> Any:
            raise ServiceError(error, "")

        task = {"Type": "Task", "Resource": "arn:aws:states:::t", "End": True}
        task["Catch"] = [{"ErrorEquals": [name], "Next": "C"}]
        return by_us(flow("A", A=task, C=CAUGHT), {}, t=fail)[0]

    assert caught("States.TaskFailed", "Any") is None
    assert caught("States.TaskFailed", "States.Timeout") == "States.Timeout"
    assert caught("States.ALL", "States.Timeout") is None
    assert caught("States.ALL", "States.Runtime") == "States.Runtime"


def test_an_exception_is_reported_as_lambda_does() -> None:
    """The error is the exception's class, the cause a JSON object with its text."""

    class UnusableThing(Exception):
        pass

    def fail(_: Any) -> Any:
        raise UnusableThing("no")

    with pytest.raises(ExecutionFailed) as failure:
        Machine(one(Type="Task", Resource="arn:aws:states:::t"), {"t": fail}).run({})
    assert failure.value.error == "UnusableThing"
    assert json.loads(failure.value.cause) == {"errorMessage": "no", "errorType": "UnusableThing"}


def test_a_task_that_takes_too_long_is_timed_out() -> None:
    """TimeoutSeconds ends the wait with States.Timeout."""
    stuck = threading.Event()
    definition = one(Type="Task", Resource="arn:aws:states:::t", TimeoutSeconds=1)
    assert by_us(definition, {}, t=lambda _: stuck.wait(30))[0] == "States.Timeout"
    stuck.set()


def test_an_execution_that_takes_too_long_is_timed_out() -> None:
    """The definition's TimeoutSeconds ends the execution with States.Timeout; no state retries or catches that."""
    stuck = threading.Event()
    task = {"Type": "Task", "Resource": "arn:aws:states:::t", "Retry": [{"ErrorEquals": ["States.ALL"]}], "End": True}
    task["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    waiting = one(Type="Wait", Seconds=60)
    branch = flow("T", T=task, C=CAUGHT)
    for definition in (branch, one(Type="Parallel", Branches=[branch, flow("W", W=waiting["States"]["A"])]), waiting):
        begun = time.monotonic()
        with pytest.raises(ExecutionFailed) as failure:
            Machine({**definition, "TimeoutSeconds": 1}, {"t": lambda _: stuck.wait(60)}, {}).run({})
        assert failure.value.error == "States.Timeout"
        assert time.monotonic() - begun < 30
    stuck.set()


LARGE = "x" * 200_000


@pytest.mark.parametrize(
    ("definition", "data"),
    [
        (one(Type="Pass"), LARGE * 2),
        (make(**{"a.$": "$", "b.$": "$"}), LARGE),
        (one(Type="Pass", Result=LARGE, ResultPath="$.more"), {"text": LARGE}),
        (one(Type="Task", Resource="arn:aws:states:::large", ResultSelector={}), {}),
        (one(Type="Task", Resource="arn:aws:states:::t", Parameters={"a.$": "$", "b.$": "$"}), LARGE),
        (one(Type="Parallel", Branches=[flow("B", B=PASS), flow("C", C=PASS)]), LARGE),
        (one(Type="Map", Iterator=flow("B", B=PASS)), [LARGE[:140_000], LARGE[:140_000]]),
    ],
    ids=["input", "parameters", "output", "result", "task's input", "branches", "items"],
)
def test_no_more_data_is_carried_than_on_aws(definition: Definition, data: Any) -> None:
    """More than 256 KiB in any place is States.DataLimitExceeded; States.ALL catches it neither here nor on AWS."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    state = definition["States"]["A"]
    if state["Type"] != "Pass":
        definition = flow("A", A={**state, "Catch": catch}, Caught={"Type": "Pass", "End": True})
    assert by_us(definition, data, large=lambda _: LARGE * 2, t=lambda _: {})[0] == "States.DataLimitExceeded"


def test_the_limit_is_counted_in_bytes_of_utf_8() -> None:
    """262,144 bytes pass, one more does not; é has two, and its JSON no escape."""
    assert by_us(one(Type="Pass"), "é" * 131_071)[0] is None
    assert by_us(one(Type="Pass"), "é" * 131_071 + "x")[0] == "States.DataLimitExceeded"


def test_a_fault_of_this_machine_stops_every_branch() -> None:
    """It is raised as it is, from however deep, before the siblings go on; no Retry or Catch sees it."""
    later: list[Any] = []
    failing = {
        "Type": "Task",
        "Resource": "arn:aws:states:::fail",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}],
    }
    slow = flow(
        "S",
        S={"Type": "Wait", "Seconds": 3600, "Next": "L"},
        L={"Type": "Task", "End": True, "Resource": "arn:aws:states:::later"},
    )
    branch = flow("F", F={**failing, "End": True}, C=CAUGHT)
    nested = flow("P", P={"Type": "Parallel", "Branches": [branch], "End": True})

    def fail(_: Any) -> Any:
        raise MemoryError

    for branches in ([slow, nested], [nested, slow]):
        with pytest.raises(MachineFault, match="MemoryError"):
            Machine(one(Type="Parallel", Branches=branches), {"fail": fail, "later": later.append}).run({})
    assert later == []


def test_branches_run_side_by_side_and_nested_ones_need_no_free_thread() -> None:
    """Two tasks that wait for each other both end; so do more of them than run side by side, nested deeply."""
    barrier = threading.Barrier(2, timeout=20)
    task = {"Type": "Task", "Resource": "arn:aws:states:::meet", "End": True}
    meeting = one(Type="Parallel", Branches=[flow("B", B=task), flow("C", C=task)])
    error, output = by_us(meeting, {}, meet=lambda _: {"met": barrier.wait() >= 0})
    assert (error, output) == (None, [{"met": True}, {"met": True}])

    def nested(depth: int, name: str) -> Definition:
        if depth == 0:
            return flow(name, **{name: {"Type": "Task", "Resource": "arn:aws:states:::t", "End": True}})
        inner = [nested(depth - 1, name + letter) for letter in "xyz"]
        return flow(name, **{name: {"Type": "Parallel", "Branches": inner, "End": True}})

    output = Machine(nested(3, "s"), {"t": lambda _: {}}).run({})
    assert json.dumps(output).count("{}") == 27


def test_a_failed_branch_stops_the_others() -> None:
    """When one branch fails, another's waiting ends at once, and nothing more of it runs."""
    later: list[int] = []
    begun = threading.Event()

    def fail(_: Any) -> Any:
        begun.wait(20)
        raise ServiceError("Broken", "")

    slow = flow(
        "S",
        S={"Type": "Task", "Resource": "arn:aws:states:::begin", "Next": "W"},
        W={"Type": "Wait", "Seconds": 3600, "Next": "L"},
        L={"Type": "Task", "Resource": "arn:aws:states:::later", "End": True},
    )
    failing = flow("F", F={"Type": "Task", "Resource": "arn:aws:states:::fail", "End": True})
    tasks: dict[str, Any] = {"begin": lambda _: begun.set(), "later": later.append, "fail": fail}
    for branches in ([slow, failing], [failing, slow]):
        with pytest.raises(ExecutionFailed, match="Broken"):
            Machine(one(Type="Parallel", Branches=branches), tasks).run({})
    assert later == []


def test_a_map_runs_no_more_at_once_than_it_may() -> None:
    """MaxConcurrency holds, results keep the items' order, and the input is not changed."""
    running, most, lock = [0], [0], threading.Lock()

    def count(number: Any) -> Any:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.001)
        with lock:
            running[0] -= 1
        return number * 2

    task = {"Type": "Task", "Resource": "arn:aws:states:::count", "End": True}
    definition = one(Type="Map", MaxConcurrency=3, ItemProcessor=flow("B", B=task))
    items = list(range(30))
    assert by_us(definition, items, count=count) == (None, [number * 2 for number in range(30)])
    assert most[0] <= 3
    assert items == list(range(30))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.dictionaries(st.text(), JSON))
def test_json_survives_the_intrinsics(value: Any, other: dict[str, Any]) -> None:
    """JsonToString and StringToJson, and the two Base64 functions, undo each other; JsonMerge is a shallow merge."""
    definition = make(
        **{
            "value.$": "States.StringToJson(States.JsonToString($.value))",
            "text.$": "States.Base64Decode(States.Base64Encode(States.JsonToString($.value)))",
            "merged.$": "States.JsonMerge($.other, $.other, false)",
        }
    )
    _, found = by_us(definition, {"value": value, "other": other})
    assert found["value"] == json.loads(found["text"]) == value
    assert found["merged"] == other
