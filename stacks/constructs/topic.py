"""Topics: how people are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from twbot.stacks.config import StageConfig, protocol

# What the account's administrators may do with the key: CDK would write kms:*.
_KEEPING = (
    *("DescribeKey", "EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "UpdateKeyDescription"),
    *("GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies", "ListResourceTags", "TagResource", "UntagResource"),
    *("EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "ListGrants", "RevokeGrant"),
    *("CreateAlias", "DeleteAlias", "UpdateAlias", "Decrypt", "GenerateDataKey"),
)
_USING = ("Decrypt", "GenerateDataKey")
_HERE = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


def topics_key(scope: Construct, stage: StageConfig) -> kms.Key:
    """Our own key: with AWS's, neither EventBridge nor CloudWatch may publish to an encrypted topic.

    EventBridge can't where the key's policy asks for the account or the source:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    events, alarms = (iam.ServicePrincipal(f"{service}.amazonaws.com") for service in ("events", "cloudwatch"))
    policy = iam.PolicyDocument(
        statements=[
            _in_key_policy([iam.AccountRootPrincipal()], _KEEPING),
            _in_key_policy([events], _USING),
            _in_key_policy([alarms], _USING, _HERE),
        ]
    )
    return kms.Key(
        scope,
        "TopicsKey",
        alias=f"alias/{stage.prefix}-topics",
        enable_key_rotation=True,
        policy=policy,
        removal_policy=RemovalPolicy.DESTROY,  # nothing that it encrypted is kept
    )


def _in_key_policy(
    principals: Sequence[iam.IPrincipal], actions: Sequence[str], conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    """In a key's policy `*` is this key."""
    allowed = [f"kms:{action}" for action in actions]
    return iam.PolicyStatement(principals=principals, actions=allowed, resources=["*"], conditions=conditions)


class Topic(sns.Topic):
    """Encrypted, TLS only; the subscribers come from the stage's configuration."""

    def __init__(
        self, scope: Construct, name: str, stage: StageConfig, *, key: kms.IKey, subscribers: Sequence[str]
    ) -> None:
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

    def grant(self, service: str) -> None:
        """Let a service of AWS publish, on behalf of this account."""
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions=_HERE,
            )
        )
