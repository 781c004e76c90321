"""Operating a stage on AWS: its keys (moto's Secrets Manager), its webhook's address, and what AWS refuses.

moto's CloudFormation needs packages that we do not install: there the botocore Stubber gives AWS's documented answers.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions as failures
import msgspec
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from tests.support.simulated_x import Webhook
from twbot.cli.errors import CliError, Exit
from twbot.cli.main import run
from twbot.cli.operations.aws_errors import AwsError, NotDeployed, translate_aws_errors
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.errors import translate_errors as explained_to_people
from twbot.cli.operations.local_stage import LocalKeys
from twbot.cli.operations.target import KeyStore, open_bot
from twbot.lambdas.ports import Keys
from twbot.local.data_folder import DataFolder
from twbot.local.simulator.client import Simulator

TOML = """
[stages.prod.aws]
twitter_account_id = "7"
region = "eu-west-1"
[stages.dev.aws]
region = "eu-west-1"
secret = "OtherSecret"
"""
OLD = Keys(api_key="k", api_secret="s", access_token="7-old", access_token_secret="ts")
NEW = msgspec.structs.replace(OLD, access_token="7-new", bearer_token="b")
ADDRESS = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/twitter"


@pytest.fixture
def on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], AwsBot]]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text(TOML)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield AwsBot


@contextlib.contextmanager
def hook() -> Iterator[Webhook]:
    webhook = Webhook()
    yield webhook
    webhook.server.shutdown()
    webhook.server.server_close()


@pytest.fixture(params=["local", "aws"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    """The same cases over both."""
    if request.param == "local":
        return LocalKeys(DataFolder(tmp_path / "data"))
    bot: AwsBot = request.getfixturevalue("on_aws")("prod")
    return bot.secrets()


def test_keys_are_kept_and_those_before_them(store: KeyStore) -> None:
    """Stored, replaced, and back: on both platforms."""
    with pytest.raises(Exception, match="no keys"):
        store.keys()
    store.save(OLD)
    assert (store.keys(), store.previous()) == (OLD, None)
    store.save(NEW)
    assert (store.refresh(), store.previous()) == (NEW, OLD)
    store.restore()
    assert store.refresh() == OLD


def test_no_keys_is_an_answer_for_people(store: KeyStore) -> None:
    """3, and what to type, on both platforms."""
    with pytest.raises(CliError) as error, explained_to_people():
        store.keys()
    assert error.value.code == Exit.NOT_CONFIGURED
    assert "twbot secrets set" in str(error.value.hint)


def test_the_secret_is_the_stage_s(on_aws: Callable[[str], AwsBot]) -> None:
    """TwitterSecret in prod; as the stage's table names it."""
    assert on_aws("prod").secrets().place == "the secret TwitterSecret"
    assert on_aws("dev").secrets().place == "the secret OtherSecret"


def test_a_secret_of_another_form(on_aws: Callable[[str], AwsBot]) -> None:
    """It names the field, never a value."""
    bot = on_aws("prod")
    bot.client("secretsmanager").create_secret(Name="TwitterSecret", SecretString=json.dumps({"ApiKey": "hidden"}))
    with pytest.raises(AwsError, match="ApiSecret") as error:
        bot.secrets().keys()
    assert "hidden" not in str(error.value)


def with_stacks(bot: AwsBot, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    client = bot.client("cloudformation")
    stubber = Stubber(client)
    monkeypatch.setattr(bot, "client", lambda _: client)
    stubber.activate()
    return stubber


def stack(*outputs: tuple[str, str]) -> dict[str, Any]:
    made = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
    found = [{"OutputKey": key, "OutputValue": value} for key, value in outputs]
    one = {"StackName": "twbot-prod-ingress", "CreationTime": made, "StackStatus": "CREATE_COMPLETE", "Outputs": found}
    return {"Stacks": [one]}


def test_the_address_of_the_webhook(on_aws: Callable[[str], AwsBot], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the output of the Ingress stack."""
    bot = on_aws("prod")
    asked = {"StackName": "twbot-prod-ingress"}
    with_stacks(bot, monkeypatch).add_response("describe_stacks", stack(("WebhookUrl", ADDRESS)), asked)
    assert bot.webhook_url() == ADDRESS


def test_a_stage_that_is_not_deployed(on_aws: Callable[[str], AwsBot], monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack, in this region at least; or a stack without the output."""
    bot = on_aws("prod")
    stubber = with_stacks(bot, monkeypatch)
    stubber.add_client_error(
        "describe_stacks", "ValidationError", "Stack with id twbot-prod-ingress does not exist", 400
    )
    stubber.add_response("describe_stacks", stack())
    for _ in range(2):
        with pytest.raises(NotDeployed, match="eu-west-1") as error:
            bot.webhook_url()
        assert "twbot deploy --stage prod" in str(error.value.hint)


@pytest.mark.parametrize(
    ("code", "said", "message"),
    [
        ("ExpiredTokenException", "", "have expired"),
        ("UnrecognizedClientException", "", "does not know these credentials"),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: secretsmanager:GetSecretValue on",
            "GetSecretV",
        ),
        ("AccessDenied", "no", "No permission on AWS: PutThing"),
        ("ThrottlingException", "Rate exceeded", "throttles"),
        ("InternalFailure", "oh", "refused PutThing"),
    ],
)
def test_what_aws_refuses(code: str, said: str, message: str) -> None:
    """Each in its own words."""
    with pytest.raises(AwsError, match=message), translate_aws_errors("prod"):
        raise failures.ClientError({"Error": {"Code": code, "Message": said}}, "PutThing")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (failures.NoCredentialsError(), "no AWS credentials"),
        (failures.NoRegionError(), "region"),
        (failures.ProfileNotFound(profile="me"), "me"),
        (failures.EndpointConnectionError(endpoint_url="https://x"), "cannot be reached"),
    ],
)
def test_what_keeps_us_from_aws(error: Exception, message: str) -> None:
    """Each in its own words, with what to do."""
    with pytest.raises(AwsError, match=message) as problem, translate_aws_errors("prod"):
        raise error
    assert problem.value.hint


@pytest.mark.usefixtures("on_aws")
def test_the_command_line_ends_with_3_without_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown profile, in JSON: the message, the hint and the exit code."""
    assert run(["secrets", "show", "--stage", "prod", "--profile", "nobody", "--json"]) == Exit.NOT_CONFIGURED
    assert "nobody" in capsys.readouterr().err


def test_the_command_line_shows_the_keys_of_a_stage(
    on_aws: Callable[[str], AwsBot], capsys: pytest.CaptureFixture[str]
) -> None:
    """`twbot secrets show --stage prod`: there or not, never a value."""
    on_aws("prod").secrets().save(NEW)
    assert run(["secrets", "show", "--stage", "prod", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["keys"] == dict.fromkeys(
        ["ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret", "BearerToken"], True
    )
    assert run(["secrets", "show", "--stage", "nowhere", "--json"]) == Exit.FAILED
    assert "its stages: dev, prod" in capsys.readouterr().err


@pytest.mark.usefixtures("on_aws")
def test_both_platforms_are_the_same_to_a_command(tmp_path: Path) -> None:
    """What a command asks of a stage, each has."""
    for name in ("local", "prod"):
        bot = open_bot(name, profile=None, region=None, data=tmp_path)
        assert (bot.name, bot.simulated, bot.x_url) == (name, False, "https://api.x.com")


def test_a_stage_with_a_stand_in_for_x(on_aws: Callable[[str], AwsBot], tmp_path: Path) -> None:
    """Commands ask whom the stage asks."""
    (tmp_path / "twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\nx_url = "https://x.example.org"\n')
    assert (on_aws("prod").simulated, on_aws("prod").x_url) == (True, "https://x.example.org")


def test_the_same_commands_for_a_stage_on_aws(
    on_aws: Callable[[str], AwsBot],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Keys checked by X and stored, then rotated; webhook and subscriptions: with the keys in Secrets Manager."""
    bot = on_aws("prod")
    with Simulator(tmp_path / "x") as x, hook() as webhook:
        monkeypatch.setattr(AwsBot, "x_url", x.url)
        monkeypatch.setattr(AwsBot, "simulated", True)
        monkeypatch.setattr(AwsBot, "webhook_url", lambda _: webhook.url)
        keys = x.client.keys()
        webhook.secret = keys.api_secret

        def twbot(*arguments: str) -> Any:
            assert run([*arguments, "--stage", "prod", "--json"]) == 0, capsys.readouterr().err
            return json.loads(capsys.readouterr().out)

        given = tmp_path / "keys.json"
        given.write_bytes(msgspec.json.encode(keys))
        assert twbot("secrets", "set", "--from-file", str(given))["username"] == "twbot"
        x.client.act("revoke", "twbot")
        given.write_bytes(msgspec.json.encode(x.client.keys()))
        assert twbot("secrets", "rotate", "--from-file", str(given), "--yes")["rotated"] is True
        assert (bot.secrets().keys(), bot.secrets().previous()) == (x.client.keys(), keys)
        assert twbot("webhook", "register")["webhook"]["url"] == webhook.url
        assert twbot("webhook", "check")["valid_for_x"] is True
        twbot("subscription", "add", "--api", "aaa")
        assert twbot("subscription", "migrate", "--yes")["migrated"] is True
        assert {row["api"] for row in twbot("subscription", "list")} == {"xaa"}


def test_the_chatbot_of_a_stage(
    on_aws: Callable[[str], AwsBot], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`twbot chat --stage prod`: Lex's answer, intent and confidence (moto has no Lex)."""
    lex = on_aws("prod").client("lexv2-runtime")
    answer = {
        "messages": [{"contentType": "PlainText", "content": "Ha."}],
        "interpretations": [
            {"intent": {"name": "Joke", "state": "Fulfilled"}, "nluConfidence": {"score": 0.91}},
            {"intent": {"name": "FallbackIntent"}},
        ],
    }
    outputs = {"BotId": "B" * 10, "BotAliasId": "A" * 10, "LocaleId": "en_US"}
    monkeypatch.setattr(AwsBot, "output", lambda _, service, name: outputs[name])
    monkeypatch.setattr(AwsBot, "client", lambda _, service: lex)
    with Stubber(lex) as stubber:
        where = {"botId": "B" * 10, "botAliasId": "A" * 10, "localeId": "en_US"}
        stubber.add_response("recognize_text", answer, {**where, "sessionId": ANY, "text": "a joke?"})
        stubber.add_client_error("recognize_text", "AccessDeniedException", "may not perform: lex:RecognizeText on")
        assert run(["chat", "a joke?", "--stage", "prod", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {
            "input": "a joke?",
            "reply": "Ha.",
            "intent": "Joke",
            "confidence": 0.91,
            "language": "en",
            "by": "twbot.sayings:joke",
            "sentiment": None,
        }
        assert run(["chat", "a joke?", "--stage", "prod"]) == Exit.FAILED
        assert "lex:RecognizeText" in capsys.readouterr().err
