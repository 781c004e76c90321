"""What has to be right before a stage is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.fake_cloudformation import FakeCloudFormation, FakeRekognition, instead
from tests.support.templates import Templates
from twbot.cli.deploy.preflight import BOOTSTRAP, BOOTSTRAP_VERSION, Account, PreflightCheck, account, checks
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.errors import ErrorKind

US = Account("123456789012", "us-east-1", "user/me")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    instead(monkeypatch, cloudformation=FakeCloudFormation(), rekognition=FakeRekognition())
    with mock_aws():
        yield tmp_path / "twbot.toml"


def found(file: Path, where: Account = US) -> dict[str, PreflightCheck]:
    return {each.name: each for each in checks(AwsBot("prod", file=file), where)}


def bootstrapped(version: str = "29") -> None:
    boto3.client("ssm", region_name="us-east-1").put_parameter(Name=BOOTSTRAP, Value=version, Type="String")


def test_all_is_well(aws: Path) -> None:
    """Prepared, at rest, and with its keys."""
    bootstrapped()
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="TwitterSecret", SecretString="{}")
    assert {each.state for each in found(aws).values()} == {"ok"}


def test_what_is_missing_has_a_fix(aws: Path) -> None:
    """Not bootstrapped is wrong, no keys yet a warning: each with what to type."""
    told = found(aws)
    assert (told["bootstrap"].state, told["keys"].state) == ("wrong", "warning")
    assert "twbot deploy --stage prod --bootstrap" in str(told["bootstrap"].fix)
    assert "twbot secrets set --stage prod" in str(told["keys"].fix)


def test_own_secrets_that_are_missing_are_named_before_a_deployment(
    aws: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With who needs them, and what to type; a bot without own secrets is not asked for any."""
    assert "own secrets" not in found(aws)
    own = tmp_path / "own"
    own.mkdir()
    (own / "twbot.toml").write_text(
        '[[rules]]\nname = "crm"\nwhen = {}\nrun = "bot.crm:f"\nsecrets = ["CRM_TOKEN", "OTHER"]\n'
    )
    monkeypatch.setenv("TWBOT_PROJECT", str(own))
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="twbot/prod/OTHER", SecretString="x")
    told = found(aws)["own secrets"]
    assert (told.state, told.says) == ("warning", "not stored: CRM_TOKEN (for crm)")
    assert told.fix == "twbot secrets put CRM_TOKEN --stage prod"


def test_bootstrapped_too_long_ago(aws: Path) -> None:
    """The version that the templates ask for counts."""
    bootstrapped(str(BOOTSTRAP_VERSION - 1))
    assert found(aws)["bootstrap"].state == "wrong"


def test_the_version_is_the_one_that_templates_need(prod: Templates) -> None:
    """CDK writes it into each template as a rule: the same as ours."""
    for template in prod.by_service.values():
        (rule,) = template["Rules"]["CheckBootstrapVersion"]["Assertions"]
        too_old = rule["Assert"]["Fn::Not"][0]["Fn::Contains"][0]
        assert str(BOOTSTRAP_VERSION) not in too_old
        assert str(BOOTSTRAP_VERSION - 1) in too_old


def test_a_region_without_lex(aws: Path) -> None:
    """It names what is missing, and where all of it is."""
    told = found(aws, Account("123456789012", "us-east-2", "user/me"))["region"]
    assert told.state == "wrong"
    assert "us-east-2 does not offer Lex V2" in told.says
    assert "eu-west-1" in str(told.fix)


@pytest.mark.parametrize(
    ("code", "message", "state"),
    [
        ("InvalidImageFormatException", "Request has invalid image format", "ok"),
        ("AccessDeniedException", "x is not authorized to perform: rekognition:RecognizeCelebrities", "warning"),
        ("UnknownOperationException", "", "warning"),
    ],
)
def test_celebrities_are_asked_of_the_region(
    aws: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str, state: str
) -> None:
    """Who finds fault with the picture knows the call; anything else is no reason to stop, and said."""
    instead(monkeypatch, rekognition=FakeRekognition(code, message))
    assert found(aws)["celebrities"].state == state


def test_nobody_asks_for_celebrities_that_are_off(aws: Path) -> None:
    """A stage without that detector does not need them."""
    aws.write_text("[stages.prod.aws]\ndetectors = { celebrities = false }\n")
    assert "celebrities" not in found(aws)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("UPDATE_IN_PROGRESS", "Wait"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name twbot-prod-egress"),
        ("DELETE_FAILED", "twbot destroy --stage prod"),
    ],
)
def test_a_stack_that_cannot_be_changed(aws: Path, monkeypatch: pytest.MonkeyPatch, status: str, hint: str) -> None:
    """It is found before anything is made."""
    instead(monkeypatch, cloudformation=FakeCloudFormation(other={}, twbot_prod_egress={"status": status}))
    told = found(aws)["stacks"]
    assert told.state == "wrong"
    assert hint in str(told.fix)


def test_another_account(aws: Path) -> None:
    """A stage that names its account is deployed nowhere else."""
    aws.write_text('[stages.prod.aws]\naccount = "210987654321"\n')
    with pytest.raises(AwsError, match=r"are for the account 123456789012.*is for 210987654321") as error:
        account(AwsBot("prod", file=aws))
    assert error.value.kind is ErrorKind.NOT_CONFIGURED


@pytest.mark.usefixtures("aws")
def test_aws_region_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 alone would overlook AWS_REGION."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    where: Any = account(AwsBot("prod", file=tmp_path / "none.toml"))
    assert (where.id, where.region) == ("123456789012", "eu-west-1")
