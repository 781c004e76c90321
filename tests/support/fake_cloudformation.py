"""CloudFormation as far as operating a stage asks it: stacks with outputs, templates and resources, page by page."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as failures
import pytest

from twbot.cli.operations.aws_stage import AwsBot


class FakeCloudFormation:
    """`stacks` by name: {"status", "outputs", "template", "tags", "resources": {logical id: physical id}}."""

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self, **stacks: dict[str, Any]) -> None:
        self.stacks = {name.replace("_", "-"): each for name, each in stacks.items()}

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, f"_{name}"))

    def get_template(self, *, StackName: str, TemplateStage: str) -> Any:  # noqa: N803
        if StackName not in self.stacks:
            raise refused("ValidationError", f"Stack with id {StackName} does not exist", "GetTemplate")
        return {"TemplateBody": json.dumps(self.stacks[StackName].get("template", {}))}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        del self.stacks[StackName]

    def get_waiter(self, name: str) -> Any:
        assert name == "stack_delete_complete"
        return SimpleNamespace(wait=lambda **_: None)

    def _describe_stacks(self) -> Any:
        """A page a stack: whoever reads one page only misses most."""
        for name, each in self.stacks.items():
            outputs = [{"OutputKey": key, "OutputValue": value} for key, value in each.get("outputs", {}).items()]
            status = each.get("status", "CREATE_COMPLETE")
            tags = [{"Key": key, "Value": value} for key, value in each.get("tags", {}).items()]
            yield {"Stacks": [{"StackName": name, "StackStatus": status, "Outputs": outputs, "Tags": tags}]}

    def _list_stack_resources(self, *, StackName: str) -> Any:  # noqa: N803
        for logical_id, physical_id in self.stacks[StackName].get("resources", {}).items():
            yield {"StackResourceSummaries": [{"LogicalResourceId": logical_id, "PhysicalResourceId": physical_id}]}


class FakeRekognition:
    """Answers `recognize_celebrities` with an error of this code."""

    def __init__(self, code: str = "InvalidImageFormatException", message: str = "") -> None:
        self.error = refused(code, message, "RecognizeCelebrities")

    def recognize_celebrities(self, **_: Any) -> Any:
        raise self.error


def refused(code: str, message: str, operation: str) -> failures.ClientError:
    return failures.ClientError({"Error": {"Code": code, "Message": message}}, operation)


def instead(monkeypatch: pytest.MonkeyPatch, **clients: Any) -> None:
    """Every AwsBot gets these clients; the rest are real ones, for moto."""
    real = AwsBot.client
    monkeypatch.setattr(AwsBot, "client", lambda bot, service: clients.get(service) or real(bot, service))
