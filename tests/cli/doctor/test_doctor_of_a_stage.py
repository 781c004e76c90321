"""`twbot doctor --stage prod`: all that can be wrong with a stage on AWS, in order, each with its fix."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto import mock_aws

from tests.support.healthy_stage import HealthyStage, Refusal
from tests.support.simulated_x import Webhook, start_afresh
from twbot.cli.doctor.aws_parts import all_stacks, parts, region
from twbot.cli.doctor.aws_symptoms import symptoms
from twbot.cli.doctor.last_hour import check_last_hour
from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.target import Target
from twbot.cli.ui.check import Check
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.ports import Keys
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.simulator.client import Simulator

KEYS = Keys(api_key="k", api_secret="s", access_token="7-a", access_token_secret="ts", bearer_token="b")
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/twitter"


class Ended(NamedTuple):
    code: int
    checks: dict[str, dict[str, Any]]
    err: str

    @property
    def bad(self) -> dict[str, str]:
        return {name: each["state"] for name, each in self.checks.items() if each["state"] != "ok"}


@pytest.fixture
def on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AwsBot]]:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.aws_logs_insights.POLL_INTERVAL", 0.001)

    def bot(**more: str) -> AwsBot:
        said = "\n".join(f'{name} = "{value}"' for name, value in {"region": "eu-west-1", **more}.items())
        (tmp_path / "twbot.toml").write_text(f"[stages.prod.aws]\n{said}\n")
        return AwsBot("prod")

    with mock_aws():
        yield bot


@pytest.fixture
def stage(on_aws: Callable[..., AwsBot], monkeypatch: pytest.MonkeyPatch) -> HealthyStage:
    return HealthyStage(on_aws(), monkeypatch, url=URL, keys=KEYS)


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    def look(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(["doctor", "--stage", "prod", "--json", *arguments])
        out, err = capsys.readouterr()
        return Ended(code, {each["name"]: each for each in json.loads(out)["checks"]}, err)

    return look


@pytest.fixture
def at_x(
    simulated_x: Simulator, on_aws: Callable[..., AwsBot], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[HealthyStage, XManagement, Webhook]]:
    """A stage whose webhook answers, is registered and gets everything about the bot's account."""
    keys, webhook = simulated_x.client.keys(), Webhook()
    webhook.secret = keys.api_secret
    stage = HealthyStage(on_aws(twitter_account_id=keys.user_id), monkeypatch, url=webhook.url, keys=keys)
    monkeypatch.setattr(AwsBot, "x_url", simulated_x.url)
    start_afresh(simulated_x, max_webhooks=1)
    x = XManagement(stage.bot.secrets(), base_url=simulated_x.url)
    registered = x.create_webhook(webhook.url)
    x.subscribe_activity("post.mention.create", keys.user_id, webhook_id=registered.id)
    yield stage, x, webhook
    webhook.server.shutdown()
    webhook.server.server_close()


AtX = tuple[HealthyStage, XManagement, Webhook]


def test_nothing_is_wrong_with_a_healthy_stage(at_x: AtX, doctor: Callable[..., Ended]) -> None:
    """Everything is looked at, in order, and the exit code is 0."""
    ended = doctor()
    assert (ended.bad, ended.code) == ({}, 0)
    order = ["Python", "credentials", "clock", "place", "region", "celebrities", "stacks", "code", "functions"]
    order += ["concurrency", "rules", "reply queue", "archive", "keys", "clock at X", "X's answer to the keys"]
    order += [
        "challenge",
        "webhook",
        "subscriptions",
        "X's cap",
        "dead letters",
        "alarms",
        "failures",
        "who is told",
        "replies",
        "last hour",
    ]
    assert list(ended.checks) == order


def test_status_of_a_stage(at_x: AtX, capsys: pytest.CaptureFixture[str]) -> None:
    """X's side, what waits, dead letters, and X's limits as the functions noted them."""
    stage, _, webhook = at_x
    stage.dead_letter("egress")
    line = {"message": "X answered", "call": "POST /2/tweets", "x_rate_limit_limit": 100, "x_rate_limit_remaining": 7}
    at = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S}.000"
    stage.found["X answered"] = [{"@timestamp": at, "@message": json.dumps(line)}]
    assert run(["status", "--stage", "prod", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["place"], found["running"], found["url"]) == ("prod in eu-west-1", True, webhook.url)
    assert found["x"] == found["x"] | {"valid": True, "generation": "X Activity", "subscribed": True, "problem": None}
    assert found["x"]["usage"]["of"] == 3_000_000
    assert found["dead_letters"] == {"egress": 1}
    assert [(each["call"], each["left"]) for each in found["limits"]] == [("POST /2/tweets", 7)]
    assert run(["status", "--stage", "prod"]) == 0
    screen = capsys.readouterr().out
    assert "twbot dlq list --stage prod" in screen
    assert "7 of 100 left" in screen


def test_a_webhook_that_is_down(at_x: AtX, doctor: Callable[..., Ended]) -> None:
    """Its answer to the challenge is wrong: exit code 5, and what to type."""
    _, _, webhook = at_x
    webhook.secret = "another"
    ended = doctor()
    assert (ended.code, ended.bad) == (5, {"challenge": "wrong"})
    assert ended.checks["challenge"]["fix"] == "twbot webhook check --stage prod"


def test_x_delivers_elsewhere(at_x: AtX, doctor: Callable[..., Ended]) -> None:
    """A webhook at another address is not the stage's."""
    stage, _, _ = at_x
    stage.outputs["ingress"]["WebhookUrl"] = f"{stage.outputs['ingress']['WebhookUrl']}/"
    ended = doctor()
    assert ended.bad == ended.bad | {"webhook": "wrong", "subscriptions": "skipped"}
    assert "X has 1 of this app" in ended.checks["webhook"]["says"]
    assert ended.checks["webhook"]["fix"] == "twbot webhook register --stage prod"


def test_account_activity_ends(at_x: AtX, doctor: Callable[..., Ended]) -> None:
    """Who has only that is warned of the day, and told how to move."""
    _, x, _ = at_x
    for each in x.activity_subscriptions():
        x.unsubscribe_activity(each.subscription_id)
    x.subscribe_account(x.webhooks()[0].id)
    found = doctor().checks["subscriptions"]
    assert found["state"] in {"warning", "wrong"}
    assert "1 January 2027" in found["says"]
    assert found["fix"] == "twbot subscription migrate --stage prod"


def test_subscriptions_for_somebody_else(at_x: AtX, doctor: Callable[..., Ended]) -> None:
    """Are none of the bot's."""
    _, x, _ = at_x
    for each in x.activity_subscriptions():
        x.unsubscribe_activity(each.subscription_id)
    x.subscribe_activity("post.create", "12345", webhook_id=x.webhooks()[0].id)
    found = doctor().checks["subscriptions"]
    assert (found["state"], found["fix"]) == ("wrong", "twbot subscription add --stage prod")
    assert "none for the bot's own account" in found["says"]


def test_keys_of_another_account(at_x: AtX, doctor: Callable[..., Ended], tmp_path: Path) -> None:
    """twbot.toml names one, the keys belong to another: its own posts would look like others'."""
    (tmp_path / "twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\ntwitter_account_id = "999"\n')
    found = doctor()
    assert found.checks["X's answer to the keys"]["state"] == "wrong"
    assert found.checks["webhook"]["state"] == "skipped"


def test_revoked_keys(at_x: AtX, doctor: Callable[..., Ended]) -> None:
    """What hangs on them is skipped, and says why."""
    stage, _, _ = at_x
    stage.bot.secrets().save(Keys(api_key="a", api_secret="b", access_token="7-c", access_token_secret="d"))
    ended = doctor()
    assert ended.checks["X's answer to the keys"]["fix"].endswith("--stage prod")
    assert ended.checks["webhook"]["says"] == "not looked at, because X does not take the keys"


def test_no_keys_yet(stage: HealthyStage, doctor: Callable[..., Ended]) -> None:
    """X is not asked, all else is."""
    stage.client("secretsmanager").delete_secret(SecretId="TwitterSecret", ForceDeleteWithoutRecovery=True)
    ended = doctor()
    assert ended.bad == {"keys": "wrong", "X": "skipped"}
    assert ended.checks["keys"]["fix"] == "Store them: twbot secrets set --stage prod"


def test_a_stage_that_is_not_deployed(stage: HealthyStage, doctor: Callable[..., Ended]) -> None:
    """Its parts are skipped; keys are looked at, as they may be stored before."""
    stage.statuses.clear()
    stage.answers["lambda.GetAccountSettings"] = Refusal("Never", "asked")
    stage.client("secretsmanager").delete_secret(SecretId="TwitterSecret", ForceDeleteWithoutRecovery=True)
    ended = doctor()
    assert ended.bad == {"stacks": "wrong", "what is deployed": "skipped", "keys": "wrong", "X": "skipped"}
    assert ended.checks["stacks"]["fix"] == "twbot deploy --stage prod"


def test_without_credentials_nothing_else_is_tried(stage: HealthyStage, doctor: Callable[..., Ended]) -> None:
    """It says who keeps us out, what to do, and that the rest was not looked at."""
    stage.answers["sts.GetCallerIdentity"] = Refusal("ExpiredToken", "The security token is expired")
    ended = doctor()
    assert ended.bad == {"credentials": "wrong", "everything else": "skipped"}
    assert "aws login" in ended.checks["credentials"]["fix"]


def test_an_account_that_is_not_the_stages(
    on_aws: Callable[..., AwsBot], monkeypatch: pytest.MonkeyPatch, doctor: Callable[..., Ended]
) -> None:
    """As twbot.toml names it."""
    HealthyStage(on_aws(account="210987654321"), monkeypatch, url=URL, keys=KEYS)
    ended = doctor()
    assert ended.bad == {"credentials": "wrong", "everything else": "skipped"}
    assert "210987654321" in ended.checks["credentials"]["says"]


def test_a_stage_that_twbot_toml_does_not_know(
    on_aws: Callable[..., AwsBot], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its settings are what is wrong."""
    on_aws()
    assert run(["doctor", "--stage", "nowhere", "--json"]) == 5
    checks = {each["name"]: each for each in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["settings"]["state"] == "wrong"
    assert checks["everything else"]["state"] == "skipped"


def test_another_region_than_the_stages(on_aws: Callable[..., AwsBot]) -> None:
    """Is a warning: somebody may have meant it."""
    on_aws()
    assert region(AwsBot("prod", region="us-east-1")).state == "warning"
    assert region(AwsBot("prod")).state == "ok"


def look(stage: HealthyStage) -> dict[str, Check]:
    """Stacks, parts and signs."""
    check, found = all_stacks(stage.bot)
    return {each.name: each for each in (check, *parts(stage.bot, found), *symptoms(stage.bot, found))}


Broken = Callable[[HealthyStage], object]


def _disabled(stage: HealthyStage) -> object:
    return stage.client("events").disable_rule(Name="twbot-prod-send-tweets", EventBusName="Plumbing")


def _feed(stage: HealthyStage) -> object:
    answer: Any = stage.answers["lambda.ListEventSourceMappings"]
    return answer["EventSourceMappings"][0].update(State="Disabled")


def _pending(stage: HealthyStage) -> object:
    waiting = {"SubscriptionArn": "PendingConfirmation", "Protocol": "email", "Endpoint": "someone@example.com"}
    return stage.answers.update({"sns.ListSubscriptionsByTopic": {"Subscriptions": [waiting]}})


def _nobody(stage: HealthyStage) -> object:
    return stage.answers.update({"sns.ListSubscriptionsByTopic": {"Subscriptions": []}})


def _no_alerts(stage: HealthyStage) -> object:
    sns, topic = stage.client("sns"), stage.outputs["alerting"]["AlertTopicArn"]
    (only,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return sns.unsubscribe(SubscriptionArn=only["SubscriptionArn"])


def _failed(namespace: str, metric: str, value: float = 1.0, **where: str) -> Broken:
    """What AWS counted two hours ago: the alarm has long been quiet again."""

    def count(stage: HealthyStage) -> None:
        at = datetime.datetime.now(datetime.UTC).timestamp() - 7200
        stage.counted(namespace, metric, at, value, **where)

    return count


MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:twbot-prod-analysis"
BREAKAGES: list[tuple[str, Broken, str, str, str]] = [
    ("stacks", lambda s: s.statuses.pop("egress"), "wrong", "egress missing", "twbot deploy --stage prod"),
    ("stacks", lambda s: s.statuses.update(egress="UPDATE_ROLLBACK_FAILED"), "wrong", "twbot-prod-egress is", "deploy"),
    ("stacks", lambda s: s.statuses.update(egress="UPDATE_IN_PROGRESS"), "warning", "being changed", "Wait"),
    ("code", lambda s: s.outputs["plumbing"].update(CodeVersion="0"), "warning", "runs 0", "twbot diff --stage prod"),
    ("code", lambda s: s.outputs["plumbing"].pop("CodeVersion"), "warning", "older", "twbot diff --stage prod"),
    ("functions", lambda s: s.fails("text"), "wrong", "text is Failed: no role", "twbot deploy --stage prod"),
    (
        "functions",
        lambda s: s.answers.update({"lambda.GetFunctionConfiguration": Refusal("ResourceNotFoundException")}),
        "wrong",
        "egress is missing",
        "twbot deploy --stage prod",
    ),
    (
        "concurrency",
        lambda s: s.answers.update({"lambda.GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 10}}}),
        "warning",
        "at most 10",
        "L-B99A9384",
    ),
    ("rules", _disabled, "wrong", "send-tweets is disabled", "twbot rules list --stage prod"),
    ("reply queue", _feed, "wrong", "Disabled", "--uuid 5a1f2b3c-0000-4000-8000-000000000000 --enabled"),
    (
        "reply queue",
        lambda s: s.answers.update({"lambda.ListEventSourceMappings": {"EventSourceMappings": []}}),
        "wrong",
        "none is posted",
        "twbot deploy",
    ),
    (
        "archive",
        lambda s: s.client("events").delete_archive(ArchiveName="Archive"),
        "wrong",
        "replayed",
        "twbot deploy",
    ),
    (
        "archive",
        lambda s: s.answers.update({"events.DescribeArchive": {"State": "DISABLED", "StateReason": "full"}}),
        "wrong",
        "DISABLED (full)",
        "EventBridge",
    ),
    ("dead letters", lambda s: s.dead_letter("analysis"), "wrong", "1 at analysis", "twbot dlq list --stage prod"),
    (
        "alarms",
        lambda s: s.alarm("replies-wait", "ALARM"),
        "wrong",
        "X makes replies wait",
        "twbot status --stage prod",
    ),
    (
        "failures",
        _failed("AWS/States", "ExecutionsFailed", 3.0, StateMachineArn=MACHINE),
        "wrong",
        "workflow-failed 3",
        "twbot logs",
    ),
    (
        "failures",
        _failed("AWS/Lambda", "Throttles", FunctionName="twbot-prod-trim"),
        "warning",
        "trim-fails 1",
        "twbot logs",
    ),
    (
        "failures",
        _failed(
            "AWS/Events", "InvocationsFailedToBeSentToDlq", EventBusName="Plumbing", RuleName="twbot-prod-send-tweets"
        ),
        "wrong",
        "events-lost 1",
        "queues' policies",
    ),
    (
        "failures",
        _failed("AWS/Firehose", "DeliveryToS3.DataFreshness", 9000.0, DeliveryStreamName="twbot-prod-events"),
        "warning",
        "lake-late 1",
        "twbot logs",
    ),
    ("who is told", _pending, "warning", "2 have not confirmed", "twbot alerts list --stage prod"),
    ("who is told", _nobody, "warning", "nobody of alarms", "alarms = "),
    ("who is told", _no_alerts, "warning", "nobody hears of alerts, 1 of alarms", "twbot alerts subscribe"),
]


@pytest.mark.parametrize(("name", "break_it", "state", "says", "fix"), BREAKAGES)
def test_what_can_be_wrong(stage: HealthyStage, name: str, break_it: Broken, state: str, says: str, fix: str) -> None:
    """Only that is found, in words, with its fix."""
    break_it(stage)
    found = look(stage)
    assert {each.name: each.state for each in found.values() if each.state != "ok"} == {name: state}
    assert says in found[name].says
    assert fix in (found[name].fix or "")


def test_what_may_not_be_looked_at(stage: HealthyStage) -> None:
    """No permission is a warning that names it; the rest goes on."""
    denied = "User: x is not authorized to perform: lambda:GetAccountSettings on resource: *"
    stage.answers["lambda.GetAccountSettings"] = Refusal("AccessDeniedException", denied)
    found = look(stage)
    assert found["concurrency"].state == "warning"
    assert "lambda:GetAccountSettings" in found["concurrency"].says
    assert found["archive"].state == "ok"


@pytest.mark.parametrize(
    ("reason", "state"), [("cap-reached", "wrong"), ("bad-keys", "wrong"), ("duplicate", "warning")]
)
def test_the_last_hour_of_a_stage(stage: HealthyStage, reason: str, state: str) -> None:
    """What goes on going wrong until somebody acts is wrong; other failures are told."""
    at = datetime.datetime.now(datetime.UTC)
    stage.found["TWEET_FAILED"] = [{"time": at.isoformat(), "reason": reason}]
    stage.counted("twbot-prod/events", "TWEET_FAILED", at.timestamp())
    found = list(check_last_hour(Target("prod")))[-1]
    assert (found.state, f"1 {reason}" in found.says) == (state, True)


@pytest.mark.parametrize(
    ("switch", "state", "says"),
    [
        (Switch(), "ok", "20 an hour"),
        (Switch(per_person=None), "ok", "without a limit"),
        (Switch(per_hour=9), "ok", "9 an hour in all"),
        (Switch(paused=True, since=0.0, reason="it says odd things"), "warning", "it says odd things"),
        (Switch(paused=True, until=1.0), "ok", "on"),
    ],
)
def test_replies_that_somebody_paused(stage: HealthyStage, switch: Switch, state: str, says: str) -> None:
    """Are told, with how to go on."""
    stage.let_reply(switch)
    found, _ = check_last_hour(Target("prod"))
    assert (found.name, found.state, says in found.says) == ("replies", state, True)
    assert state == "ok" or found.fix == "twbot replies resume --stage prod"


def test_replies_that_twbot_toml_switches_off(stage: HealthyStage, tmp_path: Path) -> None:
    """Are told, too."""
    (tmp_path / "twbot.toml").write_text('[stages.prod]\nreplies = false\n[stages.prod.aws]\nregion = "eu-west-1"\n')
    found, _ = check_last_hour(Target("prod"))
    assert (found.state, "replies = true" in str(found.fix)) == ("warning", True)
