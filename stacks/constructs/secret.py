"""The secret with X's keys. `twbot secrets set` creates it; templates hold its name only."""

from __future__ import annotations

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.function import Function


def secret_environment(stage: StageConfig) -> dict[str, str]:
    """Return the environment variables of a function that reads the keys."""
    return {"SECRET_NAME": stage.secret}


def grant_read(scope: Construct, stage: StageConfig, *functions: Function) -> None:
    """Grant functions of a stack the reading of the keys."""
    # Secrets Manager appends a hyphen and six random characters to the name in the ARN. Six question marks match no
    # other secret whose name begins alike, as `*` would.
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    secret = secretsmanager.Secret.from_secret_name_v2(scope, "Secret", stage.secret)
    for function in functions:
        allow(function, ["secretsmanager:GetSecretValue"], [f"{secret.secret_arn}-??????"])
