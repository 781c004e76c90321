"""The same pages about a stage on AWS (tests/support/healthy_stage.py names the gaps of moto)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.support.console import Visitor, served_console, text_of
from tests.support.healthy_stage import HealthyStage, Refusal
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.replies.aws import AwsReplies
from twbot.cli.operations.target import Target
from twbot.lambdas.egress.permission import Switch

URL = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/twitter"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthyStage]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield HealthyStage(AwsBot("prod"), monkeypatch, url=URL)


@pytest.fixture
def visitor(stage: HealthyStage) -> Iterator[Visitor]:
    with served_console(Target("prod")) as info:
        yield Visitor(info)


def test_nothing_is_asked_of_aws_for_the_dot(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, and says that nobody has looked yet; once somebody did it says what was seen."""
    with monkeypatch.context() as patch:
        patch.setattr(AwsBot, "client", lambda *_, **__: pytest.fail("AWS was asked"))
        for path in ("/queries", "/chat", "/status/dot"):
            page = visitor.get(path)
            assert page.status_code == 200
            assert "was not looked at yet" in page.text
    visitor.get("/status")
    assert "Status: runs" in text_of(visitor.get("/status/dot"))


def test_the_status_of_a_stage(visitor: Visitor, stage: HealthyStage) -> None:
    """With its commands, and X is asked only when somebody wants it."""
    says = text_of(visitor.get("/status"))
    assert "twbot prod" in says
    assert URL in says
    assert "Ask X about the webhook" in says
    assert "twbot doctor --stage prod" in says
    assert 'id="now" data-from="/status/now" data-every="60"' in visitor.get("/status").text


def test_replies_of_a_stage_are_paused_after_a_question(visitor: Visitor, stage: HealthyStage) -> None:
    stage.let_reply(Switch())
    says = text_of(visitor.get("/replies/change", do="pause", reason="odd"))
    assert "stage prod" in says
    assert "twbot replies pause --reason odd --stage prod" in says
    assert not AwsReplies(stage.bot).switch().paused
    visitor.post("/replies/change", do="pause", reason="odd")
    assert AwsReplies(stage.bot).switch().reason == "odd"


def test_metrics_of_a_stage(visitor: Visitor) -> None:
    """They are not read again and again by themselves, as each reading is billed."""
    page = visitor.get("/metrics", over="24h")
    assert page.status_code == 200
    assert "twbot metrics --since 24h --stage prod" in text_of(page)
    assert 'data-from="/metrics' not in page.text


def test_what_a_stage_has_not_is_said_with_a_hint(visitor: Visitor, stage: HealthyStage) -> None:
    """A stage without people of its own."""
    stage.answers["rekognition.ListFaces"] = Refusal("ResourceNotFoundException")
    page = visitor.get("/people")
    assert page.status_code >= 400
    assert "knows celebrities only. Put a photo into bot/people/" in text_of(page)


def test_a_stage_that_is_not_deployed(visitor: Visitor, stage: HealthyStage) -> None:
    """Each page says so, with the command that deploys it, and none breaks."""
    missing = "Stack with id twbot-prod-ingress does not exist"
    stage.answers["cloudformation.DescribeStacks"] = Refusal("ValidationError", missing)
    for path in ("/status", "/queries?sql=SELECT 1", "/replies/people"):
        page = visitor.get(path)
        assert page.status_code >= 400, path
        assert "twbot deploy --stage prod" in text_of(page), path
