"""S3 buckets and DynamoDB tables."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import acknowledge, allow

KEYS_UNKNOWN = "Files are named after posts and hours: nobody knows their keys before."


def removal_policy(stage: StageConfig) -> RemovalPolicy:
    """Return the removal policy of the stage's data: retained in production, deleted otherwise."""
    return RemovalPolicy.RETAIN if stage.production else RemovalPolicy.DESTROY


class Bucket(s3.Bucket):
    """A private, encrypted bucket that accepts TLS only."""

    def __init__(
        self, scope: Construct, construct_id: str, stage: StageConfig, *, rules: Sequence[s3.LifecycleRule] = ()
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[*rules, s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))],
            removal_policy=removal_policy(stage),
        )
        acknowledge(self, "S1", "Only the bot's own functions reach this bucket; CloudTrail can tell who did.")

    def grant(self, role: iam.IRole, actions: Sequence[str], folder: str = "") -> None:
        """Grant a role of the same stack these actions on the objects in a folder."""
        allow(role, actions, [self.arn_for_objects(f"{folder}*")])
        bucket = self.node.default_child
        assert isinstance(bucket, s3.CfnBucket)
        acknowledge(role, f"IAM5[Resource::<{self.stack.get_logical_id(bucket)}.Arn>/{folder}*]", KEYS_UNKNOWN)


class Table(dynamodb.Table):
    """A table of items that have an `id` (string) and expire at `expiration` (epoch seconds)."""

    def __init__(self, scope: Construct, construct_id: str, stage: StageConfig) -> None:
        super().__init__(
            scope,
            construct_id,
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            # DynamoDB deletes within days, not at once, so readers compare `expiration` themselves:
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
            time_to_live_attribute="expiration",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy(stage),
        )
