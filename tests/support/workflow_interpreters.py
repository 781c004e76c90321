"""The workflow under either interpreter, ours and moto's, with the same recorded answers and no waiting."""

from __future__ import annotations

import contextlib
import io
import json
import re
import threading
import uuid
from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import botocore.session
from botocore import client as botocore_client
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.validate import ParamValidator
from jsonpath_ng.ext.parser import parse
from moto import mock_aws
from moto.stepfunctions.parser import quotas
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk
from moto.stepfunctions.parser.asl.utils import json_path

from tests.support.workflow_recordings import Json, Recording, Refusal
from twbot.local.bot import NAMES
from twbot.local.models.errors import ServiceError
from twbot.local.workflow import ExecutionFailed, Machine

SERVICES = ("comprehend", "rekognition", "lambda", "events", "sqs")
# As Step Functions writes services in the names of errors, which moto knows of two others only.
ERROR_PREFIXES = {"comprehend": "Comprehend", "rekognition": "Rekognition"}
# The gaps of moto that can be closed here.
NAMES_OF_ERRORS, PATHS, SIZES = "names of errors", "paths", "sizes"
ALL_GAPS = frozenset({NAMES_OF_ERRORS, PATHS, SIZES})
_CREDENTIALS: Any = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
# The SDK's own error, where the service could not be reached.
UNREACHABLE = "SdkClientException"


class Ended(Exception):
    """The execution failed: error, cause."""


def by_us(definition: Json, data: Json, recording: Recording) -> None:
    """Raises Ended."""

    def task(resource: str) -> Any:
        *_, service, operation = resource.split(":")
        operation = f"{service}:{operation[0].upper()}{operation[1:]}"

        def call(parameters: Json) -> Json:
            answer = recording.answer(operation, parameters)
            if isinstance(answer, Refusal):
                raise ServiceError(error_name(service, answer.code), answer.message)
            if answer.get("FailedEntryCount"):  # as the optimised integration says it
                raise ServiceError("EventBridge.FailedEntry", "an entry was not taken")
            return {"Payload": answer} if operation == "lambda:Invoke" else dict(answer)

        return call

    resources = set(re.findall(r'"arn:aws:states:::([\w:-]+)"', json.dumps(definition)))
    tasks = {resource: task(resource) for resource in resources}
    try:
        Machine(definition, tasks, NAMES, sleep=recording.waits.append, rng=_Longest()).run(data)
    except ExecutionFailed as failed:
        raise Ended(failed.error) from failed


def error_name(service: str, code: str) -> str:
    """Return Step Functions' name for an error code: the service's exception class, else its base class."""
    # As the AWS SDK for Java names them, with which Step Functions calls the services:
    # https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    if service == "lambda":
        return code
    prefix = {"events": "EventBridge", "sqs": "Sqs"} | ERROR_PREFIXES
    name = code if code.endswith("Exception") else f"{code}Exception"
    known = {each.name for each in botocore.session.get_session().get_service_model(service).error_shapes}
    return f"{prefix[service]}.{name if code in known or code == UNREACHABLE else f'{prefix[service]}Exception'}"


class _Longest(Random):
    """Of a random wait the longest."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def by_moto(definition: Json, data: Json, recording: Recording, *, mended: frozenset[str] = ALL_GAPS) -> None:
    """`mended`: the gaps of moto that are closed (test_gaps_of_moto.py). Raises Ended."""
    written = json.dumps(definition)
    for name, value in NAMES.items():
        written = written.replace(f"${{{name}}}", value)
    with _moto(recording, mended):
        client = boto3.client(
            "stepfunctions", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        role = "arn:aws:iam::123456789012:role/workflow"
        made = client.create_state_machine(name=f"m{uuid.uuid4()}", definition=written, roleArn=role)
        execution = client.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(data))
        found = _ended(client, execution["executionArn"])
    if found["status"] != "SUCCEEDED":
        raise Ended(found.get("error"))


def _ended(client: Any, execution: str) -> Json:
    for _ in range(4000):
        found: Json = client.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        threading.Event().wait(0.005)
    raise TimeoutError(execution)


@contextlib.contextmanager
def _moto(recording: Recording, mended: frozenset[str]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        stack.enter_context(patch.object(botocore_client.BaseClient, "_make_api_call", _recorded(recording)))
        stack.enter_context(patch.object(retrier_decl, "time", SimpleNamespace(sleep=recording.waits.append)))
        stack.enter_context(patch.object(jitter_strategy_decl, "random", _Longest()))
        if NAMES_OF_ERRORS in mended:
            names = state_task_service_aws_sdk._SERVICE_ERROR_NAMES
            stack.enter_context(patch.dict(names, ERROR_PREFIXES))
        if SIZES in mended:
            stack.enter_context(patch.object(quotas, "to_json_str", _utf_8_json))
        if PATHS in mended:
            stack.enter_context(patch.object(json_path, "parse", _Parsed))
        yield


def _utf_8_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Parsed:
    """A path that leads to one value, or to the list of all values where it may lead to several."""

    def __init__(self, path: str) -> None:
        self._parsed = parse(path)
        self._leads_to_several = re.search(r"\*|\?|\.\.|\[\d*:\d*\]", path) is not None

    def find(self, data: Any) -> list[Any]:
        found = [match.value for match in self._parsed.find(data)]
        values = [found] if self._leads_to_several else found[:1]
        return [SimpleNamespace(value=value, path=None, context=None) for value in values]


def _recorded(recording: Recording) -> Any:
    real = botocore_client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Json) -> Any:
        service = self.meta.service_model.service_name
        if service not in SERVICES:
            return real(self, operation, parameters)
        _check(self, operation, parameters)
        answer = recording.answer(f"{service}:{operation}", _plain(service, parameters))
        if service == "lambda":
            return _invoked(self, answer)
        if isinstance(answer, Refusal):
            raise _refused(self, operation, answer)
        return json.loads(json.dumps(answer))

    return call


def _check(client: Any, operation: str, parameters: Json) -> None:
    """What a service would refuse to read at all, it is not asked."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def _plain(service: str, parameters: Json) -> Json:
    """As the state says it: moto writes payload and details as JSON, and adds the machine's and execution's ARNs."""
    if service == "lambda":
        return {**parameters, "Payload": json.loads(parameters["Payload"])}
    if service == "sqs":
        return {**parameters, "MessageBody": json.loads(parameters["MessageBody"])}
    if service == "events":
        entries = [{**entry, "Detail": json.loads(entry["Detail"])} for entry in parameters["Entries"]]
        return {"Entries": [{key: entry[key] for key in entry if key != "Resources"} for entry in entries]}
    return parameters


def _invoked(client: Any, answer: Any) -> Json:
    if not isinstance(answer, Refusal):
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
    if answer.code.startswith("Lambda."):
        raise _refused(client, "Invoke", answer._replace(code=answer.code.removeprefix("Lambda.")))
    said = {"errorMessage": answer.message, "errorType": answer.code}
    return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(said).encode())}


def _refused(client: Any, operation: str, refusal: Refusal) -> Exception:
    if refusal.code == UNREACHABLE:
        return EndpointConnectionError(endpoint_url=client.meta.endpoint_url)
    said: Any = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "1"},
    }
    kind: type[ClientError] = client.exceptions.from_code(refusal.code)
    return kind(said, operation)
