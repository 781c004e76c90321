"""The keys: in a secret that somebody made, known by its name. Nothing of it gets into a template."""

from __future__ import annotations

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.function import Function


def secret_environment(stage: StageConfig) -> dict[str, str]:
    return {"SECRET_NAME": stage.secret}


def grant_read(scope: Construct, stage: StageConfig, function: Function) -> None:
    """Secrets Manager ends each secret's ARN with six characters of its own."""
    secret = secretsmanager.Secret.from_secret_name_v2(scope, "Secret", stage.secret)
    allow(function, ["secretsmanager:GetSecretValue"], [f"{secret.secret_arn}-??????"])
