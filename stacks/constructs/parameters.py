"""Parameters in SSM by which other teams find what they may use: docs/for-other-teams.md is their contract."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.names import parameter_name


def for_other_teams(scope: Construct, stage: StageConfig, **values: str) -> None:
    """Publish values as /twbot/<stage>/<name>, with hyphens for underscores."""
    for name, value in values.items():
        construct_id = "".join(word.title() for word in name.split("_"))
        parameter = parameter_name(stage, name.replace("_", "-"))
        ssm.StringParameter(scope, f"{construct_id}Parameter", parameter_name=parameter, string_value=value)
