"""The base of a microservice's stack, and its log groups."""

from __future__ import annotations

from aws_cdk import Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_logs as logs
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.names import stack_name


class Service(Stack):
    """The stack of a microservice."""

    def __init__(self, scope: Construct, name: str, stage: StageConfig) -> None:
        super().__init__(
            scope,
            f"{name}-{stage.name}",
            stack_name=stack_name(stage, name.lower()),
            description=f"twbot, {name.lower()} ({stage.name})",
            env=Environment(account=stage.aws.account, region=stage.aws.region),
        )
        # W3005 is about redundant DependsOn: CDK writes those that a reference implies already.
        self.template_options.metadata = {"cfn-lint": {"config": {"ignore_checks": ["W3005"]}}}
        Tags.of(self).add("twbot", stage.name)


class LogGroup(logs.LogGroup):
    """A log group whose events expire after the stage's `log_days`."""

    def __init__(self, scope: Construct, construct_id: str, stage: StageConfig, name: str) -> None:
        super().__init__(scope, construct_id, log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
        # CDK's enum of retentions lacks a conversion from days, CloudFormation takes the number.
        group = self.node.default_child
        assert isinstance(group, logs.CfnLogGroup)
        group.retention_in_days = stage.aws.log_days
