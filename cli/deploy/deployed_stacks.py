"""The deployed stacks of a stage: states, outputs, templates, and the resources that hold data."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.wiring import OWN
from twbot.stacks.names import EXTRA_TAG, STACKS, stack_name

# The resource types that hold data, and what people call them.
DATA = {
    "AWS::S3::Bucket": "bucket",
    "AWS::DynamoDB::Table": "table",
    "AWS::Events::Archive": "archive of events",
    "AWS::Logs::LogGroup": "log",
}
ON_X = "TwitterAccountId"
# Outputs that CDK adds: exports to other stacks, and those whose names end with a hash.
_CDKS_OWN = re.compile(r"Export|\w+[0-9A-F]{8}$")


class Stack(msgspec.Struct, frozen=True):
    """A deployed stack of a microservice."""

    name: str
    service: str
    status: str
    """CloudFormation's status, such as UPDATE_COMPLETE."""
    outputs: dict[str, str]
    """The outputs for people: without the exports to other stacks."""

    @property
    def busy(self) -> bool:
        """Return whether CloudFormation is changing the stack."""
        # REVIEW_IN_PROGRESS is a stack that only has a change set: nothing happens until somebody executes it.
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def there(self) -> bool:
        """Return whether the stack exists."""
        return self.status not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")


class DataResource(msgspec.Struct, frozen=True):
    """A resource that holds data."""

    stack: str
    what: str
    """What people call it: bucket, table, …"""
    name: str
    """Its physical name."""
    kept: bool
    """Whether it outlives its stack."""
    bucket: str | None = None
    """The bucket's name, if it is a bucket."""


def stacks(bot: AwsBot) -> list[Stack]:
    """Return the stage's existing stacks in the order of deployment. Raises AwsError."""
    names = {stack_name(bot.config, service): service for service in (*STACKS, OWN)}
    with bot.translate_errors():
        # All stacks of the account: asking for one by name is an error if it does not exist.
        pages = bot.client("cloudformation").get_paginator("describe_stacks").paginate()
        found = {
            each["StackName"]: Stack(each["StackName"], names[each["StackName"]], each["StackStatus"], _outputs(each))
            for page in pages
            for each in page["Stacks"]
            if each["StackName"] in names
        }
    return [found[name] for name in names if name in found and found[name].there]


def retired(bot: AwsBot, wanted: Collection[str]) -> list[Stack]:
    """Return the stacks that are deployed, and that the stage has no more. `wanted`: the names that it has."""
    return [each for each in stacks(bot) if each.name not in wanted]


def extra_left(bot: AwsBot, wanted: Collection[str]) -> list[str]:
    """Return the names of deployed stacks that own CDK code of the stage added, and adds no more. Raises AwsError.

    wanted: the names that the stage has
    """
    tag = {"Key": EXTRA_TAG, "Value": bot.name}
    with bot.translate_errors():
        pages = bot.client("cloudformation").get_paginator("describe_stacks").paginate()
        found = [each["StackName"] for page in pages for each in page["Stacks"] if tag in each.get("Tags", [])]
    return sorted({*found} - {*wanted})


def delete(bot: AwsBot, stack: str) -> None:
    """Delete a stack and wait until it is gone. Raises AwsError."""
    client = bot.client("cloudformation")
    with bot.translate_errors():
        client.delete_stack(StackName=stack)
        client.get_waiter("stack_delete_complete").wait(StackName=stack)


def some_stacks(bot: AwsBot) -> list[Stack]:
    """Return the stage's existing stacks. Raises NotDeployed if there are none."""
    found = stacks(bot)
    if not found:
        region = bot.client("cloudformation").meta.region_name
        raise NotDeployed(f"The stage {bot.name} is not deployed in {region}.", bot.name)
    return found


def template(bot: AwsBot, stack: str) -> dict[str, Any]:
    """Return the deployed template of a stack; {} if the stack does not exist. Raises AwsError."""
    with bot.translate_errors():
        try:
            # Original: as it was uploaded, so that it can be compared with a synthesized one.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
            body = bot.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        except ClientError as error:
            if "does not exist" in str(error):  # CloudFormation has no code for it, only ValidationError
                return {}
            raise
    found: dict[str, Any] = msgspec.json.decode(body) if isinstance(body, str) else dict(body)
    return found


def data_resources(bot: AwsBot, stack: str) -> Iterator[DataResource]:
    """Yield the resources of a stack that hold data, and whether its deployed template retains them."""
    resources = template(bot, stack).get("Resources", {})
    if not any(each["Type"] in DATA for each in resources.values()):
        return
    with bot.translate_errors():
        pages = bot.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        deployed = {each["LogicalResourceId"]: each for page in pages for each in page["StackResourceSummaries"]}
    for logical_id, resource in resources.items():
        name = deployed.get(logical_id, {}).get("PhysicalResourceId")
        if resource["Type"] in DATA and name:
            retained = str(resource.get("DeletionPolicy", "Delete")).startswith("Retain")
            bucket = name if resource["Type"] == "AWS::S3::Bucket" else None
            yield DataResource(stack, DATA[resource["Type"]], name, retained, bucket)


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    found = sorted((each["OutputKey"], str(each["OutputValue"])) for each in stack.get("Outputs", []))
    return {key: value for key, value in found if not _CDKS_OWN.match(key)}
