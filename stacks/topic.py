"""Topics: how people are told."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.config import Stage, protocol

_HERE = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


def topics_key(scope: Construct, stage: Stage) -> kms.Key:
    """Our own key: with AWS's, neither EventBridge nor CloudWatch may publish to an encrypted topic.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """
    key = kms.Key(
        scope,
        "TopicsKey",
        alias=f"alias/{stage.prefix}-topics",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,  # nothing that it encrypted is kept
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com"), iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # in a key's policy: this key
            conditions=_HERE,
        )
    )
    return key


class Topic(sns.Topic):
    """Encrypted, TLS only; the subscribers come from the stage's configuration."""

    def __init__(self, scope: Construct, name: str, stage: Stage, *, key: kms.IKey, subscribers: Sequence[str]) -> None:
        super().__init__(
            scope,
            name,
            topic_name=f"{stage.prefix}-{name.lower()}",
            display_name=stage.prefix,
            master_key=key,
            enforce_ssl=True,
        )
        for number, address in enumerate(subscribers, start=1):
            sns.CfnSubscription(
                self, f"Subscriber{number}", topic_arn=self.topic_arn, protocol=protocol(address), endpoint=address
            )

    def let(self, service: str) -> None:
        """Let a service of AWS publish, on behalf of this account."""
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions=_HERE,
            )
        )
