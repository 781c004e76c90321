"""`twbot deploy`, `diff`, `synth`, `outputs` and `destroy`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.bot_folders import make_bot
from tests.support.fake_cdk import CDK, synthesized
from tests.support.fake_cloudformation import FakeCloudFormation, FakeRekognition, instead
from twbot.cli.deploy import assembly, cdk
from twbot.cli.deploy import subprocess_log as child
from twbot.cli.deploy.cdk_progress import Following
from twbot.cli.deploy.preflight import BOOTSTRAP
from twbot.cli.errors import Exit
from twbot.cli.main import run

DEPLOY = ["deploy", "--account-id", "999999"]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesized(tmp_path_factory)


class Aws:
    """A prepared account without a bot, and a CDK command that does as `mode` says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cloudformation = FakeCloudFormation()
        self.mode("well")
        (folder / "cdk.py").write_text(CDK, encoding="utf-8")
        monkeypatch.setattr(cdk, "command", lambda: [sys.executable, str(folder / "cdk.py")])
        instead(monkeypatch, cloudformation=self.cloudformation, rekognition=FakeRekognition())

    def mode(self, mode: str) -> None:
        (self.folder / "mode").write_text(mode)

    @property
    def asked(self) -> list[str]:
        """The verbs that the CDK command was called with."""
        there = self.folder / "asked"
        return [line.split()[0] for line in there.read_text().splitlines()] if there.exists() else []

    def log(self) -> str:
        return "".join(each.read_text() for each in (self.folder / ".twbot" / "logs").glob("*.log"))

    def deployed(self, stage: str = "prod", **more: Any) -> None:
        for service in ("plumbing", "ingress", "analytics"):
            self.cloudformation.stacks[f"twbot-{stage}-{service}"] = {"outputs": {"Name": service}, **more}
        self.cloudformation.stacks[f"twbot-{stage}-ingress"]["outputs"] = {
            "TwitterAccountId": "999999",
            "WebhookUrl": "https://x/twitter",
            "ExportsOutputRefX": "not for people",
        }


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, templates: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(assembly, "synthesize", lambda *_, **__: assembly.read(templates))
    with mock_aws():
        ssm = boto3.client("ssm", region_name="us-east-1")
        ssm.put_parameter(Name=BOOTSTRAP, Value="29", Type="String")
        yield Aws(tmp_path, monkeypatch)


Twbot = Callable[..., tuple[int, Any, dict[str, Any]]]


@pytest.fixture
def twbot(capsys: pytest.CaptureFixture[str]) -> Twbot:
    """A command with --json: exit code, answer, error."""

    def call(*arguments: str) -> tuple[int, Any, dict[str, Any]]:
        capsys.readouterr()
        code = run([*arguments, "--json"])
        said = capsys.readouterr()
        error = json.loads(said.err.strip().splitlines()[-1]) if code else {}
        return code, json.loads(said.out) if said.out else None, error

    return call


def test_synth_needs_neither_credentials_nor_network(templates: Path) -> None:
    """Seven templates from the command itself; the app gets no credentials, and no way out."""
    made = assembly.read(templates)
    assert made.stacks[0].name == "twbot-prod-plumbing"
    assert len(made.stacks) == 7
    role = json.dumps(made.stacks[-1].template)
    assert "aws:cdk:path" in role


def test_the_app_gets_nothing_of_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes templates: no credentials, and no place that it could find out by itself."""
    given: dict[str, str] = {}

    def instead_of_running(command: list[str], *, environment: dict[str, str], log: Path) -> child.Ended:
        given.update(environment)
        return child.Ended(1, ["twbot: enough", "twbot's hint: Stop"])

    monkeypatch.setattr(child, "run", instead_of_running)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SESSION_TOKEN", "CDK_DEFAULT_ACCOUNT"):
        monkeypatch.setenv(name, "secret")
    with pytest.raises(assembly.AppFailed, match=r"^enough$") as failed:
        assembly.synthesize("prod", tmp_path, log=tmp_path / "log", config=tmp_path / "twbot.toml", account_id="999999")
    assert failed.value.hint == "Stop"
    assert "secret" not in given.values()
    assert json.loads(given["CDK_CONTEXT_JSON"])["twitterAccountId"] == "999999"


def test_both_commands_make_the_same_templates() -> None:
    """What cdk.json says to the CDK command, twbot says to the app."""
    told = json.loads(assembly.APP.with_name("cdk.json").read_text())["context"]
    assert assembly._context() == told


def test_a_deployment(aws: Aws, twbot: Twbot) -> None:
    """Compared, deployed; then the outputs, and the two commands to type next."""
    aws.deployed()
    code, answer, _ = twbot(*DEPLOY, "--yes")
    assert (code, aws.asked) == (0, ["diff", "deploy"])
    assert (answer["stage"], answer["account"], answer["region"]) == ("prod", "123456789012", "us-east-1")
    assert answer["widens"] is True
    assert answer["outputs"]["ingress"] == {"TwitterAccountId": "999999", "WebhookUrl": "https://x/twitter"}
    assert answer["next"] == ["twbot secrets set --stage prod", "twbot webhook register --stage prod"]
    assert "✅  Plumbing-prod" in Path(answer["log"]).read_text(encoding="utf-8")


def test_the_log_is_private_and_keeps_no_keys(aws: Aws, twbot: Twbot) -> None:
    """Nobody else reads it, and an access key that something prints is not in it; nor are colours."""
    aws.deployed()
    answer = twbot(*DEPLOY, "--yes")[1]
    log = Path(answer["log"])
    assert not [each for each in (log, log.parent, log.parent.parent) if each.stat().st_mode & 0o077]
    assert "[hidden]" in log.read_text(encoding="utf-8")
    assert "AKIA" not in log.read_text(encoding="utf-8")
    assert "\x1b" not in log.read_text(encoding="utf-8")


def test_wider_permissions_need_a_yes(aws: Aws, twbot: Twbot) -> None:
    """Without a terminal and --yes: 2, how to go on, and nothing deployed."""
    code, _, error = twbot(*DEPLOY)
    assert (code, aws.asked) == (Exit.USAGE, ["diff"])
    assert "--yes" in error["hint"]
    assert "widen" in error["error"]


def test_the_same_permissions_need_none(aws: Aws, twbot: Twbot, templates: Path) -> None:
    """What is deployed allows as much: it goes ahead."""
    for each in assembly.read(templates).stacks:
        aws.cloudformation.stacks[each.name] = {"template": each.template}
    assert twbot(*DEPLOY)[0] == 0
    assert aws.asked == ["diff", "deploy"]


def test_the_stack_own_goes_when_the_folder_has_nothing_of_its_own_any_more(aws: Aws, twbot: Twbot) -> None:
    """Its rules would run on. It goes before the others change, which export for it what it imports."""
    aws.deployed()
    own = "twbot-prod-own"
    there = aws.cloudformation.stacks
    there[own] = {}
    for command in ((*DEPLOY, "--dry-run"), ("diff", *DEPLOY[1:])):
        _, answer, _ = twbot(*command)
        assert (answer["retired"], own in there) == ([own], True)
    code, answer, _ = twbot(*DEPLOY, "--yes")
    assert (code, answer["retired"], own in there) == (0, [own], False)


def test_a_stack_that_extra_adds_no_more_is_named(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """By deploy and diff; what is in it is its author's. Another stage's stays unmentioned."""
    aws.deployed()
    for stage in ("prod", "test"):
        aws.cloudformation.stacks[f"Coffee-{stage}"] = {"tags": {"twbot-extra": stage}}
    for command in ((*DEPLOY, "--dry-run"), ("diff", *DEPLOY[1:]), (*DEPLOY, "--yes")):
        assert run([*command]) == 0
        said = capsys.readouterr().err
        assert "delete-stack --stack-name Coffee-prod" in said
        assert "Coffee-test" not in said
    assert "Coffee-prod" in aws.cloudformation.stacks


def test_destroy_takes_the_stack_own_along(aws: Aws, twbot: Twbot) -> None:
    """Also where the folder has nothing of its own any more."""
    aws.deployed("test")
    aws.cloudformation.stacks["twbot-test-own"] = {}
    assert twbot("destroy", "--stage", "test", "--yes")[0] == 0
    assert "twbot-test-own" not in aws.cloudformation.stacks


def test_a_dry_run_changes_nothing(aws: Aws, twbot: Twbot) -> None:
    """Up to the difference."""
    code, answer, _ = twbot(*DEPLOY, "--dry-run")
    assert (code, answer["deployed"], aws.asked) == (0, False, ["diff"])
    assert {each["stack"] for each in answer["changes"]} == {"twbot-prod-plumbing", "twbot-prod-ingress"}


def test_a_failed_check_comes_before_everything(aws: Aws, twbot: Twbot) -> None:
    """Not bootstrapped: 3, with the fix; the CDK command is not called."""
    boto3.client("ssm", region_name="us-east-1").delete_parameter(Name=BOOTSTRAP)
    code, _, error = twbot(*DEPLOY, "--yes")
    assert (code, aws.asked) == (Exit.NOT_CONFIGURED, [])
    assert "twbot deploy --stage prod --bootstrap" in error["hint"]


def test_what_was_rolled_back_is_one_error(aws: Aws, twbot: Twbot) -> None:
    """The resource, the reason, what to do, and where the whole log is."""
    aws.mode("rollback")
    code, _, error = twbot(*DEPLOY, "--yes")
    assert code == Exit.FAILED
    assert "twbot-prod-ingress failed at SQS Queue Q" in error["error"]
    assert "Quota reached" in error["error"]
    assert "deploy-prod-" in error["hint"]


def test_credentials_that_expire_end_with_3(aws: Aws, twbot: Twbot) -> None:
    """Whoever notices it: here the CDK command."""
    aws.mode("failing")
    code, _, error = twbot("diff", "--account-id", "999999")
    assert code == Exit.NOT_CONFIGURED
    assert "expired" in error["error"]


def test_ctrl_c_says_how_things_stand(aws: Aws, twbot: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """130; the CDK command is told and ends; what is done, under way, and not begun."""
    aws.mode("hang")
    real = Following.line

    def pressed(following: Following, line: str) -> None:
        real(following, line)
        if line == "hanging":
            raise KeyboardInterrupt

    monkeypatch.setattr(Following, "line", pressed)
    code, _, error = twbot(*DEPLOY, "--yes")
    assert code == Exit.INTERRUPTED
    assert (aws.folder / "told").exists()
    assert "Done: twbot-prod-plumbing." in error["error"]
    assert "CloudFormation goes on with twbot-prod-ingress by itself." in error["error"]
    assert "twbot-prod-egress" in error["error"].partition("Not begun: ")[2]
    assert "twbot outputs --stage prod" in error["hint"]


@pytest.mark.parametrize("verb", ["deploy", "diff", "synth", "outputs", "destroy"])
def test_local_is_not_on_aws(twbot: Twbot, verb: str) -> None:
    """2, and what starts it."""
    code, _, error = twbot(verb, "--stage", "local")
    assert code == Exit.USAGE
    assert "twbot up" in error["hint"]


@pytest.mark.parametrize("verb", ["deploy", "diff", "synth", "outputs", "destroy"])
def test_a_hostile_name_goes_nowhere(twbot: Twbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """It is no folder's name, nor an option's."""
    monkeypatch.chdir(tmp_path)
    assert twbot(verb, "--stage", "../../x")[0] == Exit.USAGE
    assert [*tmp_path.iterdir()] == []


def test_the_bot_s_account_has_to_be_known(aws: Aws, twbot: Twbot) -> None:
    """3 when nobody says it; once deployed, the stage itself does."""
    assert twbot("deploy", "--yes")[0] == Exit.NOT_CONFIGURED
    assert twbot("deploy", "--account-id", "@bot", "--yes")[0] == Exit.USAGE
    aws.deployed()
    assert twbot("diff")[0] == 0


def test_a_bad_file_is_one_line(twbot: Twbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twbot's error, not the app's traceback."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text("[stages.prod.aws]\nlog_days = 8\n")
    code, _, error = twbot("synth", "--account-id", "999999")
    assert code == Exit.FAILED
    assert "log_days" in error["error"]
    assert "Traceback" not in error["error"]


def test_synth_does_not_write_among_other_things(twbot: Twbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that holds something else is left alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.jpg").touch()
    assert twbot("synth", "--account-id", "999999", "--output", "photos")[0] == Exit.USAGE


def test_synth_goes_on_where_it_failed(twbot: Twbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A synthesis that failed leaves bundles, and no cloud assembly: the folder is synth's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "asset.0123.zip").touch()
    assert twbot("synth", "--account-id", "999999", "--output", "templates")[0] == 0


def test_outputs_of_a_stage(aws: Aws, twbot: Twbot) -> None:
    """Those for people, by stack; of another stage or of none: 4."""
    aws.deployed("test")
    assert twbot("outputs")[0] == Exit.NOT_FOUND
    code, answer, _ = twbot("outputs", "--stage", "test")
    assert code == 0
    assert [each["service"] for each in answer] == ["plumbing", "ingress", "analytics"]
    assert answer[1]["outputs"] == {"TwitterAccountId": "999999", "WebhookUrl": "https://x/twitter"}


def holding(policy: str) -> dict[str, Any]:
    resources = {
        "Lake": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy},
        "Sent": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": policy},
    }
    return {"template": {"Resources": resources}, "resources": {"Lake": "the-lake", "Sent": "the-table"}}


def lake() -> Any:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="the-lake")
    s3.put_object(Bucket="the-lake", Key="events/1", Body=b"1")
    return s3


def test_destroy_empties_what_would_be_in_the_way(aws: Aws, twbot: Twbot) -> None:
    """The buckets of a stage whose data does not stay; again where something came in meanwhile."""
    s3 = lake()
    aws.deployed("test")
    aws.cloudformation.stacks["twbot-test-analytics"] |= holding("Delete")
    aws.mode("late")
    code, answer, _ = twbot("destroy", "--stage", "test", "--yes")
    assert (code, answer["destroyed"], aws.asked) == (0, True, ["destroy", "destroy"])
    assert "Contents" not in s3.list_objects_v2(Bucket="the-lake")


def test_destroy_never_touches_what_is_kept(aws: Aws, twbot: Twbot) -> None:
    """By what is deployed, whatever the file says by now."""
    s3 = lake()
    aws.deployed()
    aws.cloudformation.stacks["twbot-prod-analytics"] |= holding("Retain")
    code, answer, _ = twbot("destroy", "--yes")
    assert code == 0
    assert {(each["what"], each["kept"]) for each in answer["data"]} == {("bucket", True), ("table", True)}
    assert s3.list_objects_v2(Bucket="the-lake")["KeyCount"] == 1


def test_destroy_asks(aws: Aws, twbot: Twbot) -> None:
    """2 without a terminal, and a dry run does nothing."""
    aws.deployed()
    code, _, error = twbot("destroy")
    assert (code, aws.asked) == (Exit.USAGE, [])
    assert "--yes" in error["hint"]
    assert twbot("destroy", "--dry-run")[1]["destroyed"] is False
    assert aws.asked == []


def test_destroy_names_what_the_folder_added(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its own CDK code, whose stacks go as well, and the secrets of its functions, which stay and are paid for."""
    rule = 'name = "a"\nwhen = { source = ["BOT"] }\nrun = "bot.a:f"\nsecrets = ["CRM_TOKEN"]\n'
    make_bot(
        tmp_path / "bot-of-mine",
        monkeypatch,
        twbot_toml=f'[[rules]]\n{rule}[stages.test.aws]\nextra = "infra.stack:add"\ntwitter_account_id = "1"\n',
    )
    aws.deployed("test")
    assert run(["destroy", "--stage", "test", "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert "infra.stack:add" in said
    assert said.index("Stays") < said.index("twbot/test/CRM_TOKEN")


def test_the_stage_s_name_has_to_be_typed(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another name destroys nothing; what is lost and what stays was said before."""
    aws.deployed("test")
    aws.cloudformation.stacks["twbot-test-analytics"] |= holding("Delete")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "prod")
    assert run(["destroy", "--stage", "test"]) == Exit.FAILED
    said = capsys.readouterr().err
    assert "Nothing was changed." in said
    assert said.index("Lost for ever:") < said.index("the-lake") < said.index("Stays")
    assert aws.asked == []


def test_people_read_it(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """The stage first, then checks with their fixes, what changes and what may be done, and at last what to type."""
    aws.deployed()
    assert run([*DEPLOY, "--yes"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("Stage prod\nProduction, account 123456789012, region us-east-1")
    parts = [
        "✓ bootstrap",
        "! keys",
        "twbot-prod-ingress",
        "+ SQS Queue Tweets",
        "IngressRole: may events:PutEvents on Bus",
    ]
    assert [part for part in parts if part not in said.err] == []
    assert "twbot-prod-plumbing: done" in said.err
    assert said.out.rstrip().endswith("twbot webhook register --stage prod")
