"""Analysis stack: MESSAGE_RECEIVED → workflow (images into a bucket, detectors) → MESSAGE_ANALYSED."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from aws_cdk import ArnFormat, CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rekognition as rekognition
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from twbot.lambdas.analysis.workflow import placeholder
from twbot.lambdas.folder.folder import bot_folder, project
from twbot.lambdas.folder.people import has_people
from twbot.lambdas.retention import RETENTION_DAYS
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import acknowledge, allow, service_principal
from twbot.stacks.constructs.function import Function, behaviour
from twbot.stacks.constructs.parameters import for_other_teams
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, delivery_role
from twbot.stacks.constructs.service import LogGroup, Service
from twbot.stacks.constructs.stores import KEYS_UNKNOWN, Bucket
from twbot.stacks.functions import step_function
from twbot.stacks.names import collection_name, function_name, workflow_log_name, workflow_name
from twbot.stacks.plumbing import Plumbing
from twbot.stacks.state_machine import sdk_actions, workflow_of_stage

_NO_RESOURCE = "The detectors' actions, log delivery's and X-Ray's know no resource."


class Analysis(Service):
    """The media bucket, the function that downloads images into it, and the state machine that calls the detectors."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing) -> None:
        super().__init__(scope, "Analysis", stage)
        # Copies of images that X has, needed only to analyse and answer a post.
        self.media = Bucket(self, "Media", stage, rules=_media_rules(stage))
        # The export has a name of its own: the findings of cdk-nag in the stacks that import it contain that name.
        self._media_name = f"{stage.prefix}-media-arn"
        self._media_arn = self.export_value(self.media.bucket_arn, name=self._media_name)
        self._download = Function(self, "download", stage, {"MEDIA_BUCKET": self.media.bucket_name, **stage.x})
        self.media.grant(self._download.execution_role, ["s3:PutObject"])
        self._trim = Function(self, "trim", stage, {"SETTINGS": behaviour(stage)})
        self._people = self._people_function(stage) if has_people(project()) else None
        self._dead_letters = DeadLetters(self, stage, "analysis")
        machine = self._machine(stage, plumbing)
        WiredRule(
            self,
            "analyse-messages",
            stage,
            bus=plumbing.bus,
            target=machine.state_machine_arn,
            dead_letters=self._dead_letters,
            role=delivery_role(self, "DeliveryRole", ["states:StartExecution"], machine.state_machine_arn),
        )
        CfnOutput(self, "WorkflowArn", value=machine.state_machine_arn)
        CfnOutput(self, "MediaBucketName", value=self.media.bucket_name)
        for_other_teams(self, stage, media_bucket=self.media.bucket_name)

    def grant_use_media(self, function: Function, actions: Sequence[str]) -> None:
        """Grant a function of another stack these S3 actions on the images."""
        # Without s3:ListBucket, S3 answers 403 instead of 404 for a key that does not exist:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        allow(function, ["s3:ListBucket"], [self._media_arn])
        allow(function, actions, [f"{self._media_arn}/*"])
        acknowledge(function.execution_role, f"IAM5[Resource::{self._media_name}/*]", KEYS_UNKNOWN)

    def _machine(self, stage: StageConfig, plumbing: Plumbing) -> stepfunctions.StateMachine:
        definition = workflow_of_stage(stage.aws.detectors)
        asl = msgspec.json.encode(definition).decode()
        values = {
            "MediaBucket": self.media.bucket_name,
            "DownloadFunction": self._download.function_arn,
            "TrimFunction": self._trim.function_arn,
            "EventBusName": plumbing.bus.event_bus_name,
            "DeadLetterQueueUrl": self._dead_letters.queue_url,
            **({"PeopleFunction": self._people.function_arn} if self._people else {}),
            **self._step_functions_of(stage),
        }
        role = iam.Role(self, "WorkflowRole", assumed_by=self._step_functions())
        self._grant_workflow(role, stage, definition, plumbing)
        return stepfunctions.StateMachine(
            self,
            "Workflow",
            state_machine_name=workflow_name(stage),
            state_machine_type=stepfunctions.StateMachineType[stage.aws.workflow],
            # `from_file` would upload the definition to S3; as a string it stays in the template, where tests read it.
            definition_body=stepfunctions.DefinitionBody.from_string(asl),
            # Without a detector that reads images, the definition does not name the bucket.
            definition_substitutions={name: value for name, value in values.items() if f"${{{name}}}" in asl},
            role=role,
            logs=self._logs(stage),
            tracing_enabled=True,
        )

    def _people_function(self, stage: StageConfig) -> Function:
        """Create the collection of the faces of the bot's own people, and the function that searches it."""
        # `twbot deploy` fills it after the stacks: cli/operations/people/aws.py.
        collection = rekognition.CfnCollection(self, "People", collection_id=collection_name(stage))
        environment = {"MEDIA_BUCKET": self.media.bucket_name, "COLLECTION_ID": collection.ref}
        function = Function(self, "people", stage, environment)
        self.media.grant(function.execution_role, ["s3:GetObject"])
        allow(function, ["rekognition:SearchFacesByImage"], [collection.attr_arn])
        return function

    def _step_functions_of(self, stage: StageConfig) -> dict[str, str]:
        """Return the ARNs of the functions of the steps, by their placeholders. They are in the stack own."""
        # By name: that stack needs this one's bucket. A step whose function is not there yet costs its own field.
        named = {placeholder(step): function_name(stage, step_function(step)) for step in bot_folder().steps}
        return {
            key: self.format_arn(
                service="lambda", resource="function", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
            )
            for key, name in named.items()
        }

    def _step_functions(self) -> iam.PrincipalBase:
        """Return Step Functions, for this account's state machines only."""
        # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
        machines = self.format_arn(
            service="states", resource="stateMachine", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        return service_principal("states.amazonaws.com").with_conditions({"ArnLike": {"aws:SourceArn": machines}})

    def _logs(self, stage: StageConfig) -> stepfunctions.LogOptions:
        """Log each step of an execution."""
        log = LogGroup(self, "WorkflowLog", stage, workflow_log_name(stage))
        # No execution data: what people wrote is in the lake already.
        return stepfunctions.LogOptions(destination=log, level=stepfunctions.LogLevel.ALL, include_execution_data=False)

    def _grant_workflow(
        self, role: iam.Role, stage: StageConfig, definition: dict[str, Any], plumbing: Plumbing
    ) -> None:
        for service in ("comprehend", "rekognition"):
            if actions := sdk_actions(definition, service):
                allow(role, actions, ["*"])
        if sdk_actions(definition, "rekognition"):
            self.media.grant(role, ["s3:GetObject"])
        steps = self._step_functions_of(stage).values()
        people = [self._people.function_arn] if self._people else []
        ours = [self._download.function_arn, self._trim.function_arn, *people]
        allow(role, ["lambda:InvokeFunction"], [*ours, *steps])
        allow(role, ["sqs:SendMessage"], [self._dead_letters.queue_arn])
        allow(role, ["events:PutEvents"], [plumbing.bus.event_bus_arn])
        acknowledge(role, "IAM5[Resource::*]", _NO_RESOURCE)


def _media_rules(stage: StageConfig) -> list[s3.LifecycleRule]:
    # The keys of posts' pictures begin with the post's id (lambdas/analysis/download.py). A reply's pictures are kept
    # with its words, as a reply may wait for X, and a replay may post it: docs/decisions/0015.
    posts = [s3.LifecycleRule(prefix=digit, expiration=Duration.days(1)) for digit in "0123456789"]
    replies = Duration.days(max(stage.archive_days, RETENTION_DAYS))
    return [*posts, s3.LifecycleRule(prefix="replies/", expiration=replies)]
