"""Lambda functions as stacks/functions.py declares them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from twbot.lambdas.folder.folder import VARIABLE
from twbot.stacks.bundling.code import code_of
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import acknowledge, allow
from twbot.stacks.constructs.rules import MAX_EVENT_AGE
from twbot.stacks.constructs.service import LogGroup
from twbot.stacks.functions import OPTIONAL, FunctionSpec, functions
from twbot.stacks.names import function_log_name, function_name

# Where a bundle is unpacked: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
TASK_ROOT = "/var/task"


class Function(lambda_.Function):
    """A function of stacks/functions.py, with a role and a log group of its own.

    `environment` may hold more than the function declares. `dead_letters`: for functions that are invoked
    asynchronously, where an event goes after the last retry.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        stage: StageConfig,
        environment: Mapping[str, str],
        *,
        dead_letters: sqs.IQueue | None = None,
    ) -> None:
        spec = functions()[name]
        log_group = LogGroup(scope, f"{name.title()}Log", stage, function_log_name(stage, name))
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
            environment={**_common_environment(stage, spec.service), **_declared(spec, environment)},
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=dead_letters,
            # Retries happen within Lambda once it has accepted an event: EventBridge's retries end there.
            # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
            retry_attempts=2 if dead_letters else None,
            max_event_age=MAX_EVENT_AGE if dead_letters else None,
        )
        self.spec = spec
        self.execution_role = role
        acknowledge(self, "L1", "Python 3.13: the newest that every package of the bundles has wheels for.")


def behaviour(stage: StageConfig) -> str:
    """Return the stage's settings as the JSON that the functions read."""
    return msgspec.json.encode(
        msgspec.structs.replace(stage.settings, aws={}, archive_days=None, lake_days=None)
    ).decode()


def _declared(spec: FunctionSpec, known: Mapping[str, str]) -> dict[str, str]:
    """Return the declared variables. Raises KeyError for a missing one, unless it is optional."""
    known = {VARIABLE: TASK_ROOT, **known}
    return {key: known[key] for key in spec.environment if key in known or key not in OPTIONAL}


def _common_environment(stage: StageConfig, service: str) -> dict[str, str]:
    return {
        "STAGE": stage.name,
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": stage.prefix,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def _role(scope: Construct, construct_id: str, log_group: logs.ILogGroup) -> iam.Role:
    role = iam.Role(scope, construct_id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    # AWSLambdaBasicExecutionRole would allow writing to every log group of the account.
    allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
    acknowledge_traces(role)
    return role


def acknowledge_traces(role: iam.Role) -> None:
    """Accept the wildcard resource of X-Ray's write actions."""
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    acknowledge(role, "IAM5[Resource::*]", "X-Ray's write actions, which tracing needs, know no resource.")
