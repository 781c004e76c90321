"""Analytics stack: every event → Firehose → transform function → S3 lake, queried with Athena."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from twbot.lambdas.analytics.table import DATABASE, TABLE
from twbot.lambdas.analytics.transform import FOLDER
from twbot.stacks.config import RESULTS_DAYS, StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.function import Function
from twbot.stacks.constructs.lake_table import EVENTS, RESULTS, add_table, add_workgroup
from twbot.stacks.constructs.parameters import for_other_teams
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, delivery_role
from twbot.stacks.constructs.service import LogGroup, Service
from twbot.stacks.constructs.stores import Bucket
from twbot.stacks.names import stream_name
from twbot.stacks.plumbing import Plumbing

ERRORS = "errors/"
BY_PROBLEM = "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
DELIVERY = firehose.CfnDeliveryStream


class Analytics(Service):
    """The lake's bucket, its delivery stream, and the Glue table and Athena workgroup over it."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing) -> None:
        super().__init__(scope, "Analytics", stage)
        self._transform = Function(self, "transform", stage, {})
        results = s3.LifecycleRule(prefix=RESULTS, expiration=Duration.days(RESULTS_DAYS))
        self.lake = Bucket(self, "Lake", stage, rules=[results, *_expiry(stage)])
        stream = self._stream(stage)
        WiredRule(
            self,
            "keep-every-event",
            stage,
            bus=plumbing.bus,
            target=stream.attr_arn,
            dead_letters=DeadLetters(self, stage, "analytics"),
            role=delivery_role(
                self, "DeliveryRole", ["firehose:PutRecord", "firehose:PutRecordBatch"], stream.attr_arn
            ),
        )
        add_workgroup(self, stage, self.lake.bucket_name, add_table(self, stage, self.lake.bucket_name))
        CfnOutput(self, "LakeBucketName", value=self.lake.bucket_name)
        database = stage.named(DATABASE)
        for_other_teams(self, stage, lake_bucket=self.lake.bucket_name, lake_database=database, lake_table=TABLE)

    def _stream(self, stage: StageConfig) -> firehose.CfnDeliveryStream:
        log = LogGroup(self, "DeliveryLog", stage, f"/twbot/{stage.name}/lake")
        log_stream = logs.LogStream(self, "DeliveryLogStream", log_group=log, log_stream_name="s3")
        role = self._role(log)
        stream = DELIVERY(
            self,
            "Stream",
            delivery_stream_name=stream_name(stage),
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=DELIVERY.DeliveryStreamEncryptionConfigurationInputProperty(
                key_type="AWS_OWNED_CMK"
            ),
            extended_s3_destination_configuration=self._destination(role, log, log_stream),
        )
        # Firehose uses the role from the stream's creation on, so the role's policy has to exist by then.
        stream.node.add_dependency(role.node.find_child("DefaultPolicy"))
        return stream

    def _destination(
        self, role: iam.Role, log: LogGroup, log_stream: logs.LogStream
    ) -> firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty:
        """Deliver gzipped files, partitioned by the hour of the events' own time."""
        # Firehose's own timestamp is the time of arrival: a replay or a retry would put events into the wrong hour.
        # The transform function returns the partition keys instead; dynamic partitioning needs a 64 MiB buffer.
        # https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
        return DELIVERY.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=self.lake.bucket_arn,
            role_arn=role.role_arn,
            prefix=EVENTS + "".join(f"!{{partitionKeyFromLambda:{part}}}/" for part in FOLDER),
            error_output_prefix=ERRORS + BY_PROBLEM,
            compression_format="GZIP",
            buffering_hints=DELIVERY.BufferingHintsProperty(interval_in_seconds=60, size_in_m_bs=64),
            dynamic_partitioning_configuration=DELIVERY.DynamicPartitioningConfigurationProperty(enabled=True),
            processing_configuration=DELIVERY.ProcessingConfigurationProperty(
                enabled=True, processors=[_lambda_processor(self._transform.function_arn)]
            ),
            cloud_watch_logging_options=DELIVERY.CloudWatchLoggingOptionsProperty(
                enabled=True, log_group_name=log.log_group_name, log_stream_name=log_stream.log_stream_name
            ),
        )

    def _role(self, log: LogGroup) -> iam.Role:
        # Firehose passes the account id as the external id, which keeps other accounts' streams out:
        # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
        condition = {"StringEquals": {"sts:ExternalId": Aws.ACCOUNT_ID}}
        service = iam.ServicePrincipal("firehose.amazonaws.com").with_conditions(condition)
        role = iam.Role(self, "StreamRole", assumed_by=service)
        bucket_actions = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        allow(role, bucket_actions, [self.lake.bucket_arn])
        for folder in (EVENTS, ERRORS):
            self.lake.grant(role, ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], folder)
        allow(role, ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"], [self._transform.function_arn])
        allow(role, ["logs:PutLogEvents"], [log.log_group_arn])
        return role


def _lambda_processor(function_arn: str) -> firehose.CfnDeliveryStream.ProcessorProperty:
    values = {"LambdaArn": function_arn, "BufferSizeInMBs": "1", "BufferIntervalInSeconds": "60"}
    return DELIVERY.ProcessorProperty(
        type="Lambda",
        parameters=[
            DELIVERY.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
            for name, value in values.items()
        ],
    )


def _expiry(stage: StageConfig) -> list[s3.LifecycleRule]:
    """Return the rule that deletes what is older than the stage keeps; none where it keeps everything."""
    if stage.settings.lake_days is None:
        return []
    return [s3.LifecycleRule(prefix=EVENTS, expiration=Duration.days(stage.settings.lake_days))]
