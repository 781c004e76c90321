"""What repeats in the stacks: functions, dead letters, rules, buckets, tables and log groups, each the safe way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Acknowledgment, Aws, Duration, Environment, RemovalPolicy, Stack, Tags, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from stacks.code import code_of
from stacks.config import Stage
from stacks.functions import FUNCTIONS
from stacks.wiring import RULES

EVENTS = iam.ServicePrincipal("events.amazonaws.com")
RETRIES = 24
OLDEST = Duration.hours(2)
KEYS_UNKNOWN = "Files are named after posts and hours: nobody knows their keys before."


def allow(grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Allow exactly this: what CDK grants comes with wildcards."""
    grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=resources))


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept a finding of cdk-nag's AwsSolutions on this construct."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))


def kept(stage: Stage) -> RemovalPolicy:
    """What becomes of data when a stage is destroyed."""
    return RemovalPolicy.RETAIN if stage.production else RemovalPolicy.DESTROY


class Service(Stack):
    """A microservice of a stage."""

    def __init__(self, scope: Construct, name: str, stage: Stage) -> None:
        super().__init__(
            scope,
            f"{name}-{stage.name}",
            stack_name=f"{stage.prefix}-{name.lower()}",
            description=f"twbot, {name.lower()} ({stage.name})",
            env=Environment(account=stage.aws.account, region=stage.aws.region),
        )
        # CDK spells out dependencies that are plain already.
        self.template_options.metadata = {"cfn-lint": {"config": {"ignore_checks": ["W3005"]}}}
        Tags.of(self).add("twbot", stage.name)


class LogGroup(logs.LogGroup):
    """Kept as long as the stage keeps logs."""

    def __init__(self, scope: Construct, construct_id: str, stage: Stage, name: str) -> None:
        super().__init__(scope, construct_id, log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
        group = self.node.default_child
        assert isinstance(group, logs.CfnLogGroup)
        group.retention_in_days = stage.aws.log_days


class DeadLetters(sqs.Queue):
    """Where a microservice's undeliverable events end, for two weeks. Plumbing knows it by its name."""

    def __init__(self, scope: Construct, stage: Stage, service: str) -> None:
        super().__init__(
            scope,
            "DeadLetters",
            queue_name=dead_letters_name(stage, service),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        accept(self, "SQS3", "These are the dead letters.")


def dead_letters_name(stage: Stage, service: str) -> str:
    return f"{stage.prefix}-{service}-dead-letters"


def function_name(stage: Stage, name: str) -> str:
    return f"{stage.prefix}-{name}"


class Function(lambda_.Function):
    """A function of stacks/functions.py. With `dead_letters` it is called asynchronously."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        stage: Stage,
        environment: Mapping[str, str],
        *,
        dead_letters: sqs.IQueue | None = None,
    ) -> None:
        spec = FUNCTIONS[name]
        log_group = LogGroup(scope, f"{name.title()}Log", stage, f"/twbot/{stage.name}/{name}")
        role = _role(scope, f"{name.title()}Role", log_group)
        super().__init__(
            scope,
            f"{name.title()}Function",
            function_name=function_name(stage, name),
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=code_of(name),
            handler=spec.handler,
            memory_size=spec.memory,
            timeout=Duration.seconds(spec.timeout),
            environment={**_everywhere(stage, spec.service), **{key: environment[key] for key in spec.environment}},
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=dead_letters,
            retry_attempts=2 if dead_letters else None,
            max_event_age=OLDEST if dead_letters else None,
        )
        self.works_as = role
        accept(self, "L1", "Python 3.13: the newest that every package of the bundles has wheels for.")


def _everywhere(stage: Stage, service: str) -> dict[str, str]:
    return {
        "STAGE": stage.name,
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": stage.prefix,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def _role(scope: Construct, construct_id: str, log_group: logs.ILogGroup) -> iam.Role:
    """AWS's own policy for functions lets them write to every log group; this one to its own."""
    role = iam.Role(scope, construct_id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
    accept_traces(role)
    return role


def accept_traces(role: iam.Role) -> None:
    """X-Ray's actions know no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"""
    accept(role, "IAM5[Resource::*]", "X-Ray's write actions, which tracing needs, know no resource.")


class WiredRule(Construct):
    """A rule of stacks/wiring.py: delivered with retries, and to the dead letters at last."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        stage: Stage,
        *,
        bus: events.IEventBus,
        target: str,
        dead_letters: sqs.IQueue,
        role: iam.IRole | None = None,
        says: events.CfnRule.InputTransformerProperty | None = None,
    ) -> None:
        super().__init__(scope, "".join(word.title() for word in name.split("-")))
        rule = next(rule for rule in RULES if rule.name == name)
        self.rule = events.CfnRule(
            self,
            "Rule",
            name=f"{stage.prefix}-{name}",
            event_bus_name=bus.event_bus_name,
            event_pattern=rule.pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    id=rule.target,
                    arn=target,
                    role_arn=role.role_arn if role else None,
                    input_transformer=says,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_retry_attempts=RETRIES, maximum_event_age_in_seconds=OLDEST.to_seconds()
                    ),
                )
            ],
        )
        self.arn = self.rule.attr_arn
        let_rule_send(dead_letters, self)


def let_rule_send(queue: sqs.IQueue, rule: WiredRule) -> None:
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[EVENTS],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.arn}},
        )
    )


def let_rule_invoke(function: lambda_.IFunction, rule: WiredRule) -> None:
    lambda_.CfnPermission(
        rule,
        "Permission",
        action="lambda:InvokeFunction",
        function_name=function.function_arn,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )


def delivery_role(scope: Construct, construct_id: str, actions: Sequence[str], resource: str) -> iam.Role:
    """What EventBridge needs to be for targets without a policy of their own."""
    condition = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    role = iam.Role(scope, construct_id, assumed_by=EVENTS.with_conditions(condition))
    allow(role, actions, [resource])
    return role


class Bucket(s3.Bucket):
    """Private, encrypted, TLS only."""

    def __init__(
        self, scope: Construct, construct_id: str, stage: Stage, *, rules: Sequence[s3.LifecycleRule] = ()
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
            removal_policy=kept(stage),
        )
        accept(self, "S1", "Only the bot's own functions reach this bucket; CloudTrail can tell who did.")

    def let(self, role: iam.IRole, actions: Sequence[str], folder: str = "") -> None:
        """Let a role of this stack work with what is in a folder."""
        allow(role, actions, [self.arn_for_objects(f"{folder}*")])
        bucket = self.node.default_child
        assert isinstance(bucket, s3.CfnBucket)
        accept(role, f"IAM5[Resource::<{self.stack.get_logical_id(bucket)}.Arn>/{folder}*]", KEYS_UNKNOWN)


class Table(dynamodb.Table):
    """Remembers an `id` until its `expiration`; encrypted with DynamoDB's own key, and restorable."""

    def __init__(self, scope: Construct, construct_id: str, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expiration",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=kept(stage),
        )
