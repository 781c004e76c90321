"""Log groups of a stage: read page by page, followed without a gap or a double, asked only what was checked."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as some
from moto import mock_aws

from tests.support.logging_stage import LoggingStage
from twbot.cli.operations.aws_errors import AwsError, NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.events.aws import AwsLiveEvents
from twbot.cli.operations.logs.aws import AwsLogs
from twbot.cli.operations.logs.aws_log_groups import BACKOFF, POLL_INTERVAL, LogFollower, LogReader, type_pattern
from twbot.cli.operations.logs.records import LogFilter
from twbot.lambdas.contracts import Event
from twbot.stacks.names import event_log_name

GROUP = "/twbot/prod/egress"


class Clock:
    """Waits for nothing, and knows for how long."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.then: Callable[[float], None] | None = None

    def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)
        if self.then and seconds >= POLL_INTERVAL:
            self.then(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsBot]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    file = tmp_path / "twbot.toml"
    file.write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    with mock_aws():
        yield AwsBot("prod", file=file)


@pytest.fixture
def stage(bot: AwsBot) -> LoggingStage:
    return LoggingStage(bot)


@pytest.fixture
def stubbed(bot: AwsBot, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """What moto never answers: an empty page with more behind it, throttling, refusals."""
    client = bot.client("logs")
    stubber = Stubber(client)
    monkeypatch.setattr(bot, "client", lambda _: client)
    stubber.activate()
    return stubber


def page(*texts: str, token: str | None = None) -> dict[str, Any]:
    events = [{"eventId": text, "timestamp": 1000, "message": text} for text in texts]
    return {"events": events, **({"nextToken": token} if token else {})}


def test_reads_every_page(bot: AwsBot, stubbed: Stubber, clock: Clock) -> None:
    """Also past one with nothing in it; and no faster than five a second."""
    asked = {"logGroupName": GROUP, "startTime": 1000, "endTime": 2000, "filterPattern": '"7"'}
    stubbed.add_response("filter_log_events", page("a", token="2"), asked)
    stubbed.add_response("filter_log_events", page(token="3"), asked | {"nextToken": "2"})
    stubbed.add_response("filter_log_events", page("b"), asked | {"nextToken": "3"})
    read = LogReader(bot, wait=clock).read(GROUP, since=1, until=2, pattern='"7"')
    assert [line.text for line in read] == ["a", "b"]
    assert len(clock.waited) == 2
    assert all(0.1 < each <= 0.2 for each in clock.waited)


def test_waits_longer_where_aws_throttles(bot: AwsBot, stubbed: Stubber, clock: Clock) -> None:
    """Then goes on; and ends with words where it does not get better."""
    stubbed.add_client_error("filter_log_events", "ThrottlingException", "Rate exceeded", 400)
    stubbed.add_response("filter_log_events", page("a"))
    reader = LogReader(bot, wait=clock)
    assert [line.text for line in reader.read(GROUP, since=0)] == ["a"]
    assert clock.waited[0] == BACKOFF[0]
    for _ in range(len(BACKOFF) + 1):
        stubbed.add_client_error("filter_log_events", "ThrottlingException", "Rate exceeded", 400)
    with pytest.raises(AwsError, match="throttles"):
        list(reader.read(GROUP, since=0))


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        ("AccessDeniedException", "User: x is not authorized to perform: logs:FilterLogEvents on", "logs:FilterLogEv"),
        ("ExpiredTokenException", "", "expired"),
        ("UnrecognizedClientException", "", "does not know these credentials"),
    ],
)
def test_refusals_have_words(bot: AwsBot, stubbed: Stubber, code: str, said: str, words: str) -> None:
    """Which permission is missing, or that the login is over."""
    stubbed.add_client_error("filter_log_events", code, said, 400)
    with pytest.raises(AwsError, match=words):
        list(LogReader(bot).read(GROUP, since=0))


def test_a_group_that_is_not_there(bot: AwsBot) -> None:
    """Nothing was logged yet; or, where the stage cannot be without it, the stage is not deployed."""
    assert list(LogReader(bot).read(GROUP, since=0)) == []
    with pytest.raises(NotDeployed, match=GROUP):
        list(LogReader(bot).read(GROUP, since=0, needed=True))
    with pytest.raises(NotDeployed, match="/aws/events/twbot-prod"):
        next(AwsLiveEvents(bot).events())


def test_follows_what_comes_late(stage: LoggingStage, clock: Clock) -> None:
    """Each line once, also one whose time is before that of a line shown already."""
    now = time.time()
    following = LogFollower(LogReader(stage.bot, wait=clock), [GROUP, "/twbot/prod/text"], since=now - 120)
    assert following.poll() == []
    stage.put(GROUP, [(now - 30, "first"), (now - 10, "second")])
    assert [line.text for line in following.poll()] == ["first", "second"]
    stage.put(GROUP, [(now - 121, "before we began"), (now - 20, "late"), (now - 10, "same time")])
    stage.put("/twbot/prod/text", [(now - 15, "elsewhere, and new")])
    assert [line.text for line in following.poll()] == ["late", "elsewhere, and new", "same time"]
    assert following.poll() == []


def test_does_not_read_the_whole_past_at_each_look(
    bot: AwsBot, stubbed: Stubber, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a minute before the newest line, and from ten minutes ago where nothing comes."""
    monkeypatch.setattr("twbot.cli.operations.logs.aws_log_groups.time.time", lambda: 10_000.0)
    following = LogFollower(LogReader(bot, wait=clock), [GROUP], since=1_000)
    line = {"eventId": "1", "timestamp": 9_900_000, "message": "x"}
    stubbed.add_response("filter_log_events", {"events": []}, {"logGroupName": GROUP, "startTime": 1_000_000})
    stubbed.add_response("filter_log_events", {"events": [line]}, {"logGroupName": GROUP, "startTime": 9_400_000})
    stubbed.add_response("filter_log_events", {"events": []}, {"logGroupName": GROUP, "startTime": 9_840_000})
    assert [len(following.poll()) for _ in range(3)] == [0, 1, 0]
    stubbed.assert_no_pending_responses()


def test_the_bus_live(stage: LoggingStage, clock: Clock) -> None:
    """Each event once, however often EventBridge logs it; what a replay brings back is another."""
    now = datetime.datetime.now(datetime.UTC)
    at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    first = Event(id="1", source="BOT", time=at, detail={}, detail_type="SEND_TWEET")
    again = Event(id="1", source="BOT", time=at, detail={}, detail_type="SEND_TWEET", replay_name="r")
    for each in (first, first, again):
        stage.event(each)
    stage.put(event_log_name(stage.bot.config), [(now.timestamp(), "no event")])
    events = AwsLiveEvents(stage.bot, wait=clock).events(since=now - datetime.timedelta(seconds=5))
    assert [next(events).replay_name for _ in range(2)] == [None, "r"]
    stage.event(Event(id="2", source="BOT", time=at, detail={}, detail_type="TWEET_SENT"))
    assert next(events).id == "2"


def test_the_bus_from_now_on(bot: AwsBot, stubbed: Stubber, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the beginning of this second: EventBridge tells the time of what comes in it so."""
    monkeypatch.setattr("twbot.cli.operations.events.aws.time.time", lambda: 1234.9)
    body = '{"id":"1","source":"BOT","time":"","detail":{},"detail-type":"TWEET_SENT"}'
    asked = {"logGroupName": "/aws/events/twbot-prod", "startTime": 1_234_000}
    stubbed.add_response("filter_log_events", page(body), asked)
    assert next(AwsLiveEvents(bot, wait=clock).events()).id == "1"


def test_asks_only_for_the_types(bot: AwsBot, stubbed: Stubber, clock: Clock) -> None:
    """By a filter pattern: AWS sends the others not even here."""
    asked = {
        "logGroupName": "/aws/events/twbot-prod",
        "startTime": 0,
        "filterPattern": '{ $.detail-type = "SEND_TWEET" || $.detail-type = "TWEET_SENT" }',
    }
    body = '{"id":"1","source":"BOT","time":"","detail":{},"detail-type":"TWEET_SENT"}'
    stubbed.add_response("filter_log_events", page(body), asked)
    since = datetime.datetime.fromtimestamp(0, datetime.UTC)
    found = AwsLiveEvents(bot, wait=clock).events(since=since, types={"TWEET_SENT", "SEND_TWEET"})
    assert next(found).detail_type == "TWEET_SENT"


@given(some.lists(some.text(max_size=80)))
def test_nothing_of_a_user_s_gets_into_a_pattern(types: list[str]) -> None:
    """But names that can be types'; else there is no pattern, and we filter here."""
    pattern = type_pattern(types)
    assert set(pattern) <= set('{}$.|=" -detailtype_ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    assert pattern.count('"') in {0, 2 * len(types)}


@pytest.mark.parametrize("types", [[], ['X" || $.a = "'], ["SEND_TWEET", "*"], ["A" * 60] * 20])
def test_no_pattern_at_all(types: list[str]) -> None:
    """For no types, for what is none, and for more than AWS takes."""
    assert type_pattern(types) == ""


def test_the_log_live(stage: LoggingStage, clock: Clock) -> None:
    """Of all functions, from now on: a function that logs for the first time, too."""
    log = AwsLogs(stage.bot, wait=clock).follow(LogFilter(level="WARNING"))
    stage.line("egress", {"level": "ERROR", "message": "of old"}, at=time.time() - 60)
    late = time.time() + 5

    def logs_something(seconds: float) -> None:
        stage.line("egress", {"level": "INFO", "message": "quiet"}, at=late)
        stage.line("text", {"level": "ERROR", "message": "loud"}, at=late)

    clock.then = logs_something
    line = next(log)
    assert (line["message"], line["function"], line["logger"]) == ("loud", "text", "twbot.responding")


def test_filters_a_post_where_its_id_is_one(bot: AwsBot, stubbed: Stubber, clock: Clock) -> None:
    """By a phrase; what is no id is never sent, and matches nothing."""
    ours = '{"level": "INFO", "message": "a", "correlation_id": "12"}'
    start = datetime.datetime.fromtimestamp(1, datetime.UTC)
    asked = {"logGroupName": "/twbot/prod/egress", "startTime": 1000}
    stubbed.add_response("filter_log_events", page(ours, "about 12"), asked | {"filterPattern": '"12"'})
    stubbed.add_response("filter_log_events", page(ours), asked)
    log = AwsLogs(bot, wait=clock)
    assert [line["message"] for line in log.lines(LogFilter(service="egress", tweet_id="12", since=start))] == ["a"]
    assert list(log.lines(LogFilter(service="egress", tweet_id='1" ?"2', since=start))) == []
