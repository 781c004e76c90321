"""The stack of what the bot's folder adds, from tests/support/own_folder.py."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cfnlint.api import lint

from tests.support.assemblies import read
from tests.support.bot_folders import make_bot
from tests.support.own_folder import TOML
from tests.support.paths import ROOT
from tests.support.synthesize import OWN
from tests.support.templates import Resource, Templates, as_list, text
from twbot.cli.cost.bill import idle_quantities
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.own.addresses import address_on_aws
from twbot.lambdas.settings import Settings
from twbot.stacks.config import AwsConfig, StageConfig
from twbot.stacks.extra import add_extra
from twbot.stacks.functions import functions as declared_functions
from twbot.stacks.own import _title

BUS = "events:eu-west-1:123456789012:event-bus/orders"
DECLARED = tomllib.loads(TOML)
NOT_REPLAYED = [{"exists": False}]


@pytest.fixture(scope="module")
def own(assemblies: Path) -> Templates:
    return read(assemblies, OWN)


def functions(templates: Templates) -> dict[str, Resource]:
    found = templates.resources("AWS::Lambda::Function")
    return {each.properties["FunctionName"].removeprefix("twbot-test-"): each for each in found}


def allowed(templates: Templates, function: Resource) -> dict[str, set[str]]:
    """What the function's role allows: the resources of each action."""
    (role,) = [function.properties["Role"]["Fn::GetAtt"][0]]
    found: dict[str, set[str]] = {}
    for resource, statement in templates.statements():
        if resource.type == "AWS::IAM::Policy" and {"Ref": role} in resource.properties["Roles"]:
            for action in as_list(statement["Action"]):
                found.setdefault(action, set()).update(map(text, as_list(statement["Resource"])))
    return found


def test_nothing_is_found_fault_with(assemblies: Path, own: Templates) -> None:
    """By cdk-nag, where nothing is accepted but what twbot.toml allows, and by cfn-lint."""
    report = msgspec.json.decode((assemblies / OWN / "validation-report.json").read_bytes())
    found = [found for plugin in report["pluginReports"] for found in plugin["violations"]]
    # Own CDK code is its author's.
    assert not [each for each in found if "Coffee/" not in json.dumps(each["violatingConstructs"])]
    for service in ("own", "analysis", "responding", "plumbing"):
        assert not [str(match) for match in lint(msgspec.json.encode(own.by_service[service]).decode())]


def test_each_rule_has_its_pattern(own: Templates) -> None:
    """As it is declared; without a type of its own it is about MESSAGE_ANALYSED, and replays are asked for."""
    found = {
        each.properties["Name"].removeprefix("twbot-test-"): each.properties["EventPattern"]
        for each in own.resources("AWS::Events::Rule")
        if each.service == "own"
    }
    assert found.keys() == {rule["name"] for rule in DECLARED["rules"]}
    for rule in DECLARED["rules"]:
        pattern = {"detail-type": ["MESSAGE_ANALYSED"], **rule["when"]}
        if not rule.get("replays"):
            pattern |= {
                "replay-name": NOT_REPLAYED,
                "detail": {"ReplayName": NOT_REPLAYED, **pattern.get("detail", {})},
            }
        assert found[rule["name"]] == pattern


def test_each_function_gets_what_it_is_declared_with(own: Templates) -> None:
    """Memory and time; the module that runs it, and its name."""
    found = functions(own)
    for rule in (rule for rule in DECLARED["rules"] if not rule.get("to", "").startswith("arn:")):
        made = found[f"own-{rule['name']}"].properties
        assert (made["MemorySize"], made["Timeout"]) == (rule.get("memory", 512), rule.get("timeout", 30))
        assert made["Environment"]["Variables"]["OWN_RULE"] == rule["name"]
        assert made["DeadLetterConfig"]
    for step in DECLARED["steps"]:
        made = found[f"step-{step['name']}"].properties
        assert made["Timeout"] == step.get("timeout", 30)
        assert made["Environment"]["Variables"]["OWN_STEP"] == step["name"]
    for function in found.values():
        made = function.properties
        if function.service == "own":
            assert (made["Runtime"], made["Architectures"]) == ("python3.13", ["arm64"])
            assert made["Handler"] == "twbot.lambdas.aws.handlers.own.handler"


def test_a_role_has_what_its_function_is_declared_with_and_no_more(own: Templates) -> None:
    """The bus and the pictures, as any function of the folder; its own secrets and permissions, and nobody else's."""
    found = {name: allowed(own, function) for name, function in functions(own).items() if function.service == "own"}
    log = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    bus = {"events:PutEvents", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"}
    media = {"s3:ListBucket", "s3:GetObject", "s3:PutObject"}
    secret = "secretsmanager:GetSecretValue"
    assert found["own-all-again"].keys() == log | bus | media | {"sqs:SendMessage"}
    assert found["own-crm-angry"].keys() == log | bus | media | {"sqs:SendMessage", secret}
    assert found["own-hook"].keys() == log | {"sqs:SendMessage", secret}
    assert found["step-Toxicity"].keys() == log | bus | media
    assert "arn:aws:dynamodb:*:*:table/tickets" in found["own-crm-angry"]["dynamodb:PutItem"]
    assert not any("tickets" in each for each in found["own-all-again"]["dynamodb:PutItem"])
    assert [each.rpartition(":")[2] for each in found["own-crm-angry"][secret]] == ["twbot/test/CRM_TOKEN-??????"]
    assert [each.rpartition(":")[2] for each in found["own-hook"][secret]] == ["twbot/test/HOOK_KEY-??????"]


def test_the_people_of_the_folder_have_a_collection(own: Templates, prod: Templates) -> None:
    """A function of the workflow may search it and read the pictures, and no more; who has no people has neither."""
    collection = own.one("AWS::Rekognition::Collection")
    assert collection.properties["CollectionId"] == "twbot-test-people"
    found = allowed(own, functions(own)["people"])
    assert found["rekognition:SearchFacesByImage"] == {f"{{{collection.id}.Arn}}"}
    assert {action for action in found if not action.startswith(("logs:", "xray:"))} == {
        "rekognition:SearchFacesByImage",
        "s3:GetObject",
    }
    machine = own.one("AWS::StepFunctions::StateMachine")
    assert "PeopleFunction" in machine.properties["DefinitionSubstitutions"]
    assert not prod.resources("AWS::Rekognition::Collection")
    assert "people" not in {name.removeprefix("twbot-prod-") for name in functions(prod)}


def test_the_idle_bill_knows_what_is_added(assemblies: Path, own: Templates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarms of its functions and rules, and its secrets."""
    alarms = (each.properties for each in own.resources("AWS::CloudWatch::Alarm"))
    metrics = [max(1, sum("MetricStat" in each for each in alarm.get("Metrics", []))) for alarm in alarms]
    monkeypatch.setenv("TWBOT_PROJECT", str(assemblies / "own-folder"))
    quantities = idle_quantities()
    assert quantities["idle.alarms"] == sum(metrics)
    assert quantities["idle.secret"] == 1 + len({"CRM_TOKEN", "HOOK_KEY", "ORDERS_TOKEN"})


def test_own_events_are_counted_and_columns(own: Templates, prod: Templates) -> None:
    """The types of bot/events.toml have metric filters, their fields are in the Glue table, and steps' answers are.

    The transform function knows them, where there are any.
    """
    for templates, knows in ((own, True), (prod, False)):
        (transform,) = (each for name, each in functions(templates).items() if name.endswith("transform"))
        environment = transform.properties["Environment"]["Variables"]
        assert ("TWBOT_PROJECT" in environment) == knows
    counted = {
        each.properties["MetricTransformations"][0]["MetricName"] for each in own.resources("AWS::Logs::MetricFilter")
    }
    assert "TICKET_OPENED" in counted
    table = own.one("AWS::Glue::Table").properties["TableInput"]["StorageDescriptor"]["Columns"]
    types = {each["Name"]: each["Type"] for each in table}
    assert "by:string" in types["detail"]
    assert "own:struct<toxicity:string>" in types["detail"]
    assert "own:struct<style:string>" in types["detail"]
    assert types["own"] == "string"


def test_answers_run_in_the_functions_that_answer(own: Templates) -> None:
    """With their secrets, room for them, and time for each of them in turn beside the chatbot."""
    found = functions(own)
    assert found["text"].properties["Timeout"] == 2 * 20 + 10
    assert found["image"].properties["Timeout"] == 60
    for name in ("text", "image"):
        assert found[name].properties["MemorySize"] == 2048
        secrets = allowed(own, found[name])["secretsmanager:GetSecretValue"]
        assert [each.rpartition(":")[2] for each in secrets] == ["twbot/test/ORDERS_TOKEN-??????"]
    assert "secretsmanager:GetSecretValue" not in allowed(own, found["fulfilment"])


def test_an_address_on_aws_gets_the_right_permission(own: Templates) -> None:
    """A role of ours that may do that and nothing else, the policy for theirs as an output, dead letters."""
    wanted = {
        "queue": "sqs:SendMessage",
        "topic": "sns:Publish",
        "function": "lambda:InvokeFunction",
        "bus": "events:PutEvents",
    }
    addresses = {rule["name"]: rule["to"] for rule in DECLARED["rules"] if rule.get("to", "").startswith("arn:")}
    found = (each for each in own.resources("AWS::Events::Rule") if each.service == "own")
    rules = {each.properties["Name"].removeprefix("twbot-test-"): each for each in found}
    for name, action in wanted.items():
        (target,) = rules[name].properties["Targets"]
        role = target["RoleArn"]["Fn::GetAtt"][0]
        assert target["Arn"] == addresses[name]
        assert target["DeadLetterConfig"]
        assert target.get("SqsParameters") == ({"MessageGroupId": "queue"} if name == "queue" else None)
        (statement,) = (
            statement
            for policy, statement in own.statements()
            if policy.type == "AWS::IAM::Policy" and {"Ref": role} in policy.properties["Roles"]
        )
        assert (statement["Action"], statement["Resource"]) == (action, addresses[name])
        output = own.by_service["own"]["Outputs"][f"PolicyFor{name.title()}"]["Value"]
        policy = json.loads(text(output))
        assert policy == {
            "Effect": "Allow",
            "Principal": {"AWS": f"{{{role}.Arn}}"},
            "Action": action,
            "Resource": addresses[name],
        }


def test_the_workflow_may_call_the_steps(own: Templates) -> None:
    """By the names that their functions have."""
    machine = own.one("AWS::StepFunctions::StateMachine").properties
    arns = {key: text(value) for key, value in machine["DefinitionSubstitutions"].items() if key.startswith("Step")}
    assert {key: arn.rpartition(":")[2] for key, arn in arns.items()} == {
        "StepToxicityFunction": "twbot-test-step-Toxicity",
        "StepStyleFunction": "twbot-test-step-Style",
    }
    invoked = {
        text(resource)
        for policy, statement in own.statements()
        if policy.service == "analysis" and statement["Action"] == "lambda:InvokeFunction"
        for resource in as_list(statement["Resource"])
    }
    assert set(arns.values()) <= invoked


def test_without_rules_and_steps_there_is_no_such_stack(prod: Templates) -> None:
    assert "own" not in prod.by_service


def test_own_cdk_code_stands_beside(assemblies: Path, own: Templates) -> None:
    """`extra` adds stacks of its own, and gets the bus, topic, lake and media: as docs/for-other-teams.md shows it."""
    template = own.by_service["coffee.template.json"]
    manifest = msgspec.json.decode((assemblies / OWN / "manifest.json").read_bytes())
    assert manifest["artifacts"]["Coffee"]["properties"]["tags"]["twbot-extra"] == "test"
    assert template["Outputs"].keys() >= {"Lake", "Table", "Media", "Alerts"}
    (rule,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::Events::Rule")
    assert "twbot-test-plumbing" in json.dumps(rule["Properties"]["EventBusName"])


def test_the_rule_for_other_teams_is_a_template() -> None:
    """That CloudFormation takes, on parameters that are there."""
    page = (ROOT / "docs/for-other-teams.md").read_text("utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert [str(match) for match in lint(shown)] == []


def test_other_teams_find_what_they_may_use(prod: Templates) -> None:
    """By parameters whose names docs/for-other-teams.md promises."""
    found = {each.properties["Name"] for each in prod.resources("AWS::SSM::Parameter")}
    names = ("bus-arn", "bus-name", "alert-topic-arn", "lake-bucket", "lake-database", "lake-table", "media-bucket")
    assert found == {f"/twbot/prod/{name}" for name in names}


def test_the_lake_is_named_as_it_is_called(prod: Templates, own: Templates) -> None:
    """To other teams and to own CDK code, in any stage: the database has the stage in its name, but for prod."""
    for templates in (prod, own):
        table = templates.one("AWS::Glue::Table").properties["TableInput"]["Name"]
        database = templates.one("AWS::Glue::Database").properties["DatabaseInput"]["Name"]
        parameters = (each.properties for each in templates.resources("AWS::SSM::Parameter"))
        told = {each["Name"].rpartition("/")[2]: each["Value"] for each in parameters}
        assert (told["lake-database"], told["lake-table"]) == (database, table)
    output = own.by_service["coffee.template.json"]["Outputs"]["Table"]["Value"]
    assert output == f"{database}.{table}"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def add(scope, stage, twbot):\n    scope.nothing()\n", r"stack\.py:2: AttributeError"),
        ("def add(scope, stage\n", r"stack\.py:1: SyntaxError"),
        ("import notthere\n", r"stack\.py:1: ModuleNotFoundError"),
        ("", r"extra: AttributeError.*add"),
    ],
)
def test_a_fault_of_own_cdk_code_names_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    module = f"infra_{abs(hash(code))}"
    (tmp_path / module).mkdir()
    (tmp_path / module / "stack.py").write_text(code)
    stage = StageConfig(name="test", settings=Settings(), aws=AwsConfig(extra=f"{module}.stack:add"))
    nothing: Any = None
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    with pytest.raises(TwbotError, match=says):
        add_extra(nothing, stage, nothing, tmp_path)


@pytest.mark.parametrize(
    "to",
    [
        "arn:aws:s3:::bucket",
        "arn:aws:events:eu-west-1:123456789012:rule/mine",
        "arn:aws:sqs:eu-west-1:12:queue",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/mine",
    ],
)
def test_another_arn_is_refused(to: str) -> None:
    with pytest.raises(TwbotError, match="nothing that a rule can send to"):
        address_on_aws(to)


def test_a_fifo_topic_is_refused() -> None:
    """EventBridge sends to none. A bus may be called so."""
    with pytest.raises(TwbotError, match="FIFO topic"):
        address_on_aws("arn:aws:sns:eu-west-1:123456789012:orders.fifo")
    orders = {name: address_on_aws(f"arn:aws:{name}.fifo") for name in ("sqs:eu-west-1:123456789012:orders", BUS)}
    assert [each is not None and each.keeps_order for each in orders.values()] == [True, False]


@pytest.mark.parametrize("service", ["sqs", "sns", "lambda"])
def test_another_region_is_refused(service: str) -> None:
    """But for a bus, rules send within their region."""
    resource = "function:orders" if service == "lambda" else "orders"
    address = address_on_aws(f"arn:aws:{service}:us-east-1:123456789012:{resource}")
    bus = address_on_aws(f"arn:aws:{BUS}")
    assert address is not None
    assert bus is not None
    address.check_region("us-east-1")
    bus.check_region("us-east-1")
    with pytest.raises(TwbotError, match="not in eu-west-1"):
        address.check_region("eu-west-1")


@pytest.mark.parametrize(
    ("model", "allowed_models"),
    [
        ("zai.glm-4.7", ["foundation-model/zai.glm-4.7"]),
        (
            "eu.anthropic.some-v1:0",
            ["foundation-model/anthropic.some-v1:0", "inference-profile/eu.anthropic.some-v1:0"],
        ),
        ("arn:aws:bedrock:eu-west-1:1:provisioned-model/x", ["1:provisioned-model/x"]),
        (
            "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",
            ["1:application-inference-profile/x", "model/*"],
        ),
    ],
)
def test_the_language_model_of_bedrock_is_allowed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, allowed_models: list[str]
) -> None:
    """To the function that asks it, by whatever name Bedrock has for it; an API elsewhere needs no permission."""
    prices = "dollars_per_million_input_tokens = 1\ndollars_per_million_output_tokens = 1\n"
    toml = f'[answers]\nimages = ["twbot.llm:answer"]\n[llm]\nmodel = "{model}"\n{prices}'
    make_bot(tmp_path, monkeypatch, twbot_toml=toml)
    found = declared_functions()
    assert found["text"].limits is None
    image = found["image"]
    assert image.limits is not None
    (permission,) = image.limits.allow
    assert permission.actions == ["bedrock:InvokeModel"]
    for each in allowed_models:
        assert any(resource.endswith(each) for resource in permission.resources)
    if not model.startswith("arn:"):
        assert all(model.rpartition(".")[2] in resource for resource in permission.resources)
    # twbot.llm asks over HTTP.
    assert "requests" in image.packages


def test_names_that_differ_in_a_hyphen_have_an_output_each() -> None:
    names = ["hook1", "hook-1", "a-b", "a--b", "ab", "a-1b"]
    assert len({_title(name) for name in names}) == len(names)
    assert _title("crm-angry") == "CrmAngry"


@pytest.mark.parametrize("to", [None, "https://example.com"])
def test_what_is_no_arn_is_no_address_on_aws(to: str | None) -> None:
    assert address_on_aws(to) is None
