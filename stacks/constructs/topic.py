"""SNS topics that notify people, and the KMS key that encrypts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from twbot.stacks.config import StageConfig, protocol
from twbot.stacks.constructs.access import FROM_THIS_ACCOUNT

# The key actions of the account's administrators, by name: CDK would write kms:*.
_ADMIN_ACTIONS = (
    *("DescribeKey", "EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "UpdateKeyDescription"),
    *("GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies", "ListResourceTags", "TagResource", "UntagResource"),
    *("EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "ListGrants", "RevokeGrant"),
    *("CreateAlias", "DeleteAlias", "UpdateAlias", "Decrypt", "GenerateDataKey"),
)
_USE_ACTIONS = ("Decrypt", "GenerateDataKey")


def topics_key(scope: Construct, stage: StageConfig) -> kms.Key:
    """Create the key that encrypts the stage's topics."""
    # A key of our own: CloudWatch cannot publish to a topic that AWS's managed key encrypts.
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    alarms = iam.ServicePrincipal("cloudwatch.amazonaws.com")
    policy = iam.PolicyDocument(
        statements=[
            _key_statement([iam.AccountRootPrincipal()], _ADMIN_ACTIONS),
            _key_statement([alarms], _USE_ACTIONS, FROM_THIS_ACCOUNT),
        ]
    )
    return kms.Key(
        scope,
        "TopicsKey",
        alias=f"alias/{stage.prefix}-topics",
        enable_key_rotation=True,
        policy=policy,
        removal_policy=RemovalPolicy.DESTROY,  # SNS stores no messages that would have to be decrypted later
    )


def _key_statement(
    principals: Sequence[iam.IPrincipal], actions: Sequence[str], conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    # In a key policy, `*` means the key itself:
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    allowed = [f"kms:{action}" for action in actions]
    return iam.PolicyStatement(principals=principals, actions=allowed, resources=["*"], conditions=conditions)


class Topic(sns.Topic):
    """An encrypted topic that accepts TLS only, with subscriptions for these addresses."""

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
        """Let an AWS service publish to the topic on behalf of this account.

        Not EventBridge: it publishes nothing where the statement has a condition.
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        """
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions=FROM_THIS_ACCOUNT,
            )
        )
