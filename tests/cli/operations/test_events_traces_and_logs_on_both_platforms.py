"""`twbot tail`, `trace` and `logs`: the same cases over the local platform and a stage on AWS.

AWS is moto's CloudWatch Logs. Its gaps: filter patterns in braces match every line (what is asked of AWS is held by
tests/cli/operations/logs/test_aws_log_groups.py); no other service writes logs there, so the lines are put as AWS
writes them.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.support.bot_folders import make_bot
from tests.support.histories import AwsPast, LocalPast, Past, before, watch
from tests.support.terminal import on_terminal
from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.events.aws import AwsLiveEvents
from twbot.cli.operations.events.filters import EventFilter
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Event

TOML = '[stages.prod.aws]\nregion = "eu-west-1"\n'


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsBot]:
    monkeypatch.chdir(tmp_path)
    Path("twbot.toml").write_text(TOML)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.logs.aws_log_groups.MIN_CALL_INTERVAL", 0.0)
    with mock_aws():
        yield AwsBot("prod")


@pytest.fixture(params=["local", "aws"])
def past(request: pytest.FixtureRequest, tmp_path: Path) -> Past:
    if request.param == "local":
        return LocalPast(tmp_path / "data")
    return AwsPast(request.getfixturevalue("aws"))


@pytest.fixture
def post() -> str:
    """The id of a post of a minute ago."""
    return str(((int(time.time() * 1000) - 60_000) - 1288834974657) << 22)


def message(post: str, **more: Any) -> dict[str, Any]:
    return {"Text": "hi [bold]", "Author": "ann", "Summoned": True, "Twitter": {"TweetId": post, "UserId": "5"}} | more


def reply(post: str, **more: Any) -> dict[str, Any]:
    return {"Text": "yo", "ReplyToTweetId": post, "ReplyToUserId": "5"} | more


def answered(past: Past, post: str, sentiment: str = "NEUTRAL") -> None:
    past.event("TWITTER_TWEETED", {"tweet_create_events": [{"id_str": post}]}, ago=30)
    past.event("MESSAGE_RECEIVED", message(post), ago=30)
    past.event("MESSAGE_ANALYSED", message(post, Analysis={"TextSentiment": sentiment}), ago=20)
    past.event("SEND_TWEET", reply(post), ago=10)
    past.event("TWEET_SENT", reply(post, TweetId="99"), ago=5)


def test_tail_shows_what_came(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """In order, one line an event, or JSON with the same fields; filtered by type, author and text."""
    answered(past, post)
    shown = watch(past, capfd, "tail", "--since", "1h", "--limit", "5")
    assert shown.code == 0
    assert [line.split("\t")[1] for line in shown.out.splitlines()] == [
        "event",
        "TWITTER_TWEETED",
        "MESSAGE_RECEIVED",
        "MESSAGE_ANALYSED",
        "SEND_TWEET",
        "TWEET_SENT",
    ]
    assert all(f"\t{post}\t" in line for line in shown.out.splitlines()[1:])
    one = ["tail", "--since", "1h", "--json", "--limit", "1"]
    (event,) = watch(past, capfd, *one, "--type", "message_analysed", "--author", "@Ann", "--text", "[BOLD]").lines
    assert event["detail"]["Twitter"]["TweetId"] == post
    assert {"id", "source", "time", "detail", "detail-type"} <= event.keys()
    (event,) = watch(past, capfd, *one, "--type", "SEND_TWEET", "--type", "TWEET_FAILED").lines
    assert event["detail-type"] == "SEND_TWEET"
    assert watch(past, capfd, *one, "--type", 'X" || $.a = "').code == 2


def target_of(past: Past) -> Target:
    return Target("prod") if past.options[0] == "--stage" else Target(data=Path(past.options[1]))


def test_what_came_last(past: Past, post: str) -> None:
    """The newest first, filtered, at most so many; and each by its id."""
    answered(past, post)
    source = live_events_of(target_of(past))
    newest = source.recent(200)
    assert [each.detail_type for each in newest] == [
        "TWEET_SENT",
        "SEND_TWEET",
        "MESSAGE_ANALYSED",
        *sorted(["MESSAGE_RECEIVED", "TWITTER_TWEETED"], key=[each.detail_type for each in newest].index),
    ]
    assert source.recent(2) == newest[:2]
    types = frozenset({"TWEET_SENT", "MESSAGE_ANALYSED"})
    assert source.recent(200, EventFilter(types=types)) == [newest[0], newest[2]]
    assert (
        source.recent(200, EventFilter(text="YO"), since=datetime.datetime.fromisoformat(before(past, 3600)))
        == newest[:2]
    )
    assert source.recent(1, EventFilter(author="@Ann", text="hi")) == [newest[2]]
    for each in newest:
        assert source.event(each.id, datetime.datetime.fromisoformat(each.time)) == each
    now = datetime.datetime.now(datetime.UTC)
    assert source.event("00000000-0000-0000-0000-000000000000", now) is None
    assert source.event('" || $.a = "', now) is None


HOSTILE = "hi \x1b]0;title\x07\x1b[2J\u202e [red]\x9b31m \U0001f469\u200d\U0001f680"


def test_nobody_s_text_commands_the_terminal(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever posts it: it is shown, and does nothing. Programs get it as it is."""
    past.event("MESSAGE_RECEIVED", message(post, Text=HOSTILE, Author="a\x1b[2J"))
    past.log("egress", "ERROR", HOSTILE, post)
    for command in (["tail", "--since", "1h", "--limit", "1"], ["trace", post], ["logs"]):
        shown = on_terminal(*command, *past.options, width=400)
        assert not set(shown) & set("\x1b\x07\x9b\u202e")
        assert "[red]" in shown
        assert "\U0001f469\u200d\U0001f680" in shown
    assert watch(past, capfd, "trace", post, "--json").json["text"] == HOSTILE


def test_tail_knows_utc(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Times in the user's zone, or in UTC."""
    past.event("MESSAGE_RECEIVED", message(post))
    assert (
        watch(past, capfd, "tail", "--since", "1h", "--limit", "1", "--utc")
        .out.splitlines()[1]
        .split()[0]
        .endswith("Z")
    )
    assert "Z MESSAGE_RECEIVED" in on_terminal("tail", "--since", "1h", "--limit", "1", "--utc", *past.options)


def test_tail_ends_cleanly(past: Past, post: str, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Ctrl-C while it waits for more: exit code 0, nothing but the events on stdout."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    past.event("MESSAGE_RECEIVED", message(post))
    monkeypatch.setattr("twbot.cli.operations.events.port.time.sleep", interrupted)
    monkeypatch.setattr(AwsLiveEvents.__init__, "__kwdefaults__", {"wait": interrupted})
    ended = watch(past, capfd, "tail", "--since", "1h", "--json")
    assert (ended.code, len(ended.lines), ended.err) == (0, 1, "")


def test_trace_of_a_reply(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The same events in the same order, what the rules did, the outcome."""
    answered(past, post)
    found = watch(past, capfd, "trace", post, "--json").json
    assert (found["outcome"], found["reply_id"], found["author"]) == ("replied", "99", "ann")
    assert [each["name"] for each in found["moments"] if each["kind"] == "event"] == [
        "TWITTER_TWEETED",
        "MESSAGE_RECEIVED",
        "MESSAGE_ANALYSED",
        "SEND_TWEET",
        "TWEET_SENT",
    ]
    done = {each["name"]: each["state"] for each in found["moments"] if each["kind"] == "delivery"}
    assert done == done | {"answer-texts": "done", "send-tweets": "done"}
    drawn = on_terminal("trace", post, *past.options)
    assert "●" in drawn
    assert "@ann: hi [bold]" in drawn
    assert re.search(r"replied: as 99, (25\.\d\d|about 2[456]) s later\.", drawn)


def test_trace_shows_the_steps(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Of the workflow: with times and tries."""
    past.event("MESSAGE_RECEIVED", message(post))
    past.steps(post, [("DescribeMessage", 0.5, 0.75, 1), ("ReportAnalysis", 0.75, 2.75, 3)])
    moments = watch(past, capfd, "trace", post, "--json").json["moments"]
    steps = [(e["name"], round(e["end"] - e["start"], 3), e["attempts"]) for e in moments if e["kind"] == "step"]
    assert steps == [("DescribeMessage", 0.25, 1), ("ReportAnalysis", 2.0, 3)]
    assert "ReportAnalysis ×3" in watch(past, capfd, "trace", post).out
    assert "ReportAnalysis" not in watch(past, capfd, "trace", post, "--no-steps").out


def test_trace_shows_the_alert(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the message was negative, and only there."""
    answered(past, post, "NEGATIVE")
    (alert,) = [e for e in watch(past, capfd, "trace", post, "--json").json["moments"] if e["kind"] == "alert"]
    assert alert["note"].startswith("Negative message on X")


def test_an_edited_post_has_one_alert(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Told by the trace of either version, once, whatever came again."""
    edited = {"Twitter": {"TweetId": str(int(post) + 1), "UserId": "5", "FirstTweetId": post}}
    negative = {"Analysis": {"TextSentiment": "NEGATIVE"}}
    past.event("MESSAGE_RECEIVED", message(post), ago=30)
    past.event("MESSAGE_ANALYSED", message(post, **negative), ago=20)
    past.event("MESSAGE_ANALYSED", message(post, Completes=["ImageUrls"], **negative), ago=18)
    past.event("MESSAGE_RECEIVED", message(post, **edited), ago=15)
    past.event("MESSAGE_ANALYSED", message(post, **edited, **negative), ago=10)
    for version in (post, str(int(post) + 1)):
        moments = watch(past, capfd, "trace", version, "--json").json["moments"]
        assert [each["kind"] for each in moments].count("alert") == 1


@pytest.mark.parametrize(
    ("detail_type", "more", "outcome"),
    [
        ("TWEET_FAILED", {"Reason": "NO_CREDITS", "Explanation": "none left"}, "refused: NO_CREDITS: none left"),
        ("ANALYSIS_FAILED", {"Error": "NothingFound", "Cause": "all failed"}, "analysis-failed: NothingFound"),
        ("TWITTER_FAVOURITED", {}, "no-reply: it was received, and never analysed."),
    ],
)
def test_trace_says_where_it_stopped(
    past: Past, post: str, detail_type: str, more: dict[str, Any], outcome: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """And why, with a command for the same stage."""
    past.event("MESSAGE_RECEIVED", message(post))
    past.event(detail_type, reply(post, **more), ago=20)
    said = watch(past, capfd, "trace", post)
    assert said.code == 0
    assert outcome in said.out
    if "twbot logs" in said.out and past.options == ["--stage", "prod"]:
        assert f"twbot logs --tweet {post} --stage prod" in said.out


def test_trace_of_what_was_never_heard_of(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Not found, and what to look at; what is no id at all is a mistake."""
    past.event("MESSAGE_RECEIVED", message("1" + post[1:-1]))
    said = watch(past, capfd, "trace", post)
    assert said.code == 4
    assert "twbot tail" in said.err
    assert watch(past, capfd, "trace", '1" || "').code == 2


def test_trace_within_a_window(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """--since and --until bound it."""
    answered(past, post)
    found = watch(past, capfd, "trace", post, "--json", "--since", before(past, 25)).json
    assert next(each["name"] for each in found["moments"] if each["kind"] == "event") == "MESSAGE_ANALYSED"
    assert watch(past, capfd, "trace", post, "--until", before(past, 40)).code == 4


def test_logs_are_filtered(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """By service, post, level and time; the newest so many."""
    past.event("MESSAGE_RECEIVED", message(post))
    past.log("ingress", "WARNING", "webhook refused", ago=50)
    past.log("responding", "INFO", "answered", post, ago=40)
    past.log("egress", "ERROR", "not sent", post, ago=30)
    past.log("egress", "INFO", "sent", "1" + post[1:], ago=20)

    def logged(*arguments: str) -> list[str]:
        return [line["message"] for line in watch(past, capfd, "logs", "--json", *arguments).lines]

    assert logged() == ["webhook refused", "answered", "not sent", "sent"]
    assert logged("egress") == ["not sent", "sent"]
    assert logged("--tweet", post) == ["answered", "not sent"]
    assert logged("--level", "warning") == ["webhook refused", "not sent"]
    assert logged("--limit", "2") == ["not sent", "sent"]
    assert logged("--since", before(past, 35)) == ["not sent", "sent"]
    assert logged("--until", before(past, 35), "--since", "1h") == ["webhook refused", "answered"]
    shown = [line.split("\t") for line in watch(past, capfd, "logs", "egress").out.splitlines()]
    assert [line[1:5] for line in shown[1:]] == [
        ["ERROR", "egress", post, "not sent"],
        ["INFO", "egress", "1" + post[1:], "sent"],
    ]
    assert f"[{post}]" in on_terminal("logs", "egress", *past.options)


def test_nothing_logged_yet(past: Past, capfd: pytest.CaptureFixture[str]) -> None:
    """Is no mistake: it says so."""
    said = watch(past, capfd, "logs", "egress")
    assert (said.code, len(said.out.splitlines())) == (0, 1)
    assert "othing" in said.err
    assert watch(past, capfd, "logs", "--json").out == ""


@pytest.mark.parametrize("command", [["tail"], ["trace", "1585841080431321088"], ["rules", "list"]])
def test_a_stage_that_is_not_deployed(aws: AwsBot, command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Not found, and how to deploy it, or to look in another region."""
    assert run([*command, "--stage", "prod"]) == 4
    said = capfd.readouterr().err
    assert "twbot deploy --stage prod" in said
    assert "--region" in said


COMMANDS = [["tail"], ["trace", "1585841080431321088"], ["logs"], ["rules", "list"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("refused", "said", "code", "words"),
    [
        ("AccessDeniedException", "User: x is not authorized to perform: logs:FilterLogEvents on", 1, "logs:Filter"),
        ("ExpiredTokenException", "", 3, "aws sso login"),
        ("UnrecognizedClientException", "", 3, "--profile"),
    ],
)
def test_what_aws_refuses(
    aws: AwsBot,
    command: list[str],
    refused: str,
    said: str,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Which permission is missing, that the login is over, or the wrong one: as JSON, with what to do."""

    def refuse(client: object, operation: str, parameters: object) -> None:
        raise ClientError({"Error": {"Code": refused, "Message": said}}, operation)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    assert run([*command, "--stage", "prod", "--json"]) == code
    assert words in capfd.readouterr().err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Is said before AWS is asked."""
    monkeypatch.chdir(tmp_path)
    Path("twbot.toml").write_text("[stages.prod.aws]\n")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert run([*command, "--stage", "prod"]) == 3
    assert "--region" in capfd.readouterr().err


def test_a_service_that_there_is_not(aws: AwsBot, capfd: pytest.CaptureFixture[str]) -> None:
    """Names those that there are."""
    assert run(["logs", "nobody", "--stage", "prod"]) == 1
    assert "egress" in capfd.readouterr().err


def test_events_read_back_are_those_published(past: Past, post: str, capfd: pytest.CaptureFixture[str]) -> None:
    """So that `twbot rules test -` takes them."""
    import msgspec

    past.event("SEND_TWEET", reply(post))
    (line,) = watch(past, capfd, "tail", "--since", "1h", "--json", "--limit", "1").lines
    event = msgspec.convert(line, Event)
    assert (event.source, event.detail_type, event.detail) == ("BOT", "SEND_TWEET", reply(post))


def test_own_events_are_watched_as_ours(
    past: Past, post: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By their type, declared or not, with their whole detail; and one about a post is in its trace."""
    monkeypatch.setenv("TWBOT_PROJECT", str(tmp_path / "bot-folder"))
    rule = '[[rules]]\nname = "crm"\nrun = "bot.crm:ticket"\n[rules.when]\nsource = ["BOT"]\n'
    make_bot(tmp_path / "bot-folder", monkeypatch, twbot_toml=TOML + rule)
    answered(past, post)
    past.event("CRM_TICKET_OPENED", {"TweetId": post, "Number": 7}, ago=4)
    shown = watch(past, capfd, "tail", "--since", "1h", "--limit", "1", "--type", "crm_ticket_opened")
    assert (shown.code, shown.out.splitlines()[1].split("\t")[1:3]) == (0, ["CRM_TICKET_OPENED", post])
    assert '"Number":7' in shown.out
    traced = watch(past, capfd, "trace", post, "--json")
    assert "CRM_TICKET_OPENED" in [each["name"] for each in traced.json["moments"]]
