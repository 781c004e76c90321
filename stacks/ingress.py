"""Ingress stack: X → REST API, /twitter → function → bus; POST_INCOMPLETE → function, which asks X → bus."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import acknowledge
from twbot.stacks.constructs.function import Function
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, grant_rule_invoke
from twbot.stacks.constructs.secret import grant_read, secret_environment
from twbot.stacks.constructs.service import LogGroup, Service
from twbot.stacks.plumbing import Plumbing

_SIGNED = "X signs what it sends: the function checks the signature over the body."
_ANY_BODY = "Parameters are validated. What X signed must reach the function, whatever its encoding."
_NO_WAF = "Throttled, and signed by X; a firewall costs more than the whole bot when nobody tweets."
_LOGGING = "AWS's own policy is the one API Gateway asks for: it logs for the whole account."


class Ingress(Service):
    """The webhook: GET answers X's challenge (CRC), POST receives events. https://docs.x.com/x-api/webhooks/introduction"""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing) -> None:
        super().__init__(scope, "Ingress", stage)
        environment = {**plumbing.function_environment, **secret_environment(stage), **stage.x}
        function = Function(self, "ingress", stage, environment)
        plumbing.grant_publish(function)
        self._webhook(stage, function)
        grant_read(self, stage, function, self._complete(stage, plumbing, environment))

    def _complete(self, stage: StageConfig, plumbing: Plumbing, environment: dict[str, str]) -> Function:
        """Create the function that asks X for what it left out, with its rule."""
        dead_letters = DeadLetters(self, stage, "ingress")
        function = Function(self, "complete", stage, environment, dead_letters=dead_letters)
        plumbing.grant_publish(function)
        wired = WiredRule(
            self,
            "complete-posts",
            stage,
            bus=plumbing.bus,
            target=function.function_arn,
            dead_letters=dead_letters,
        )
        grant_rule_invoke(function, wired)
        return function

    def _webhook(self, stage: StageConfig, function: lambda_.IFunction) -> None:
        api = self._api(stage)
        twitter = api.root.add_resource("twitter")
        proxy = apigateway.LambdaIntegration(function, allow_test_invoke=False)
        # API Gateway refuses challenges without a token itself: they cost no invocation. It must not judge bodies, as X
        # would lose what API Gateway does not take for JSON: docs/decisions/0014.
        check = api.add_request_validator("Check", validate_request_body=False, validate_request_parameters=True)
        parameters = {"method.request.querystring.crc_token": True}
        twitter.add_method("GET", proxy, request_parameters=parameters, request_validator=check)
        twitter.add_method("POST", proxy, request_validator=check)
        _object_model(api)
        acknowledge(api, "APIG2", _ANY_BODY)
        for method in twitter.node.find_all():
            if isinstance(method, apigateway.Method):
                acknowledge(method, "APIG4", _SIGNED)
                acknowledge(method, "COG4", _SIGNED)
        CfnOutput(self, "WebhookUrl", value=api.url_for_path("/twitter"))
        CfnOutput(self, "TwitterAccountId", value=stage.aws.twitter_account_id or "")

    def _api(self, stage: StageConfig) -> apigateway.RestApi:
        """Create the REST API with its logs and limits."""
        # No limit for bodies here: API Gateway refuses with 413 what exceeds Lambda's 6 MB, the function above 1 MB.
        # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        access_log = LogGroup(self, "AccessLog", stage, f"/twbot/{stage.name}/webhook")
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=stage.prefix,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # Every body reaches the function as base64 of its very bytes. As text, what is no UTF-8 would come changed,
            # and its signature would be wrong:
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
            binary_media_types=["*/*"],
            cloud_watch_role=True,
            # The role is set for the whole account and region: other stages' APIs log with it, too.
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
            deploy_options=apigateway.StageOptions(
                stage_name=stage.name,
                throttling_rate_limit=stage.aws.requests_per_second,
                throttling_burst_limit=2 * stage.aws.requests_per_second,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(_ACCESS),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                metrics_enabled=True,
                tracing_enabled=True,
            ),
        )
        # API Gateway would create this log group itself, with logs that never expire:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        execution_log = f"API-Gateway-Execution-Logs_{api.rest_api_id}/{stage.name}"
        api.deployment_stage.node.add_dependency(LogGroup(self, "ExecutionLog", stage, execution_log))
        acknowledge(api.deployment_stage, "APIG3", _NO_WAF)
        acknowledge(
            api,
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
            _LOGGING,
        )
        return api


# No query string: it holds X's challenge tokens.
_ACCESS = (
    '{"id":"$context.requestId","time":"$context.requestTime","ip":"$context.identity.sourceIp",'
    '"method":"$context.httpMethod","path":"$context.path","status":"$context.status",'
    '"bytes":"$context.responseLength","milliseconds":"$context.responseLatency",'
    # Not the error's message: its text may have quotes of its own, and the variable that escapes them adds quotes, too.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    '"error":"$context.error.responseType"}'
)


def _object_model(api: apigateway.RestApi) -> apigateway.Model:
    # No method uses it any more. A stage of an older twbot has it: within one update it could still be in use.
    schema = apigateway.JsonSchema(schema=apigateway.JsonSchemaVersion.DRAFT4, type=apigateway.JsonSchemaType.OBJECT)
    return api.add_model("Webhook", content_type="application/json", schema=schema)
