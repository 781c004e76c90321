"""What a Lambda function may do for the functions of the bot's folder that it calls."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack

from twbot.lambdas.own.secret_names import secret_name
from twbot.stacks.analysis import Analysis
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import acknowledge, allow
from twbot.stacks.constructs.function import Function
from twbot.stacks.plumbing import Plumbing


def grant_own(function: Function, stage: StageConfig, plumbing: Plumbing, analysis: Analysis) -> None:
    """Grant what the Bot of its functions does, the secrets that they name, and what twbot.toml allows them."""
    limits = function.spec.limits
    if limits is None:
        return
    if function.spec.runs:
        plumbing.grant_publish(function)
        plumbing.grant_add(function)
        analysis.grant_use_media(function, ["s3:GetObject", "s3:PutObject"])
    if limits.secrets:
        allow(function, ["secretsmanager:GetSecretValue"], [_secret(function, stage, name) for name in limits.secrets])
    for permission in limits.allow:
        allow(function, permission.actions, permission.resources)
        _acknowledge_wildcards(function, permission.actions, permission.resources)


def _secret(function: Function, stage: StageConfig, name: str) -> str:
    # Six question marks: stacks/constructs/secret.py says why.
    return Stack.of(function).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{secret_name(stage.name, name)}-??????",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def _acknowledge_wildcards(function: Function, actions: list[str], resources: list[str]) -> None:
    found = [f"Action::{each}" for each in actions if "*" in each]
    found += [f"Resource::{each}" for each in resources if "*" in each]
    for finding in found:
        acknowledge(function.execution_role, f"IAM5[{finding}]", "twbot.toml allows it.")
