"""What holds for every resource of its kind: found by its properties, never counted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cfnlint.api import lint

from tests.support.assemblies import bare_environment
from tests.support.aws_calls import ADAPTERS, actions_of
from tests.support.paths import ROOT
from tests.support.synthesize import CANARY, STAGES, stage
from tests.support.templates import Resource, Templates, as_list, names_in, text
from twbot.lambdas.retention import RETENTION_DAYS
from twbot.stacks.functions import FUNCTIONS
from twbot.stacks.state_machine import tasks, workflow

# These know no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/
WITHOUT_RESOURCE = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"),
    *("comprehend:DetectSentiment", "comprehend:DetectEntities", "comprehend:DetectDominantLanguage"),
    *("rekognition:DetectLabels", "rekognition:DetectText", "rekognition:RecognizeCelebrities"),
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
}
# Their names need to be unique only within a bus, a workgroup, a database, a role …
INSIDE_ANOTHER = (
    *("AWS::Athena::NamedQuery", "AWS::Glue::Table", "AWS::Logs::LogStream", "AWS::ApiGateway::Stage"),
    *("AWS::IAM::Policy", "AWS::Lex::BotAlias"),
)
# What Lambda itself does in a function's role: log and trace, feed it from its queue, write its dead letters. And who
# may not list a bucket is told "forbidden" where a key is not there.
EVERY_FUNCTION = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
FOR_LAMBDA = {
    "egress": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "s3:ListBucket"},
    "image": {"sqs:SendMessage", "s3:ListBucket"},
    "complete": {"sqs:SendMessage"},
    "text": {"sqs:SendMessage"},
    "notify": {"sqs:SendMessage"},
    # SNS encrypts what it takes with the key of whoever publishes.
    "alert": {"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"},
}
# Optimised integrations whose permission has another name than their operation.
OPTIMISED = {"lambda:invoke": "lambda:InvokeFunction"}
POLICIES = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::IAM::Role")
# EventBridge publishes to a topic only without a condition; Lambda assumes a function's role, and API Gateway the
# account's role for logs, under none that AWS documents.
WITHOUT_CONDITION = {
    ("AWS::SNS::TopicPolicy", "events.amazonaws.com"),
    ("AWS::IAM::Role", "lambda.amazonaws.com"),
    ("AWS::IAM::Role", "apigateway.amazonaws.com"),
}
DATA = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")


@pytest.mark.parametrize("name", STAGES)
def test_cdk_nag_finds_nothing(assemblies: Path, name: str) -> None:
    """AwsSolutions has no finding that is not accepted, with a reason, on the one resource."""
    assert findings(assemblies / name) == []


def test_cdk_nag_does_look(assemblies: Path) -> None:
    """The same check reports a queue without dead letters: silence means that all is well."""
    assert findings(assemblies / CANARY) != []


def findings(folder: Path) -> list[object]:
    report = msgspec.json.decode((folder / "validation-report.json").read_bytes())
    return [found for plugin in report["pluginReports"] for found in plugin["violations"]]


@pytest.mark.parametrize(
    "service", ["alerting", "analysis", "analytics", "egress", "ingress", "plumbing", "responding"]
)
def test_cfn_lint_finds_nothing(any_stage: Templates, service: str) -> None:
    """Every template is what CloudFormation's own schemas ask: Express and Standard, detectors on and off."""
    assert [str(match) for match in lint(msgspec.json.encode(any_stage.by_service[service]).decode())] == []


def test_no_action_is_a_wildcard(any_stage: Templates) -> None:
    """Nobody is allowed an action with a `*` in it."""
    for resource, statement in any_stage.statements():
        assert not [action for action in as_list(statement["Action"]) if "*" in action], resource.id


def test_resources_are_named_where_the_service_can(any_stage: Templates) -> None:
    """`*` as the resource stands only where the action knows none (in a key's own policy it is that key)."""
    for resource, statement in any_stage.statements():
        if resource.type != "AWS::KMS::Key" and "*" in as_list(statement.get("Resource", [])):
            assert set(as_list(statement["Action"])) <= WITHOUT_RESOURCE, resource.id


def test_services_act_for_this_account_only(prod: Templates) -> None:
    """Whatever lets a service of AWS in says on whose or on what behalf, but where AWS documents that it can't."""
    for resource, statement in prod.statements():
        service = statement.get("Principal", {}).get("Service")
        if service is not None and resource.type in POLICIES and (resource.type, service) not in WITHOUT_CONDITION:
            assert statement["Condition"], (resource.id, service)
    for permission in prod.resources("AWS::Lambda::Permission"):
        assert permission.properties["SourceArn"], permission.id


def test_who_may_publish_to_the_encrypted_topics(prod: Templates) -> None:
    """Of AWS's services the alarms only, for this account; the alert function by its role, to its topic.

    EventBridge would publish nothing: it supports no Condition in a topic's policy.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    using = {
        statement["Principal"]["Service"]: statement.get("Condition")
        for resource, statement in prod.statements()
        if resource.type == "AWS::KMS::Key" and "Service" in statement["Principal"]
    }
    assert using.keys() == {"cloudwatch.amazonaws.com"}
    assert using["cloudwatch.amazonaws.com"]
    granted = {
        service
        for resource, statement in prod.statements()
        if resource.type == "AWS::SNS::TopicPolicy"
        for service in as_list(statement["Principal"].get("Service", []) if statement["Effect"] == "Allow" else [])
    }
    assert granted == {"cloudwatch.amazonaws.com"}
    (function,) = (
        each
        for each in prod.resources("AWS::Lambda::Function")
        if each.properties["FunctionName"] == "twbot-prod-alert"
    )
    allowed = role_statements(prod, function, "Role")
    (publish,) = (one for one in allowed if "sns:Publish" in as_list(one["Action"]))
    topic = prod.at("alerting", publish["Resource"])
    assert topic is not None
    assert topic.type == "AWS::SNS::Topic"
    assert [*names_in(function.properties["Environment"]["Variables"]["TOPIC_ARN"])] == [topic.id]
    (use,) = (one for one in allowed if "kms:Decrypt" in as_list(one["Action"]))
    assert use["Resource"] == topic.properties["KmsMasterKeyId"]


def test_access_log_lines_are_json(prod: Templates) -> None:
    """Whatever API Gateway puts in the variables: words, the hyphen of one that is not set, a text in quotes."""
    (stage,) = prod.resources("AWS::ApiGateway::Stage")
    written = stage.properties["AccessLogSetting"]["Format"]
    for value in ("-", "POST", "1"):
        line = re.sub(r"\$context\.error\.messageString", json.dumps('not "this"'), written)
        assert json.loads(re.sub(r"\$context(\.\w+)+", value, line))["error"] == value


def test_the_workflow_may_call_what_it_calls(any_stage: Templates, assemblies: Path) -> None:
    """Its role is allowed each call of its tasks, and no other; of a detector that is off nothing."""
    machine = any_stage.one("AWS::StepFunctions::StateMachine")
    definition = workflow(stage(machine.properties["StateMachineName"].split("-")[1], assemblies).aws.detectors)
    allowed = allowed_to(any_stage, machine, "RoleArn")
    assert {action for action in allowed if not action.startswith(("logs:", "xray:"))} == actions_of_tasks(definition)
    assert {action for action in allowed if action.startswith(("logs:", "xray:"))} <= WITHOUT_RESOURCE


def actions_of_tasks(definition: dict[str, Any]) -> set[str]:
    """A task's own call, and of a detector that reads a picture from S3 that reading, which is done in its role."""
    found = set()
    for task in tasks(definition):
        service, operation = task["Resource"].removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(":")
        found.add(OPTIMISED.get(f"{service}:{operation}", f"{service}:{operation[0].upper()}{operation[1:]}"))
        if "S3Object" in task["Parameters"].get("Image", {}):
            found.add("s3:GetObject")
    return found


def allowed_to(templates: Templates, resource: Resource, role: str) -> set[str]:
    return {action for one in role_statements(templates, resource, role) for action in as_list(one["Action"])}


def role_statements(templates: Templates, resource: Resource, role: str) -> list[dict[str, Any]]:
    (name,) = names_in(resource.properties[role])
    policies = (each for each in templates.resources("AWS::IAM::Policy") if each.service == resource.service)
    mine = [each for each in policies if name in names_in(each.properties["Roles"])]
    return [one for each in mine for one in each.properties["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_may_call_what_they_call(any_stage: Templates, name: str) -> None:
    """A function's role is allowed each call that its code makes, and no other."""
    functions = any_stage.resources("AWS::Lambda::Function")
    (function,) = (each for each in functions if each.properties["FunctionName"].endswith(f"-{name}"))
    assert allowed_to(any_stage, function, "Role") - FOR_LAMBDA.get(name, set()) - EVERY_FUNCTION == actions_of(name)


def test_every_adapter_is_looked_into() -> None:
    """No module of lambdas/aws calls AWS behind the back of the test above."""
    known = {module for module, _ in ADAPTERS.values()}
    speaking = {
        f"twbot.lambdas.aws.{path.stem}"
        for path in (ROOT / "lambdas/aws").glob("*.py")
        if "_client." in path.read_text()
    }
    assert speaking <= known
    assert not [
        path.name
        for path in (ROOT / "lambdas").rglob("*.py")
        if "boto3.client" in path.read_text() and path.name != "clients.py"
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_may_call_it_on_what_they_are_told_of(any_stage: Templates, name: str) -> None:
    """Every table, bucket and queue that a function is told of is in its policy, and none of another function's."""
    functions = any_stage.resources("AWS::Lambda::Function")
    (function,) = (each for each in functions if each.properties["FunctionName"].endswith(f"-{name}"))
    told = stores(any_stage, function, [*function.properties["Environment"]["Variables"].values()])
    statements = role_statements(any_stage, function, "Role")
    allowed = {found for one in statements for found in stores(any_stage, function, one["Resource"])}
    beside = stores(any_stage, function, function.properties.get("DeadLetterConfig", {}))
    fed = {
        found
        for feed in any_stage.resources("AWS::Lambda::EventSourceMapping")
        if function.id in names_in(feed.properties["FunctionName"])
        for found in stores(any_stage, function, feed.properties["EventSourceArn"])
    }
    assert told <= allowed
    assert allowed <= told | beside | fed


def stores(templates: Templates, near: Resource, value: Any) -> set[str]:
    """The tables, buckets and queues of the function's own stack that a value refers to."""
    resources = templates.by_service[near.service]["Resources"]
    kinds = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue")
    return {name for name in names_in(value) if resources.get(name, {}).get("Type") in kinds}


def test_every_rule_target_retries_and_has_dead_letters(any_stage: Templates) -> None:
    """What cannot be delivered ends in a queue of its own service, which lets that rule send."""
    for rule in any_stage.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
            queue = any_stage.at(rule.service, target["DeadLetterConfig"]["Arn"])
            assert queue is not None
            assert rule.id in senders(any_stage, queue)


def senders(templates: Templates, queue: Resource) -> set[str]:
    policies = [each for each in templates.resources("AWS::SQS::QueuePolicy") if each.service == queue.service]
    mine = [each for each in policies if queue.id in names_in(each.properties["Queues"])]
    statements = [one for each in mine for one in each.properties["PolicyDocument"]["Statement"]]
    return {name for one in statements if one["Effect"] == "Allow" for name in names_in(one.get("Condition", {}))}


def test_every_asynchronous_function_retries_and_has_dead_letters(any_stage: Templates) -> None:
    """A function that a rule starts is tried again, and what it can't do ends in dead letters."""
    started = {
        (rule.service, name)
        for rule in any_stage.resources("AWS::Events::Rule")
        for target in rule.properties["Targets"]
        for name in names_in(target["Arn"])
    }
    retried = {
        (each.service, name)
        for each in any_stage.resources("AWS::Lambda::EventInvokeConfig")
        for name in names_in(each.properties["FunctionName"])
    }
    asynchronous = [each for each in any_stage.resources("AWS::Lambda::Function") if (each.service, each.id) in started]
    assert asynchronous
    for function in asynchronous:
        assert function.properties["DeadLetterConfig"]["TargetArn"]
        assert (function.service, function.id) in retried


def test_the_queue_of_replies_fails_part_by_part(prod: Templates) -> None:
    """One reply that fails does not repeat the others; it comes back until it is a dead letter."""
    feed = prod.one("AWS::Lambda::EventSourceMapping").properties
    queue = prod.at("egress", feed["EventSourceArn"])
    function = prod.at("egress", feed["FunctionName"])
    assert queue is not None
    assert function is not None
    assert feed["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert feed["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert queue.properties["VisibilityTimeout"] >= 6 * function.properties["Timeout"]
    assert queue.properties["RedrivePolicy"]["deadLetterTargetArn"]


def test_every_log_group_is_cleared(any_stage: Templates) -> None:
    """No log is kept for ever, and nothing logs to a group that is not in the templates."""
    for group in any_stage.resources("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] <= 30
    for function in any_stage.resources("AWS::Lambda::Function"):
        assert any_stage.at(function.service, function.properties["LoggingConfig"]["LogGroup"])
    groups = [text(group.properties["LogGroupName"]) for group in any_stage.resources("AWS::Logs::LogGroup")]
    assert any(name.startswith("API-Gateway-Execution-Logs_") for name in groups)


def test_nothing_is_public_or_in_the_clear(any_stage: Templates) -> None:
    """No bucket can be made public, and neither buckets nor queues take a request in the clear."""
    for kind in ("AWS::S3::Bucket", "AWS::SQS::Queue"):
        clear = [one for one in denials(any_stage, f"{kind}Policy") if is_tls_only(one)]
        for each in any_stage.resources(kind):
            assert any(each.id in names_in(one) for one in clear), each.id
    for bucket in any_stage.resources("AWS::S3::Bucket"):
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket.properties["BucketEncryption"]


def denials(templates: Templates, kind: str) -> list[dict[str, object]]:
    policies = [each.properties["PolicyDocument"]["Statement"] for each in templates.resources(kind)]
    return [one for statements in policies for one in statements if one["Effect"] == "Deny"]


def is_tls_only(statement: dict[str, object]) -> bool:
    return statement.get("Condition", {}) == {"Bool": {"aws:SecureTransport": "false"}}


def test_pictures_go_after_a_day(any_stage: Templates) -> None:
    """Those of posts, whose keys begin with an id, after one day; those of replies with the archive."""
    bucket = any_stage.one("AWS::S3::Bucket", "analysis")
    rules = bucket.properties["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert days.pop("replies/") >= RETENTION_DAYS
    assert days == dict.fromkeys("0123456789", 1)


def test_tables_forget_and_can_be_restored(any_stage: Templates) -> None:
    """What was seen and sent is encrypted, restorable, and forgotten at its `expiration`."""
    for table in any_stage.resources("AWS::DynamoDB::Table"):
        assert table.properties["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
        assert table.properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table.properties["SSESpecification"] == {"SSEEnabled": True}


def test_data_survives_only_in_production(prod: Templates, dev: Templates) -> None:
    """`destroy` leaves a production stage's data and takes any other stage's."""
    for templates, policy in ((prod, "Retain"), (dev, "Delete")):
        stores = [each for each in templates.resources() if each.type in DATA]
        assert {each.type for each in stores} == set(DATA)
        assert {each.body["DeletionPolicy"] for each in stores} == {policy}


def test_what_is_kept_has_no_name_in_the_way(prod: Templates) -> None:
    """A production stage can be deployed again beside what a `destroy` left."""
    for store in prod.resources():
        if store.type in DATA:
            assert not {"BucketName", "TableName"} & store.properties.keys()


def test_the_archive_goes_with_its_bus(any_stage: Templates) -> None:
    """Nothing else could be replayed to, and an archive that stays keeps its bus from being deleted."""
    archive, bus = any_stage.one("AWS::Events::Archive"), any_stage.one("AWS::Events::EventBus")
    assert archive.body["DeletionPolicy"] == "Delete"
    assert bus.body.get("DeletionPolicy", "Delete") == "Delete"


def test_plain_cloudformation(any_stage: Templates) -> None:
    """No custom resource, no macro: nothing runs at deploy time."""
    for template in any_stage.by_service.values():
        assert "Transform" not in template
    assert not [
        each.id for each in any_stage.resources() if each.type.startswith(("Custom::", "AWS::CloudFormation::"))
    ]


def test_two_stages_have_nothing_in_common(prod: Templates, dev: Templates) -> None:
    """No name that is unique in an account, and no export, is that of another stage."""
    assert not names(prod) & names(dev)
    assert not exports(prod) & exports(dev)


def names(templates: Templates) -> set[tuple[str, str]]:
    """What resources are called in the account: by <Kind>Name or Name, and Glue's database deeper down."""
    found = set()
    for each in templates.resources():
        if each.type not in INSIDE_ANOTHER:
            called = each.properties.get("DatabaseInput", each.properties)
            name = called.get(f"{each.type.rpartition('::')[2]}Name", called.get("Name"))
            found |= {(each.type, name)} if isinstance(name, str) else set()
    return found


def exports(templates: Templates) -> set[str]:
    outputs = (one for template in templates.by_service.values() for one in template.get("Outputs", {}).values())
    return {str(one["Export"]["Name"]) for one in outputs if "Export" in one}


def test_the_secret_is_known_by_its_name_only(prod: Templates, dev: Templates) -> None:
    """No secret is made or read by the templates; the functions are told its name."""
    for templates, secret in ((prod, "TwitterSecret"), (dev, "keys-of-another-bot")):
        assert not [each for each in templates.resources() if each.type.startswith("AWS::SecretsManager")]
        assert "{{resolve:" not in str(templates.by_service)
        told = {
            each.properties["Environment"]["Variables"].get("SECRET_NAME")
            for each in templates.resources("AWS::Lambda::Function")
        }
        assert told == {secret, None}


def test_app_synthesizes_as_its_readme_says(tmp_path: Path, shared: Path) -> None:
    """`python app.py` with the context twitterAccountId makes the seven stacks without an account."""
    done = app(tmp_path, shared, '{"twitterAccountId": "999999"}')
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("*-prod.template.json"))) == 7


def test_app_says_what_is_missing(tmp_path: Path, shared: Path) -> None:
    """Without the account's id it says so in one line, and makes nothing."""
    done = app(tmp_path, shared, "{}")
    assert done.returncode == 1
    assert "twitterAccountId" in done.stderr
    assert "Traceback" not in done.stderr


def app(folder: Path, shared: Path, context: str) -> subprocess.CompletedProcess[str]:
    environment = bare_environment(folder, cache=shared / "cache")
    environment |= {"CDK_OUTDIR": str(folder / "out"), "CDK_CONTEXT_JSON": context}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py")], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
