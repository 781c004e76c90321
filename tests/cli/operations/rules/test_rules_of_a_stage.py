"""The rules on a stage's bus, beside those of the wiring: `twbot rules list --stage`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.rules.aws import AwsRules
from twbot.lambdas.wiring import RULES
from twbot.stacks.names import bus_name, rule_name


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsBot]:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    Path("twbot.toml").write_text('[stages.dev.aws]\nregion = "eu-west-1"\n')
    with mock_aws():
        yield AwsBot("dev")


@pytest.fixture
def events(bot: AwsBot) -> Any:
    """The bus with its rules, as the stacks make them."""
    client = bot.client("events")
    client.create_event_bus(Name=bus_name(bot.config))
    for rule in RULES:
        name = rule_name(bot.config, rule.name)
        client.put_rule(Name=name, EventBusName="Plumbing-dev", EventPattern=json.dumps(rule.pattern))
    return client


def listed(capfd: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    capfd.readouterr()
    assert run(["rules", "list", "--stage", "dev", "--json"]) == 0
    return {each["name"]: each for each in json.loads(capfd.readouterr().out)}


def test_all_as_declared(events: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Each is there and enabled, with its pattern."""
    found = listed(capfd)
    assert {name: each["state"] for name, each in found.items()} == {rule.name: "enabled" for rule in RULES}
    assert all(each["pattern"] == each["deployed"] for each in found.values())
    assert run(["rules", "list", "--stage", "dev"]) == 0
    assert "in dev" in capfd.readouterr().out


def test_what_differs(events: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Switched off, another pattern, gone, or somebody else's."""
    events.disable_rule(Name="twbot-dev-send-tweets", EventBusName="Plumbing-dev")
    other = json.dumps({"source": ["X"]})
    events.put_rule(Name="twbot-dev-answer-texts", EventBusName="Plumbing-dev", EventPattern=other)
    events.put_rule(Name="by-hand", EventBusName="Plumbing-dev", EventPattern=other)
    events.delete_rule(Name="twbot-dev-keep-every-event", EventBusName="Plumbing-dev")
    found = listed(capfd)
    assert {name: each["state"] for name, each in found.items() if each["state"] != "enabled"} == {
        "send-tweets": "disabled",
        "answer-texts": "other-pattern",
        "keep-every-event": "missing",
        "by-hand": "not-declared",
    }
    assert found["answer-texts"]["deployed"] == {"source": ["X"]}


def test_reads_every_page_and_no_rule_of_aws_s_own(bot: AwsBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto does not page them: by AWS's documented answers. The archive's own rule is managed."""
    client = bot.client("events")
    monkeypatch.setattr(bot, "client", lambda _: client)
    stubber = Stubber(client)
    stubber.activate()
    first = {"Name": "Events-Archive-x", "State": "ENABLED", "ManagedBy": "prod.vhs.events.aws.internal"}
    second = {"Name": "twbot-dev-send-tweets", "State": "DISABLED", "EventPattern": json.dumps(RULES[-2].pattern)}
    asked = {"EventBusName": "Plumbing-dev"}
    stubber.add_response("list_rules", {"Rules": [first], "NextToken": "2"}, asked)
    stubber.add_response("list_rules", {"Rules": [second]}, asked | {"NextToken": "2"})
    found = {each.name: each.state for each in AwsRules(bot).deployed()}
    assert found["send-tweets"] == "disabled"
    assert "not-declared" not in found.values()
