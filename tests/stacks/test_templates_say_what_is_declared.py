"""The synthesized templates hold exactly what is declared once for both platforms."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from tests.support.synthesize import stage
from tests.support.templates import Resource, Templates, text
from twbot.lambdas.analysis.workflow import FILE
from twbot.lambdas.analytics.saved_queries import saved_queries
from twbot.lambdas.analytics.table import DATABASE, TABLE, columns_with
from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.responding.lex_limits import FALLBACK
from twbot.lambdas.settings import Settings
from twbot.lambdas.wiring import RULES
from twbot.stacks.constructs.lake_table import EVENTS
from twbot.stacks.functions import FUNCTIONS
from twbot.stacks.state_machine import workflow

EVENT = (
    b'{"id":"1","source":"BOT","detail-type":"TWEET_SENT","time":"2026-11-24T01:30:00+02:00","detail":{"Text":"hi"}}'
)
TARGETS = {
    "event-log": "AWS::Logs::LogGroup",
    "complete-function": "AWS::Lambda::Function",
    "workflow": "AWS::StepFunctions::StateMachine",
    "topic": "AWS::Lambda::Function",
    "notify-function": "AWS::Lambda::Function",
    "image-function": "AWS::Lambda::Function",
    "text-function": "AWS::Lambda::Function",
    "tweet-queue": "AWS::SQS::Queue",
    "lake": "AWS::KinesisFirehose::DeliveryStream",
}


def test_exactly_the_rules_of_the_wiring(any_stage: Templates) -> None:
    """Each rule of lambdas/wiring.py stands in its service's template as it is, and no other rule does."""
    wanted = {(rule.service, rule.name): (rule.pattern, rule.target) for rule in RULES}
    found: dict[tuple[str, str], Any] = {}
    for rule in any_stage.resources("AWS::Events::Rule"):
        (target,) = rule.properties["Targets"]
        name = rule.properties["Name"].split("-", 2)[2]
        found[rule.service, name] = (rule.properties["EventPattern"], target["Id"])
    assert found == wanted


def test_each_rule_leads_where_its_target_says(prod: Templates) -> None:
    """A rule's target is of the kind that its name promises, and the two functions are the right ones."""
    for rule in prod.resources("AWS::Events::Rule"):
        (target,) = rule.properties["Targets"]
        aimed = prod.at(rule.service, target["Arn"])
        assert aimed is not None
        assert aimed.type == TARGETS[target["Id"]]
        if aimed.type == "AWS::Lambda::Function":
            # The function that publishes to the topic: docs/decisions/0016-a-post-alerts-once.md
            name = "alert" if target["Id"] == "topic" else target["Id"].removesuffix("-function")
            assert aimed.properties["FunctionName"] == f"twbot-prod-{name}"


def test_every_rule_is_on_the_bus(prod: Templates) -> None:
    """No rule listens to the account's default bus."""
    bus = prod.one("AWS::Events::EventBus")
    assert bus.properties["Name"] == "Plumbing"
    for rule in prod.resources("AWS::Events::Rule"):
        assert bus.id in text(rule.properties["EventBusName"])


def test_archive_leaves_replays_out(prod: Templates) -> None:
    """What a replay brings back or causes is not archived, or each would make the next one larger; all else is."""
    pattern = prod.one("AWS::Events::Archive").properties["EventPattern"]
    none = [{"exists": False}]
    assert pattern == {"source": ["TWITTER", "BOT"], "replay-name": none, "detail": {"ReplayName": none}}


def test_the_workflow_is_the_asl_file(dev: Templates) -> None:
    """With all detectors on, the state machine's definition is lambdas/analysis/workflow.asl.json."""
    machine = dev.one("AWS::StepFunctions::StateMachine").properties
    assert json.loads(machine["DefinitionString"]) == json.loads(FILE.read_text())
    assert machine["StateMachineType"] == "STANDARD"


def test_the_workflow_has_the_detectors_that_are_on(any_stage: Templates, assemblies: Path) -> None:
    """A stage's definition is the ASL file without what it switched off, and its placeholders have values."""
    machine = any_stage.one("AWS::StepFunctions::StateMachine").properties
    name = machine["StateMachineName"].split("-")[1]
    assert json.loads(machine["DefinitionString"]) == workflow(stage(name, assemblies).aws.detectors)
    placeholders = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))
    assert machine["DefinitionSubstitutions"].keys() == placeholders


def test_the_bot_is_that_of_the_folder(prod: Templates) -> None:
    """Lex has every intent with its utterances and replies, and asks the function exactly where it should."""
    wanted = read_folder(SHIPPED).chatbot()
    (locale,) = prod.one("AWS::Lex::Bot").properties["BotLocales"]
    found = {intent["Name"]: intent for intent in locale["Intents"]}
    assert locale["LocaleId"] == "en_US"
    assert found.keys() == {FALLBACK, *(intent.name for intent in wanted.intents)}
    for intent in wanted.intents:
        made = found[intent.name]
        assert [each["Utterance"] for each in made["SampleUtterances"]] == intent.utterances
        assert replies_of(made) == intent.replies
        assert ("FulfillmentCodeHook" in made) == bool(intent.run)
    assert found[FALLBACK]["ParentIntentSignature"] == "AMAZON.FallbackIntent"
    assert replies_of(found[FALLBACK]) == wanted.fallback.replies


def replies_of(intent: dict[str, Any]) -> list[str]:
    if "IntentClosingSetting" not in intent:
        return []
    (group,) = intent["IntentClosingSetting"]["ClosingResponse"]["MessageGroupsList"]
    return [each["PlainTextMessage"]["Value"] for each in (group["Message"], *group.get("Variations", []))]


def test_the_sql_is_that_of_queries(any_stage: Templates) -> None:
    """Athena's named queries are the files of queries/, with their descriptions."""
    found = {query.properties["Name"]: query.properties for query in any_stage.resources("AWS::Athena::NamedQuery")}
    wanted = saved_queries()
    assert {name: query["QueryString"] for name, query in found.items()} == {n: q.sql for n, q in wanted.items()}
    assert all(found[name]["Description"] == query.description for name, query in wanted.items())


def test_the_table_is_that_of_the_lake(prod: Templates) -> None:
    """Glue's table has the columns of lambdas/analytics/table.py, and partitions that need no crawler."""
    table = prod.one("AWS::Glue::Table").properties["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert columns == {name.lower(): kind.lower() for name, kind in columns_with({}, []).items()}
    assert table["Name"] == TABLE
    assert prod.one("AWS::Glue::Database").properties["DatabaseInput"]["Name"] == DATABASE
    assert table["Parameters"]["projection.enabled"] == "true"
    assert not prod.resources("AWS::Glue::Crawler")


def test_files_land_where_the_table_looks(prod: Templates) -> None:
    """What the transform function says of an event leads Firehose to the folder that the table projects its hour on."""
    delivery = prod.one("AWS::KinesisFirehose::DeliveryStream").properties["ExtendedS3DestinationConfiguration"]
    (record,) = transform({"records": [{"recordId": "1", "data": base64.b64encode(EVENT).decode()}]})["records"]
    folder = delivery["Prefix"]
    for name, value in record["metadata"]["partitionKeys"].items():
        folder = folder.replace(f"!{{partitionKeyFromLambda:{name}}}", value)
    table = prod.one("AWS::Glue::Table").properties["TableInput"]
    bucket = prod.one("AWS::S3::Bucket", "analytics").id
    looks = text(table["Parameters"]["storage.location.template"]).replace("${datehour}", "2026/11/23/23")
    assert f"s3://{{{bucket}}}/{folder}" == looks
    assert not delivery["ErrorOutputPrefix"].startswith("events/")


def test_a_metric_for_every_type_of_event(prod: Templates) -> None:
    """Each type of event of the contracts is counted, by a filter on that type; not again when it is replayed."""
    filters = {
        each.properties["MetricTransformations"][0]["MetricName"]: each
        for each in prod.resources("AWS::Logs::MetricFilter")
    }
    assert filters.keys() == {*RAW_TYPES, *DETAILS, "X_LIMITS"}
    for kind in (*RAW_TYPES, *DETAILS):
        counts = f'{{ ($.detail-type = "{kind}") && ($.replay-name NOT EXISTS) }}'
        assert filters[kind].properties["FilterPattern"] == counts


def watched_by(alarm: Resource) -> list[tuple[str, str, dict[str, str]]]:
    """The metrics of an alarm, alone or added up: namespace, name and dimensions."""
    metrics = [alarm.properties]
    if "Metrics" in alarm.properties:
        metrics = [each["MetricStat"]["Metric"] for each in alarm.properties["Metrics"] if "MetricStat" in each]
    return [
        (each["Namespace"], each["MetricName"], {one["Name"]: text(one["Value"]) for one in each.get("Dimensions", [])})
        for each in metrics
    ]


def watched(templates: Templates) -> dict[tuple[str, str], list[dict[str, str]]]:
    """The dimensions of each metric that an alarm watches, by namespace and name."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for alarm in templates.resources("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"]
        assert alarm.properties["AlarmDescription"]
        for namespace, name, dimensions in watched_by(alarm):
            found.setdefault((namespace, name), []).append(dimensions)
    return found


def test_alarms_watch_what_is_there(any_stage: Templates) -> None:
    """Alarms know what they watch by name: each of these names exists, and each alarm tells somebody what to do."""
    named = {
        "QueueName": {each.properties["QueueName"] for each in any_stage.resources("AWS::SQS::Queue")},
        "FunctionName": {each.properties["FunctionName"] for each in any_stage.resources("AWS::Lambda::Function")},
        "RuleName": {each.properties["Name"] for each in any_stage.resources("AWS::Events::Rule")},
        "EventBusName": {any_stage.one("AWS::Events::EventBus").properties["Name"]},
        "ApiName": {any_stage.one("AWS::ApiGateway::RestApi").properties["Name"]},
        "Stage": {any_stage.one("AWS::ApiGateway::Stage").properties["StageName"]},
        "DeliveryStreamName": {any_stage.one("AWS::KinesisFirehose::DeliveryStream").properties["DeliveryStreamName"]},
        "service": {spec.service for spec in FUNCTIONS.values()},
    }
    machine = any_stage.one("AWS::StepFunctions::StateMachine").properties["StateMachineName"]
    counted = {
        each.properties["MetricTransformations"][0]["MetricName"]
        for each in any_stage.resources("AWS::Logs::MetricFilter")
    }
    for (namespace, name), places in watched(any_stage).items():
        assert not namespace.endswith("/events") or name in counted
        for dimensions in places:
            arn = dimensions.pop("StateMachineArn", f":stateMachine:{machine}")
            assert arn.endswith(f":stateMachine:{machine}")
            assert all(value in named[key] for key, value in dimensions.items())


def test_nothing_fails_unseen(any_stage: Templates) -> None:
    """An alarm for each way to fail of each state machine, function, rule, queue of dead letters, and of the lake."""
    alarms = watched(any_stage)
    for kind in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"):
        assert len(alarms["AWS/States", kind]) == len(any_stage.resources("AWS::StepFunctions::StateMachine"))
    for kind in ("Errors", "Throttles"):
        functions = {each.properties["FunctionName"] for each in any_stage.resources("AWS::Lambda::Function")}
        assert {each["FunctionName"] for each in alarms["AWS/Lambda", kind]} == functions
    rules = {each.properties["Name"] for each in any_stage.resources("AWS::Events::Rule")}
    assert {each["RuleName"] for each in alarms["AWS/Events", "InvocationsFailedToBeSentToDlq"]} == rules
    queues = {each.properties["QueueName"] for each in any_stage.resources("AWS::SQS::Queue")}
    full = {each["QueueName"] for each in alarms["AWS/SQS", "ApproximateNumberOfMessagesVisible"]}
    assert full == {name for name in queues if name.endswith("dead-letters")}
    prefix = any_stage.one("AWS::ApiGateway::RestApi").properties["Name"]
    assert alarms[f"{prefix}/events", "ANALYSIS_FAILED"]
    assert alarms["AWS/Firehose", "DeliveryToS3.DataFreshness"]
    assert alarms[prefix, "UnreadableEvents"] == [{"service": "analytics"}]


def test_no_alarm_adds_up_more_than_it_may(any_stage: Templates) -> None:
    """CloudWatch takes ten metrics in an alarm at most."""
    assert max(len(watched_by(alarm)) for alarm in any_stage.resources("AWS::CloudWatch::Alarm")) <= 10


def test_targets_get_the_events_themselves(prod: Templates) -> None:
    """No rule rewrites them: what is made of an event is the handlers' business, the same on both platforms."""
    for rule in prod.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            assert not target.keys() & {"Input", "InputPath", "InputTransformer"}


def test_subscribers_come_from_the_configuration(dev: Templates) -> None:
    """Each address of alerts and alarms is subscribed, with the protocol it asks for."""
    found = {
        (each.properties["Protocol"], each.properties["Endpoint"]) for each in dev.resources("AWS::SNS::Subscription")
    }
    assert found == {
        ("email", "someone@example.com"),
        ("sms", "+442079460000"),
        ("https", "https://example.com/alerts"),
        ("email", "operator@example.com"),
    }


def test_functions_are_those_of_the_table(any_stage: Templates, dev: Templates) -> None:
    """Each function of stacks/functions.py is there, made as the table says and told what it says."""
    optional = set() if any_stage == dev else {"X_URL"}
    found = {
        each.properties["FunctionName"].split("-", 2)[2]: each for each in any_stage.resources("AWS::Lambda::Function")
    }
    assert found.keys() == FUNCTIONS.keys()
    everywhere = {"STAGE", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
    for name, spec in FUNCTIONS.items():
        made = found[name].properties
        assert found[name].service == spec.service
        told = made["Environment"]["Variables"]
        assert told.keys() == (everywhere | set(spec.environment)) - optional
        assert (made["Handler"], made["MemorySize"], made["Timeout"]) == (spec.handler, spec.memory, spec.timeout)
        assert (made["Runtime"], made["Architectures"]) == ("python3.13", ["arm64"])


def test_functions_are_told_the_stage_s_behaviour(dev: Templates) -> None:
    """SETTINGS reads back as the settings of the stage, and holds nothing of AWS."""
    for function in dev.resources("AWS::Lambda::Function"):
        variables = function.properties["Environment"]["Variables"]
        if "SETTINGS" in variables:
            assert Settings(**json.loads(variables["SETTINGS"])) == Settings(blur_strangers=True)


def test_api_gateway_is_not_stricter_than_the_function(any_stage: Templates) -> None:
    """It judges no body, and changes none: what X signed reaches the function byte by byte, as on one machine."""
    assert any_stage.one("AWS::ApiGateway::RestApi").properties["BinaryMediaTypes"] == ["*/*"]
    assert any_stage.one("AWS::ApiGateway::RequestValidator").properties["ValidateRequestBody"] is False
    assert not any(each.properties.get("RequestModels") for each in any_stage.resources("AWS::ApiGateway::Method"))


def test_the_webhook_is_told(prod: Templates) -> None:
    """The output WebhookUrl is the address that X is given: …/prod/twitter."""
    url = text(prod.by_service["ingress"]["Outputs"]["WebhookUrl"]["Value"])
    assert url.startswith("https://")
    assert url.endswith("/twitter")
    assert prod.one("AWS::ApiGateway::Stage").properties["StageName"] == "prod"
    methods = {each.properties["HttpMethod"]: each.properties for each in prod.resources("AWS::ApiGateway::Method")}
    assert methods.keys() == {"GET", "POST"}
    assert all(method["Integration"]["Type"] == "AWS_PROXY" for method in methods.values())


def test_events_are_kept_for_as_long_as_the_stage_says(prod: Templates, dev: Templates) -> None:
    """In the archive, and in the lake, which keeps them for ever where the stage has no `lake_days`."""
    assert _days(prod) == (30, [])
    assert _days(dev) == (90, [400])


def _days(templates: Templates) -> tuple[int, list[int]]:
    """For how many days the archive and the lake keep events."""
    (archive,) = templates.resources("AWS::Events::Archive")
    rules = [
        rule
        for bucket in templates.resources("AWS::S3::Bucket")
        for rule in bucket.properties["LifecycleConfiguration"]["Rules"]
    ]
    return archive.properties["RetentionDays"], [r["ExpirationInDays"] for r in rules if r.get("Prefix") == EVENTS]
