"""Replays: the same cases over this machine's archive and a stage's on AWS; then what only AWS has.

Gaps of moto 5.2: its replays are over when they begin, and know neither rules nor how far they came (their state is set
where a test needs another); its Logs Insights does not understand our query: there the botocore Stubber answers as AWS
documents it.
"""

from __future__ import annotations

import datetime
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import boto3
import msgspec
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.events.models import ReplayState, events_backends

from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.replays.aws import AwsReplays
from twbot.cli.operations.replays.aws_counts import QUERY
from twbot.cli.operations.replays.aws_records import Description
from twbot.cli.operations.replays.aws_rules import UnsupportedReplay, supported_request
from twbot.cli.operations.replays.local import LocalReplays
from twbot.cli.operations.replays.port import Replays
from twbot.cli.screens import replay as replays
from twbot.lambdas.contracts import Event, MessageReceived, SendTweet, Twitter, entry
from twbot.lambdas.egress.attempts import OutcomeUnknown
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.replays import Replay, ReplayRequest, reaching_people
from twbot.lambdas.wiring import RULES, rules_named
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.bus.replays import choose
from twbot.local.bus.routes import RetryPolicy
from twbot.stacks.names import bus_name, event_log_name

TOML = '[stages.prod.aws]\nregion = "eu-west-1"\n'
CLIENT = AwsBot.client
ACCOUNT, REGION = "123456789012", "eu-west-1"


class Platform(Protocol):
    """`replays` is what is tested."""

    options: list[str]
    replays: Replays

    def happened(self, posts: int) -> ReplayRequest:
        """So many posts came; what it takes to replay them to analyse-messages."""

    def going_on(self, wanted: ReplayRequest) -> Replay:
        """A replay that will not end by itself."""


class OnThisMachine:
    def __init__(self, world: World) -> None:
        self._world = world
        self.options = ["--data", str(world.home.folder)]
        self.replays: Replays = LocalReplays(world.home.folder)

    def happened(self, posts: int) -> ReplayRequest:
        since = datetime.datetime.now(datetime.UTC)
        for number in range(posts):
            self._world.x.post("mia", f"@twbot number {number}")
        self._world.settle()
        return wanted(since, now())

    def going_on(self, wanted: ReplayRequest) -> Replay:
        return self.replays.start(msgspec.structs.replace(wanted, rate=0.1), 0)


class OnAws:
    def __init__(self, bot: AwsBot, monkeypatch: pytest.MonkeyPatch) -> None:
        self.options = ["--stage", "prod"]
        self.bot, self.monkeypatch = bot, monkeypatch
        events = bot.client("events")
        bus = events.create_event_bus(Name=bus_name(bot.config))["EventBusArn"]
        made = events.create_archive(ArchiveName="the-archive", EventSourceArn=bus, RetentionDays=30)
        self.archive, self.bus = made["ArchiveArn"], bus
        monkeypatch.setattr(AwsBot, "output", lambda *named: {"ArchiveName": "the-archive"}[named[2]])
        self.replays: Replays = AwsReplays(bot)

    def happened(self, posts: int) -> ReplayRequest:
        self.counts({"MESSAGE_RECEIVED": posts, "TWEET_SENT": 40})
        return wanted(now() - datetime.timedelta(hours=1), now())

    def counts(self, by_type: dict[str, int], log_days: int = 90) -> None:
        """What the log answers, however often it is asked."""

        def client(bot: AwsBot, service: str) -> Any:
            if service != "logs":
                return CLIENT(bot, service)
            return _answering(boto3.client("logs", REGION), by_type, log_days, event_log_name(bot.config))

        self.monkeypatch.setattr(AwsBot, "client", client)

    def going_on(self, wanted: ReplayRequest) -> Replay:
        started = self.replays.start(wanted, 0)
        self.set(started.name, ReplayState.RUNNING)
        found = self.replays.named(started.name)
        assert found is not None
        return found

    def set(self, name: str, state: ReplayState) -> None:
        events_backends[ACCOUNT][REGION].replays[name].state = state


def _answering(client: Any, by_type: dict[str, int], log_days: int, group: str) -> Any:
    stubber = Stubber(client)
    asked = {"logGroupNames": [group], "startTime": ANY, "endTime": ANY, "queryString": QUERY, "limit": ANY}
    rows = [
        [{"field": "type", "value": kind}, {"field": "events", "value": str(count)}] for kind, count in by_type.items()
    ]
    stubber.add_response("start_query", {"queryId": "q"}, asked)
    stubber.add_response("get_query_results", {"status": "Complete", "results": rows}, {"queryId": "q"})
    stubber.activate()
    groups = {"logGroups": [{"logGroupName": group, "retentionInDays": log_days}]}
    client.describe_log_groups = lambda **_: groups
    return client


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def wanted(since: datetime.datetime, until: datetime.datetime) -> ReplayRequest:
    end = max(until, since) + datetime.timedelta(seconds=1)
    return ReplayRequest(since=since, until=end, types=["MESSAGE_RECEIVED"], rules=["analyse-messages"], rate=1000)


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text(TOML)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(AwsReplays, "poll_interval", 0.01)
    with mock_aws():
        yield OnAws(AwsBot("prod"), monkeypatch)


@pytest.fixture(params=["local", "aws"])
def platform(request: pytest.FixtureRequest) -> Platform:
    if request.param == "local":
        return OnThisMachine(request.getfixturevalue("world"))
    found: OnAws = request.getfixturevalue("aws")
    return found


class Typed(NamedTuple):
    code: int
    out: str
    err: str


Type = Callable[..., Typed]


@pytest.fixture
def type_(platform: Platform, capfd: pytest.CaptureFixture[str]) -> Type:
    def typed(*arguments: str) -> Typed:
        capfd.readouterr()
        code = run(["replay", *arguments, *platform.options])
        return Typed(code, *capfd.readouterr())

    return typed


def test_counts_before(platform: Platform) -> None:
    """By type and by rule, and nothing has begun."""
    chosen = platform.happened(3)
    before = platform.replays.newest(100)
    found = platform.replays.count(platform.replays.fit(chosen))
    assert (found.events, found.by_type) == (3, {"MESSAGE_RECEIVED": 3})
    assert found.by_rule == {"analyse-messages": 3}
    assert platform.replays.newest(100) == before


def test_counts_what_may_reach_people(platform: Platform) -> None:
    """Of what the replay causes, too: alerts always, replies only with --with-replies. It is an upper bound."""
    chosen = platform.replays.fit(platform.happened(3))
    alerts = {"alert-on-negative": 3, "notify-on-negative": 3}
    assert platform.replays.count(chosen).reaches_people == alerts
    by_rule = {"analyse-messages": 3}
    assert reaching_people(by_rule, with_replies=True) == {**alerts, "send-tweets": 3}
    assert reaching_people({"keep-every-event": 3}, with_replies=True) == {}


def test_leaves_out_what_may_get_a_reply_otherwise(tmp_path: Path) -> None:
    """With replies: a post that waits for one, or whose reply may have been posted, is nothing to answer again."""

    def fails(event: Event) -> None:
        raise {"1": Temporary("later", retry_at=time.time() + 900), "2": Permanent("no")}[event.detail["Text"]]

    def unknown(event: Event) -> None:
        raise OutcomeUnknown("X is away.")

    def send(post: str, text: str) -> None:
        twitter = Twitter(tweet_id=post, user_id="7")
        bus.publish([entry(MessageReceived(text=text, author="a", summoned=True, twitter=twitter))])
        bus.publish([entry(SendTweet(text=text, reply_to_user_id="7", reply_to_tweet_id=post))])
        assert bus.drain(5)

    since = now()
    for handler, texts in ((fails, "12"), (unknown, "3")):
        with Bus(tmp_path / "bus.db", RULES) as bus:
            for rule in RULES:
                handle = handler if rule.name == "send-tweets" else lambda _: None
                bus.attach(rule.name, handle, retry=RetryPolicy(attempts=1))
            bus.start()
            for text in texts:
                send(f"100{text}", text)
    with History(tmp_path / "bus.db") as history:
        chosen = wanted(since, now())
        assert [tweet_of(each.event) for each in choose(history, chosen, "replay-1")] == ["1001", "1002", "1003"]
        replies = msgspec.structs.replace(chosen, with_replies=True)
        assert [tweet_of(each.event) for each in choose(history, replies, "with-replies-1")] == ["1002"]


def test_runs_to_its_end(platform: Platform) -> None:
    """It is found by its name and among the newest, with what was wanted."""
    chosen = platform.replays.fit(platform.happened(2))
    started = platform.replays.start(chosen, 2)
    until = time.monotonic() + 20
    while (found := platform.replays.named(started.name)) is not None and found.state == "running":
        assert time.monotonic() < until
    assert found is not None
    assert (found.state, found.share, found.wanted.rules) == ("done", 1.0, ["analyse-messages"])
    assert (found.wanted.since, found.wanted.until) == (chosen.since, chosen.until)
    assert (found.chosen, found.wanted.types) == (2, ["MESSAGE_RECEIVED"])
    assert found.name.startswith("replay-")
    assert platform.replays.newest(1)[0].name == found.name
    assert platform.replays.named("replay-nothing") is None


def test_is_cancelled(platform: Platform) -> None:
    """And cancelling it again changes nothing; what there is not, is not found."""
    slow = platform.going_on(platform.replays.fit(platform.happened(3)))
    assert slow.state == "running"
    assert slow.share < 1
    for _ in range(2):
        found = platform.replays.cancel(slow.name)
        assert found is not None
        assert found.state in {"cancelling", "cancelled"}
    assert platform.replays.cancel("replay-nothing") is None


def test_ctrl_c_cancels(platform: Platform, type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 130, and says how far the replay came."""
    chosen = platform.happened(3)
    slow = platform.going_on(platform.replays.fit(chosen))
    monkeypatch.setattr(type(platform.replays), "start", lambda *_: slow)
    monkeypatch.setattr(replays, "time", _Impatient())
    typed = type_("--since", "1h", "--to", "analyse-messages")
    assert typed.code == Exit.INTERRUPTED
    said = re.search(r"(replay-[^:]+): cancell(ed|ing)[ ,(]", typed.err)
    assert said, typed.err
    found = platform.replays.named(said[1])
    assert found is not None
    assert found.state in {"cancelling", "cancelled"}
    assert found.share < 1


class _Impatient:
    """Ctrl-C at the first wait."""

    def sleep(self, _: float) -> None:
        raise KeyboardInterrupt


def test_the_command_is_the_same(platform: Platform, type_: Type) -> None:
    """A dry run counts; then it runs, is listed and shown."""
    platform.happened(2)
    asked = ("--since", "1h", "--type", "message_received", "--to", "analyse-messages", "--json")
    dry = json.loads(type_(*asked, "--dry-run").out)
    assert (dry["replay"], dry["by_rule"]["analyse-messages"]) == (None, dry["events"])
    found = json.loads(type_(*asked).out)["replay"]
    assert found["state"] == "done"
    assert found["name"] in [each["name"] for each in json.loads(type_("list", "--json").out)]
    assert found["name"][:15] in type_("list").out
    assert json.loads(type_("show", found["name"], "--json").out)["name"] == found["name"]
    assert "analyse-messages" in type_("show", found["name"]).out
    assert type_("cancel", found["name"]).code == Exit.FAILED


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--since", "1h", "--to", "nowhere"], Exit.USAGE, "analyse-messages, alert-on-negative"),
        (["--since", "1h", "--type", "NOTHING"], Exit.USAGE, "MESSAGE_ANALYSED"),
        (["--since", "1h", "--until", "2h"], Exit.USAGE, "not after"),
        ([], Exit.USAGE, "Since when?"),
        (["show", "no-such-replay"], Exit.NOT_FOUND, "twbot replay list"),
        (["cancel", "no-such-replay"], Exit.NOT_FOUND, "twbot replay list"),
    ],
)
def test_says_what_is_wrong(type_: Type, arguments: list[str], code: Exit, said: str) -> None:
    """With what there is instead."""
    typed = type_(*arguments)
    assert typed.code == code
    assert said in " ".join(typed.err.split())


# What only AWS has


def test_eventbridge_is_asked_for_rules(aws: OnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of the stage's bus, from the stage's archive, under the name that carries the permission."""
    import botocore.client

    real, asked = botocore.client.BaseClient._make_api_call, []  # type: ignore[attr-defined]

    def noting(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        asked.extend([parameters] if operation == "StartReplay" else [])
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", noting)
    chosen = ReplayRequest(
        since=now() - datetime.timedelta(hours=2), until=now(), rules=["answer-texts", "send-tweets"], with_replies=True
    )
    found = aws.replays.start(aws.replays.fit(chosen), 5)
    (parameters,) = asked
    there = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{bus_name(aws.bot.config)}/twbot-prod-"
    assert parameters["Destination"] == {
        "Arn": aws.bus,
        "FilterArns": [f"{there}answer-texts", f"{there}send-tweets"],
    }
    assert parameters["EventSourceArn"] == aws.archive
    assert parameters["ReplayName"].startswith("with-replies-")
    assert (found.wanted.rules, found.wanted.with_replies, found.chosen) == (chosen.rules, True, 5)


def test_without_rules_it_is_all_of_ours(aws: OnAws) -> None:
    """And of nobody else's on the bus; rules that answer take nothing of it without replies."""
    chosen = aws.replays.fit(ReplayRequest(since=now() - datetime.timedelta(hours=2), until=now()))
    assert chosen.rules == [rule.name for rule in RULES]
    aws.counts({"SEND_TWEET": 4, "MESSAGE_ANALYSED": 3, "TWITTER_TWEETED": 2})
    found = aws.replays.count(chosen)
    assert found.events == 9
    assert found.by_rule == {
        "log-every-event": 9,
        "alert-on-negative": 3,
        "notify-on-negative": 3,
        "keep-every-event": 9,
    }
    only = aws.replays.fit(msgspec.structs.replace(chosen, rules=["send-tweets"]))
    assert aws.replays.count(only).events == 0
    assert aws.replays.count(msgspec.structs.replace(only, with_replies=True)).by_rule == {"send-tweets": 4}


def test_asks_before_it_may_reply(aws: OnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Naming the stage."""
    aws.counts({"SEND_TWEET": 4})
    arguments = ["replay", "--since", "1h", "--to", "send-tweets", "--with-replies", "--json", "--stage", "prod"]
    assert run(arguments) == Exit.USAGE
    assert "The bot of the stage prod will reply on X to what 4 events ask for" in capsys.readouterr().err
    assert run([*arguments, "--yes"]) == 0
    assert json.loads(capsys.readouterr().out)["replay"]["name"].startswith("with-replies-")


def test_need_not_be_waited_for(
    aws: OnAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on, and what to type to see it is said."""
    aws.counts({"MESSAGE_RECEIVED": 4})
    slow = aws.going_on(aws.replays.fit(ReplayRequest(since=now() - datetime.timedelta(hours=1), until=now())))
    monkeypatch.setattr(type(aws.replays), "start", lambda *_: slow)
    assert run(["replay", "--since", "1h", "--detach", "--stage", "prod"]) == 0
    said = capsys.readouterr()
    assert f"{slow.name}: running" in said.out
    assert f"twbot replay show {slow.name} --stage prod" in said.err


def test_another_s_replays_are_not_ours(aws: OnAws) -> None:
    """Of another archive: neither listed nor found; without our description they are told all the same."""
    events = aws.bot.client("events")
    bus = events.create_event_bus(Name="another")["EventBusArn"]
    archive = events.create_archive(ArchiveName="other", EventSourceArn=bus)["ArchiveArn"]
    for name, source, to in (("theirs", archive, bus), ("by-hand", aws.archive, aws.bus)):
        window = {"EventStartTime": now() - datetime.timedelta(hours=1), "EventEndTime": now()}
        events.start_replay(ReplayName=name, EventSourceArn=source, Destination={"Arn": to}, **window)
    assert [(each.name, each.chosen) for each in aws.replays.newest(10)] == [("by-hand", None)]
    assert aws.replays.named("theirs") is None


def test_progress_is_time_s(aws: OnAws) -> None:
    """EventLastReplayedTime between both ends; its states in our words."""
    since = datetime.datetime(2026, 11, 23, 8, tzinfo=datetime.UTC)
    found = {
        "ReplayName": "replay-1",
        "State": "RUNNING",
        "EventStartTime": since,
        "EventEndTime": since + datetime.timedelta(hours=4),
        "EventLastReplayedTime": since + datetime.timedelta(hours=1),
        "ReplayStartTime": since,
    }
    from twbot.cli.operations.replays.aws_records import STATES, replay_in

    made = replay_in(found, aws.bot.config)
    assert (made.state, made.share, made.replayed) == ("running", 0.25, None)
    assert replay_in(found | {"State": "FAILED", "StateReason": "why"}, aws.bot.config).error == "why"
    shape = aws.bot.client("events").meta.service_model.shape_for("ReplayState")
    assert set(STATES) == set(shape.enum)


def test_what_is_not_told_exactly_is_said(aws: OnAws) -> None:
    """That it is the log's count, what log and archive have no more, and what may not be in the archive yet."""
    aws.counts({"TWEET_SENT": 1}, log_days=7)
    chosen = aws.replays.fit(ReplayRequest(since=now() - datetime.timedelta(days=40), until=now()))
    notes = " ".join(aws.replays.count(chosen).notes)
    for words in ("archive keeps events for 30 days", "log keeps events for 7 days", "ten minutes into the archive"):
        assert words in notes
    aws.counts({"TWEET_SENT": 1})
    chosen = msgspec.structs.replace(chosen, since=now() - datetime.timedelta(days=1))
    chosen = msgspec.structs.replace(chosen, until=now() - datetime.timedelta(hours=1))
    assert len(aws.replays.count(chosen).notes) == 1


def test_ten_at_once(aws: OnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """EventBridge's limit, in words."""
    import botocore.client

    real = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def full(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "StartReplay":
            raise client.exceptions.LimitExceededException({"Error": {"Code": "LimitExceededException"}}, operation)
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", full)
    with pytest.raises(AwsError, match="ten replays"):
        aws.replays.start(aws.replays.fit(ReplayRequest(since=now() - datetime.timedelta(hours=1), until=now())), 0)


def test_one_that_is_over_is_not_cancelled(aws: OnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it was running a moment ago: it stays done."""
    import botocore.client

    done = aws.replays.start(aws.replays.fit(ReplayRequest(since=now() - datetime.timedelta(hours=1), until=now())), 0)
    real = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def over(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "CancelReplay":
            raise ClientError({"Error": {"Code": "IllegalStatusException", "Message": "over"}}, operation)
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", over)
    found = aws.replays.cancel(done.name)
    assert found is not None
    assert found.state == "done"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "5"], "sets the pace"),
        (
            ["--type", "TWEET_SENT"],
            "none takes TWEET_SENT only. By type there are: MESSAGE_RECEIVED (to analyse-messages)",
        ),
        (
            ["--type", "SEND_TWEET", "--to", "keep-every-event"],
            "these take other events, too: keep-every-event. By type there are: MESSAGE_RECEIVED (to",
        ),
    ],
)
def test_what_eventbridge_cannot(
    aws: OnAws, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Is refused before anything is asked, with what can be chosen."""
    assert run(["replay", "--since", "1h", "--stage", "prod", *arguments]) == Exit.USAGE
    assert said in " ".join(capsys.readouterr().err.split())


KINDS = sorted({kind for rule in RULES for kind in rule.types or []} | {"TWEET_SENT", "TWITTER_TWEETED"})


@given(
    st.lists(st.sampled_from(KINDS), unique=True), st.lists(st.sampled_from([each.name for each in RULES]), unique=True)
)
def test_only_what_is_wanted_is_replayed(types: list[str], rules: list[str]) -> None:
    """Whatever is chosen: no rule that was not, and with types none that takes another; or it is refused."""
    chosen = ReplayRequest(since=now() - datetime.timedelta(hours=1), until=now(), types=types, rules=rules)
    try:
        fit = supported_request(chosen)
    except UnsupportedReplay:
        assert types
        return
    assert fit.rules
    assert set(fit.rules) <= {rule.name for rule in rules_named(rules)}
    if types:
        assert all(set(rule.types or ["any"]) <= set(types) for rule in rules_named(fit.rules))


def test_replies_only_where_egress_remembers() -> None:
    """Older posts could be answered twice."""
    old = ReplayRequest(since=now() - datetime.timedelta(days=31), until=now(), with_replies=True)
    with pytest.raises(UnsupportedReplay, match="30 days"):
        supported_request(old)
    assert supported_request(msgspec.structs.replace(old, with_replies=False))


def test_a_description_fits() -> None:
    """EventBridge takes 512 characters."""
    long = Description(events=3, types=["TWITTER_PERMISSION_REVOKED"] * 40)
    assert len(long.text()) <= 512
    assert msgspec.json.decode(long.text(), type=Description) == Description(events=3)
