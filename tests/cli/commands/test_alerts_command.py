"""`twbot alerts`: who hears of alerts, on this machine and on AWS: the same cases over both."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from botocore.stub import Stubber
from moto import mock_aws

from tests.support.alert_desks import AwsDesk, Desk, LocalDesk, angry, new_container
from tests.support.alerts import again
from tests.support.alerts import angry as angry_post
from tests.support.bot_folders import make_bot
from tests.support.loopback import Answer, Loopback, answering
from tests.support.mail_server import mail_server
from tests.support.operate import Said
from twbot.cli.commands.alerts import app
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.operations.alerts.aws import PENDING, AwsAlerts
from twbot.cli.operations.alerts.aws_webhooks import MAX_PARAMETER_BYTES
from twbot.cli.ui.completion import complete_subscribers
from twbot.lambdas.alerting.subscription import CHATS, Kind, subscriber_id

Twbot = Callable[..., Said]
SLACK = "https://hooks.slack.com/services/T000/B000/hidden-word-abcd"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsDesk]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield AwsDesk(tmp_path, monkeypatch)


@pytest.fixture(params=["local", "aws"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """The same cases over both."""
    if request.param == "local":
        return LocalDesk(tmp_path)
    found: AwsDesk = request.getfixturevalue("aws")
    return found


def runner(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Twbot:
    def alerts(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(["alerts", *arguments, *desk.options])
        return Said(code, *capsys.readouterr())

    return alerts


@pytest.fixture
def alerts(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Twbot:
    return runner(desk, capsys)


@pytest.fixture
def on_aws(aws: AwsDesk, capsys: pytest.CaptureFixture[str]) -> Twbot:
    return runner(aws, capsys)


@pytest.fixture
def hook() -> Iterator[Loopback]:
    with answering(Answer(200, b"ok")) as there:
        yield there


def subscribed(alerts: Twbot, folder: Path, kind: Kind, url: str) -> dict[str, Any]:
    (folder / "address.txt").write_text(f"{url}\n")
    said = alerts("subscribe", kind, "--from", str(folder / "address.txt"), "--json")
    assert said.code == 0, said.err
    return dict(said.json)


def test_nobody_at_first(alerts: Twbot, desk: Desk) -> None:
    """Said with what to type; a test has nobody to reach. (On AWS: nobody but whom twbot.toml would subscribe.)"""
    said = alerts("list")
    assert (said.code, said.out) == (0, "id\tkind\taddress\tstate\tlast alert\thow it went\n")
    assert f"twbot alerts subscribe slack{desk.option}" in said.err
    assert alerts("list", "--json").json == []
    assert alerts("test").code == Exit.NOT_CONFIGURED
    assert (alerts("raised").out.count("\n"), alerts("raised").err) == (1, "No alerts.\n")


@pytest.mark.parametrize("kind", CHATS)
def test_a_chat_subscribes_and_hears_of_each_alert_once(
    alerts: Twbot, desk: Desk, hook: Loopback, tmp_path: Path, kind: Kind
) -> None:
    """In its own form, however often the event comes; then the list says how it went."""
    found = subscribed(alerts, tmp_path, kind, f"{hook.url}/x")
    assert (found["kind"], found["state"]) == (kind, "active")
    assert subscribed(alerts, tmp_path, kind, f"{hook.url}/x")["id"] == found["id"]
    for _ in range(2):
        desk.raise_alert(angry())
    desk.raise_alert(angry("13"))
    assert len(hook.asked) == 2
    assert ("blocks" if kind == "slack" else "embeds") in hook.asked[0].json
    assert "<!channel>" not in hook.asked[0].body.decode()
    (listed,) = alerts("list", "--json").json
    assert (listed["id"], listed["problem"]) == (found["id"], None)
    assert listed["last"]
    assert "arrived" in alerts("list", "--utc").out


def test_an_address_is_never_shown(alerts: Twbot, tmp_path: Path) -> None:
    """By no command, and in no error: the host and four characters at most."""
    found = subscribed(alerts, tmp_path, "slack", SLACK)
    assert found["address"] == "hooks.slack.com/…abcd"
    said = [alerts("list"), alerts("list", "--json"), alerts("remove", found["id"], "--dry-run")]
    assert all("abcd" in each.out for each in said)
    assert "hidden" not in "".join(each.out + each.err for each in said)


def test_a_test_tells_everybody_or_one(alerts: Twbot, desk: Desk, hook: Loopback, tmp_path: Path) -> None:
    """And says that it is a test; it needs no alert, is sent each time, and to whoever subscribed a moment ago."""
    desk.raise_alert(angry())
    first = subscribed(alerts, tmp_path, "slack", f"{hook.url}/1")
    second = subscribed(alerts, tmp_path, "discord", f"{hook.url}/2")
    assert alerts("test").code == 0
    assert {each.path for each in hook.asked} == {"/1", "/2?wait=true"}
    (tested,) = alerts("test", second["id"], "--json").json
    assert (tested["id"], tested["problem"]) == (second["id"], None)
    assert [each.path for each in hook.asked].count("/1") == 1
    assert "Test" in hook.asked[0].body.decode()
    assert first["id"] != second["id"]


def test_a_revoked_webhook_shows(alerts: Twbot, desk: Desk, tmp_path: Path) -> None:
    """The test ends with 5; the list has the reason, also after an alert; who is well hears of it nevertheless."""
    with answering(Answer(404, b"")) as gone, answering(Answer(200, b"")) as well:
        found = subscribed(alerts, tmp_path, "slack", f"{gone.url}/hidden-word")
        subscribed(alerts, tmp_path, "discord", well.url)
        said = alerts("test")
        assert (said.code, "revoked" in said.out, said.err) == (Exit.CHECK_FAILED, True, "")
        with pytest.raises(Exception, match=found["id"]) as error:
            desk.raise_alert(angry())
        assert len(well.asked) == 2
    problems = {each["id"]: each["problem"] for each in alerts("list", "--json").json}
    assert "404" in problems[found["id"]]
    assert "hidden" not in said.out + said.err + str(error.value) + alerts("list").out


def test_who_is_removed_hears_no_more(alerts: Twbot, desk: Desk, hook: Loopback, tmp_path: Path) -> None:
    """It asks, naming whom and the stage; nothing happens on a dry run."""
    found = subscribed(alerts, tmp_path, "slack", hook.url)
    unasked = alerts("remove", found["id"])
    assert unasked.code == Exit.USAGE
    assert f"of the stage {'local' if not desk.option else 'prod'} " in unasked.err
    assert alerts("remove", found["id"], "--dry-run", "--json").json["removed"] is False
    assert len(alerts("list", "--json").json) == 1
    assert alerts("remove", found["id"], "--yes").code == 0
    assert alerts("list", "--json").json == []
    desk.raise_alert(angry())
    assert not hook.asked


@pytest.mark.parametrize("command", [["remove", "1a2b3c4d", "--yes"], ["test", "1a2b3c4d"]])
def test_nobody_has_this_id(alerts: Twbot, desk: Desk, command: list[str]) -> None:
    """4, and where the ids are."""
    said = alerts(*command)
    assert said.code == Exit.NOT_FOUND
    assert f"twbot alerts list{desk.option}" in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fax"], "email, sms, https, slack, discord"),
        (["slack", SLACK], "seen by others"),
        (["https", "https://example.org/hidden-word"], "seen by others"),
        (["slack"], "nobody is there to type"),
        (["slack", "--from", "nowhere.txt"], "Cannot read nowhere.txt"),
        (["email"], "Whose email"),
        (["sms"], "+441234567890"),
        (["email", "me"], "not an email"),
        (["sms", "123", "--smtp", "smtps://me@example.org"], "--smtp is for email"),
        (["email", "me@example.org", "--smtp", "https://example.org"], "smtps://user@host:465"),
    ],
)
def test_what_is_asked_wrongly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    """2, what is wrong, and never a secret; before any platform is asked."""
    alerts = runner(LocalDesk(tmp_path), capsys)
    said = alerts("subscribe", *arguments)
    assert said.code == Exit.USAGE
    assert says in " ".join(said.err.split())
    assert "hidden" not in said.out + said.err
    assert alerts("list", "--json").json == []


def test_an_address_of_another_kind(alerts: Twbot, tmp_path: Path) -> None:
    """Pasted from the wrong place: it says where the right one is."""
    (tmp_path / "address.txt").write_text(SLACK)
    said = alerts("subscribe", "discord", "--from", str(tmp_path / "address.txt"))
    assert said.code == Exit.USAGE
    assert "https://discord.com" in said.err
    assert "hidden" not in said.err


def test_asked_without_echo_or_from_stdin(alerts: Twbot, hook: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook's address is on no command line."""
    asked: list[dict[str, Any]] = []

    def prompt(what: str, **how: Any) -> str:
        asked.append({"what": what, **how})
        return f"{hook.url}/1"

    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert alerts("subscribe", "slack").code == 0
    assert (asked[0]["hide_input"], asked[0]["err"]) == (True, True)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{hook.url}/2\n".encode())))
    assert alerts("subscribe", "slack", "--from", "-").code == 0
    assert len(alerts("list", "--json").json) == 2


def test_raised_alerts_the_newest_first(alerts: Twbot, desk: Desk) -> None:
    """Whether somebody hears of them or not; each post once."""
    for tweet_id, hour in (("1", "08"), ("2", "10"), ("3", "09"), ("2", "10")):
        desk.raise_alert(angry(tweet_id, f"2026-11-23T{hour}:00:00Z"))
    found = alerts("raised", "--json").json
    assert [each["tweet_id"] for each in found] == ["2", "3", "1"]
    assert len(alerts("raised", "--limit", "2", "--json").json) == 2
    assert alerts("raised", "--since", "0.001s", "--json").json == []
    assert alerts("raised", "--since", "2099-01-01T10:00Z", "--json").code == 2
    assert "@alice" in alerts("raised").out


@pytest.mark.parametrize("what", again())
def test_a_post_is_raised_once(alerts: Twbot, desk: Desk, what: str) -> None:
    """Under the first version's id and with its words, whatever comes again; a replay's too if it is the first."""
    desk.raise_alert(angry_post())
    desk.raise_alert(again()[what])
    (found,) = alerts("raised", "--json").json
    assert (found["tweet_id"], found["text"]) == ("12", "I hate this")
    # The edit came later than the first version, whose alert is older than what is asked for.
    assert alerts("raised", "--since", "2026-11-23T10:00:01Z", "--json").json == []
    first = again()[what].detail | {"Twitter": {"TweetId": "20", "UserId": "7"}}
    desk.raise_alert(msgspec.structs.replace(again()[what], detail=first))
    assert {each["tweet_id"] for each in alerts("raised", "--json").json} == {"12", "20"}


def test_an_author_without_a_name_is_no_username(alerts: Twbot, desk: Desk) -> None:
    """X named the id only: "@123" would be somebody else."""
    desk.raise_alert(angry_post(Author="7"))
    said = alerts("raised").out
    assert "user 7" in said
    assert "@7" not in said


# This machine


def test_ids_are_completed(tmp_path: Path, hook: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of this machine's bot; of a stage, or of a file that can't be read, none."""
    desk = LocalDesk(tmp_path)
    found = subscribed(runner(desk, capsys), tmp_path, "slack", hook.url)
    context = typer.Context(typer.main.get_command(app))
    context.params = {"stage": "local", "data": Path(desk.options[1])}
    assert complete_subscribers(context, found["id"][:3]) == [found["id"]]
    assert complete_subscribers(context, "x") == []
    context.params["stage"] = "prod"
    assert complete_subscribers(context, "") == []


def test_plain_https_gets_json(tmp_path: Path, hook: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    """The alert as it is, with subject and body. (On AWS SNS writes it.)"""
    here = LocalDesk(tmp_path)
    alerts = runner(here, capsys)
    subscribed(alerts, tmp_path, "https", hook.url)
    assert alerts("test").code == 0
    assert hook.asked[0].json["subject"].startswith("Test")


def test_email_through_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is named with the subscription; its password comes from a file, and is never shown."""
    alerts = runner(LocalDesk(tmp_path), capsys)
    (tmp_path / "password.txt").write_text("hidden-word\n")
    with mail_server() as server:
        url = f"smtp://bot%40example.org@{server.host}:{server.port}"
        added = alerts("subscribe", "email", "me@example.org", "--smtp", url, "--from", str(tmp_path / "password.txt"))
        assert added.code == 0, added.err
        tested = alerts("test")
        assert tested.code == 0, tested.out
    assert server.logins == ["\0bot@example.org\0hidden-word"]
    assert server.mails[0]["To"] == "me@example.org"
    assert "hidden" not in added.out + added.err + tested.out + alerts("list", "--json").out


@pytest.mark.parametrize(
    ("kind", "address", "says"), [("sms", "+441234567890", "AWS"), ("email", "me@x.org", "--smtp")]
)
def test_what_this_machine_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, address: str, says: str
) -> None:
    """3, and what it takes."""
    said = runner(LocalDesk(tmp_path), capsys)("subscribe", kind, address)
    assert said.code == Exit.NOT_CONFIGURED
    assert says in said.err


# AWS


@pytest.mark.parametrize(("kind", "address"), [("email", "me@example.org"), ("sms", "+441234567890")])
def test_the_topic_s_subscribers(on_aws: Twbot, kind: Kind, address: str) -> None:
    """Subscribed, listed, told all at once, removed."""
    added = on_aws("subscribe", kind, address, "--json")
    assert added.code == 0, added.err
    (listed,) = on_aws("list", "--json").json
    assert listed["id"] == added.json["id"] == subscriber_id(kind, address)
    assert on_aws("test", "--json").json[0]["problem"] is None
    one = on_aws("test", listed["id"])
    assert one.code == Exit.FAILED
    assert "twbot alerts test --stage prod" in one.err
    assert on_aws("remove", listed["id"], "--yes").code == 0
    assert on_aws("list", "--json").json == []


def test_a_topic_of_many_pages(on_aws: Twbot, aws: AwsDesk) -> None:
    """SNS lists a hundred at a time."""
    for number in range(101):
        aws.client("sns").subscribe(TopicArn=aws.topic, Protocol="sms", Endpoint=f"+4412345600{number:03}")
    assert len(on_aws("list", "--json").json) == 101


def test_https_through_the_topic(on_aws: Twbot, tmp_path: Path) -> None:
    """Its address is asked for as well, and SNS is given it."""
    found = subscribed(on_aws, tmp_path, "https", "https://example.org/hidden-word")
    assert (found["kind"], found["address"]) == ("https", "example.org/…word")


def test_who_has_not_confirmed(on_aws: Twbot, aws: AwsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pending ones are shown so, don't hear of a test, and can't be taken back. (moto confirms by itself: botocore's
    Stubber gives AWS's documented answers.)"""
    client = aws.client("sns")
    with Stubber(client) as sns:
        monkeypatch.setattr(aws, "client", lambda _: client)
        who = {"Protocol": "email", "Endpoint": "me@example.org"}
        sns.add_response("subscribe", {"SubscriptionArn": "pending confirmation"}, {"TopicArn": aws.topic, **who})
        added = on_aws("subscribe", "email", "me@example.org")
    assert "will hear" in added.out
    assert "confirmed" in added.err


def test_who_waits_is_shown_so(on_aws: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """As SNS lists it: no test, and no taking back."""
    waits = {"SubscriptionArn": PENDING, "Protocol": "email", "Endpoint": "me@example.org"}
    monkeypatch.setattr(AwsAlerts, "_of_topic", lambda _: [waits])
    (listed,) = on_aws("list", "--json").json
    assert listed["state"] == "pending"
    tested = on_aws("test")
    assert (tested.code, "not confirmed" in tested.out) == (Exit.CHECK_FAILED, True)
    kept = on_aws("remove", listed["id"], "--yes")
    assert (kept.code, "two days" in kept.err) == (Exit.FAILED, True)


def test_whom_the_settings_subscribe_stays(on_aws: Twbot, aws: AwsDesk) -> None:
    """The next deployment would bring it back: it is taken out of twbot.toml."""
    aws.client("sns").subscribe(TopicArn=aws.topic, Protocol="email", Endpoint="boss@example.org")
    (listed,) = on_aws("list", "--json").json
    assert listed["declared"] is True
    assert "in twbot.toml" in " ".join(on_aws("list").out.split())
    said = on_aws("remove", listed["id"], "--yes")
    assert (said.code, "twbot deploy --stage prod" in said.err) == (Exit.FAILED, True)


def test_a_phone_that_opted_out(on_aws: Twbot, aws: AwsDesk) -> None:
    """SNS would take it and tell nobody. (moto counts numbers that end with 99 as opted out.)"""
    said = on_aws("subscribe", "sms", "+441234567899")
    assert (said.code, "opted out" in said.err) == (Exit.FAILED, True)
    assert on_aws("list", "--json").json == []


def test_the_addresses_are_one_encrypted_parameter(on_aws: Twbot, aws: AwsDesk, tmp_path: Path) -> None:
    """Made with the first chat, gone with the last."""
    first = subscribed(on_aws, tmp_path, "slack", SLACK)
    second = subscribed(on_aws, tmp_path, "discord", "https://discord.com/api/webhooks/1/abcdefghijkl")
    ssm = aws.client("ssm")
    kept = ssm.get_parameter(Name="/twbot/prod/alert-addresses", WithDecryption=True)["Parameter"]
    assert kept["Type"] == "SecureString"
    assert [each["kind"] for each in json.loads(kept["Value"])] == ["slack", "discord"]
    for each in (first, second):
        assert on_aws("remove", each["id"], "--yes").code == 0
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/twbot/prod/alert-addresses")


def test_a_parameter_holds_4_kb(on_aws: Twbot, tmp_path: Path) -> None:
    """One chat too many is refused in words, and nothing is lost."""
    subscribed(on_aws, tmp_path, "slack", SLACK)
    (tmp_path / "address.txt").write_text(f"https://hooks.slack.com/{'x' * MAX_PARAMETER_BYTES}")
    said = on_aws("subscribe", "slack", "--from", str(tmp_path / "address.txt"))
    assert (said.code, "4 KB" in said.err) == (Exit.FAILED, True)
    assert len(on_aws("list", "--json").json) == 1


def test_only_what_is_negative_was_raised(on_aws: Twbot, aws: AwsDesk) -> None:
    """Whatever else the log's filter let through (moto's lets everything)."""
    event = msgspec.to_builtins(angry("1"))
    aws.log(event)
    event["detail"]["Twitter"]["TweetId"] = "2"
    event["detail"]["Analysis"]["TextSentiment"] = "POSITIVE"
    aws.log(event)
    aws.log("no event")
    assert [each["tweet_id"] for each in on_aws("raised", "--json").json] == ["1"]


def test_what_a_replay_analyses_again_is_no_new_alert(on_aws: Twbot, aws: AwsDesk) -> None:
    """Also where the log no longer has the event that raised the alert."""
    aws.raise_alert(angry_post())
    logs = aws.client("logs")
    logs.delete_log_stream(logGroupName="/aws/events/twbot-prod", logStreamName="s")
    logs.create_log_stream(logGroupName="/aws/events/twbot-prod", logStreamName="s")
    aws.raise_alert(again()["what a replay caused"])
    assert on_aws("raised", "--json").json == []


def test_a_function_that_fails(on_aws: Twbot, aws: AwsDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error is shown: here it is told of another parameter than the one that is there, which is not JSON."""
    subscribed(on_aws, tmp_path, "slack", SLACK)
    aws.client("ssm").put_parameter(Name="broken", Value="hidden", Type="SecureString")
    monkeypatch.setenv("ADDRESSES_PARAMETER", "broken")
    new_container()
    said = on_aws("test")
    assert said.code == Exit.FAILED
    assert "twbot-prod-notify failed" in said.err
    assert "hidden" not in said.err


WANTED = """
[alerts]
when = [
  { detail = { Text = [{ wildcard = "*Espresso 3000*" }] } },
  { detail = { Followers = [{ numeric = [">", 5000] }], Analysis = { TextSentiment = ["NEGATIVE"] } } },
]
"""


def test_the_folder_says_what_alerts(
    alerts: Twbot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`raised` lists what matched any of its patterns, and words it as what it is: not all of it is negative."""
    toml = tmp_path / "twbot.toml"
    written = toml.read_text() if toml.exists() else ""
    make_bot(tmp_path, monkeypatch, twbot_toml=written + WANTED)
    nice: dict[str, Any] = {"Text": "The Espresso 3000!", "Analysis": {"TextSentiment": "POSITIVE"}}
    desk.raise_alert(angry_post("1", **nice))
    desk.raise_alert(angry_post("2", Followers=9000))
    if isinstance(desk, AwsDesk):  # in the log, though no rule took it
        desk.log(msgspec.to_builtins(angry_post("3", Followers=10)))
    found = {each["tweet_id"]: each for each in alerts("raised", "--json").json}
    assert {id_: each["subject"] for id_, each in found.items()} == {
        "1": "Message on X",
        "2": "Negative message on X",
    }
