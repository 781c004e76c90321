"""The stacks of a stage as they are on AWS: state, outputs, templates, and what holds data in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.stacks.names import STACKS, stack_name

# What a stage would be sorry to lose.
DATA = {
    "AWS::S3::Bucket": "bucket",
    "AWS::DynamoDB::Table": "table",
    "AWS::Events::Archive": "archive of events",
    "AWS::Logs::LogGroup": "log",
}
ON_X = "TwitterAccountId"
_CDKS_OWN = re.compile(r"Export|\w+[0-9A-F]{8}$")


class Stack(msgspec.Struct, frozen=True):
    """`outputs` are those for people: without what stacks tell each other."""

    name: str
    service: str
    status: str
    outputs: dict[str, str]

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def there(self) -> bool:
        return self.status not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")


class Held(msgspec.Struct, frozen=True):
    """Something with data in it; `kept` if it outlives its stack."""

    stack: str
    what: str
    name: str
    kept: bool
    bucket: str | None = None


def stacks(bot: AwsBot) -> list[Stack]:
    """Those of the stage's stacks that are there, in the order in which they are deployed."""
    names = {stack_name(bot.config, service): service for service in STACKS}
    with bot.translate_errors():
        pages = bot.client("cloudformation").get_paginator("describe_stacks").paginate()
        found = {
            each["StackName"]: Stack(each["StackName"], names[each["StackName"]], each["StackStatus"], _outputs(each))
            for page in pages
            for each in page["Stacks"]
            if each["StackName"] in names
        }
    return [found[name] for name in names if name in found and found[name].there]


def some_stacks(bot: AwsBot) -> list[Stack]:
    """The same. Raises NotDeployed where there are none."""
    found = stacks(bot)
    if not found:
        region = bot.client("cloudformation").meta.region_name
        raise NotDeployed(f"The stage {bot.name} is not deployed in {region}.", bot.name)
    return found


def template(bot: AwsBot, stack: str) -> dict[str, Any]:
    """As it is deployed; {} where it is not."""
    with bot.translate_errors():
        try:
            body = bot.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        except ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise
    found: dict[str, Any] = msgspec.json.decode(body) if isinstance(body, str) else dict(body)
    return found


def held(bot: AwsBot, stack: str) -> Iterator[Held]:
    """What holds data in a stack, as its deployed template says what becomes of it."""
    resources = template(bot, stack).get("Resources", {})
    if not any(each["Type"] in DATA for each in resources.values()):
        return
    with bot.translate_errors():
        pages = bot.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        there = {each["LogicalResourceId"]: each for page in pages for each in page["StackResourceSummaries"]}
    for logical_id, resource in resources.items():
        name = there.get(logical_id, {}).get("PhysicalResourceId")
        if resource["Type"] in DATA and name:
            kept = str(resource.get("DeletionPolicy", "Delete")).startswith("Retain")
            bucket = name if resource["Type"] == "AWS::S3::Bucket" else None
            yield Held(stack, DATA[resource["Type"]], name, kept, bucket)


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    found = sorted((each["OutputKey"], str(each["OutputValue"])) for each in stack.get("Outputs", []))
    return {key: value for key, value in found if not _CDKS_OWN.match(key)}
