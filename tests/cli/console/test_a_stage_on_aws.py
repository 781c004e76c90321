"""The operators' pages about a stage on AWS: by the same ports as the commands, and what is slow when somebody asks.

moto is AWS: its filter patterns in braces match every line, and it counts no metrics by itself.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from tests.support.console import Visitor, served_console, text_of
from tests.support.dead_letter_stage import LetterStage
from tests.support.logging_stage import LoggingStage
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Entry, Event, new_event
from twbot.stacks.names import bus_name

REPLY = {"Text": "<b>Hello</b>", "ReplyToUserId": "5", "ReplyToTweetId": "1234"}


class Stage:
    """A stage, the calls that were made to it, and somebody who looks at its console."""

    def __init__(self, visitor: Visitor, letters: LetterStage, log: LoggingStage, calls: list[str]) -> None:
        self.visitor, self.letters, self.log, self.calls = visitor, letters, log, calls


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    Path("twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.logs.aws_log_groups.MIN_CALL_INTERVAL", 0.0)
    calls: list[str] = []
    real = AwsBot.client

    def client(bot: AwsBot, name: str) -> Any:
        found = real(bot, name)
        found.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        return found

    with mock_aws():
        bot = AwsBot("prod")
        letters, log = LetterStage(bot), LoggingStage(bot)
        log.create("/aws/events/twbot-prod")
        bus = bot.client("events").describe_event_bus(Name=bus_name(bot.config))["Arn"]
        bot.client("events").create_archive(ArchiveName="kept", EventSourceArn=bus)
        monkeypatch.setattr(AwsBot, "output", lambda *_: "kept")
        with served_console(Target("prod")) as info:
            visitor = Visitor(info)
            monkeypatch.setattr(AwsBot, "client", client)
            yield Stage(visitor, letters, log, calls)


def event(kind: str, **detail: Any) -> Event:
    return new_event(
        Entry(source="BOT", detail_type=kind, detail={**REPLY, **detail}), datetime.datetime.now(datetime.UTC)
    )


def test_the_bus_from_the_log(stage: Stage) -> None:
    """The newest lines, and each event by itself."""
    sent = event("SEND_TWEET")
    stage.log.event(sent)
    page = stage.visitor.get("/bus", type="SEND_TWEET")
    assert "&lt;b&gt;Hello" in page.text
    assert "twbot tail --type SEND_TWEET --stage prod" in text_of(page)
    assert sent.id in text_of(stage.visitor.get(f"/bus/{sent.id}", at=sent.time))


def test_dead_letters_are_read_when_somebody_asks(stage: Stage) -> None:
    """Reading hides them from other readers; before that the metrics say how many there are about."""
    letter = stage.letters.undelivered("send-tweets", event("SEND_TWEET"))
    stage.calls.clear()
    first = stage.visitor.get("/failures")
    assert "ReceiveMessage" not in stage.calls
    assert 'data-poll="5000"' not in first.text
    assert "Read them" in text_of(first)
    assert re.search(r"NO_PERMISSIONS|not authorized", text_of(stage.visitor.get("/failures", read="1")))
    shown = text_of(stage.visitor.get(f"/failures/letter/{letter}", rule="send-tweets"))
    assert f"twbot dlq show {letter} --stage prod" in shown
    asked = stage.visitor.get("/failures/confirm", do="redrive", letter=letter)
    assert "1 dead letter will be delivered again" in text_of(asked)
    assert not stage.letters.tweets()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    page = stage.visitor.post("/failures/work", **fields)
    until = time.monotonic() + 30
    while "1 of 1 dead letters delivered again," not in text_of(page):  # SQS's queues take a while
        assert time.monotonic() < until
        page = stage.visitor.get("/failures")
    assert len(stage.letters.tweets()) == 1
    assert stage.letters.left("egress") == 0


def test_all_are_forgotten_at_once(stage: Stage) -> None:
    """Also those that nobody could see: they were counted in."""
    stage.letters.undelivered("send-tweets", event("SEND_TWEET"))
    stage.letters.hide_all("egress")
    stage.letters.undelivered("keep-every-event", event("SEND_TWEET"))
    asked = stage.visitor.get("/failures/confirm", do="purge")
    assert "Among them are about 1 that were not seen" in text_of(asked) or "2 dead letters" in text_of(asked)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    assert "dead letters forgotten" in text_of(stage.visitor.post("/failures/work", **fields))
    assert stage.letters.left("analytics") == 0


def test_what_ended_without_a_reply_is_read_when_somebody_asks(stage: Stage) -> None:
    stage.log.event(event("TWEET_WITHHELD", Reason="paused", Explanation="Replies are paused."))
    assert "Replies are paused" not in text_of(stage.visitor.get("/failures"))
    assert re.search(r"TWEET_WITHHELD paused 1 ", text_of(stage.visitor.get("/failures", day="1")))


def test_rules_as_they_are_deployed(stage: Stage) -> None:
    """What is switched off there says so on the map and in the list; nothing is asked again by itself."""
    stage.letters.bot.client("events").disable_rule(
        Name="twbot-prod-send-tweets", EventBusName=bus_name(stage.letters.bot.config)
    )
    page = stage.visitor.get("/rules")
    assert text_of(page).count("switched off") == 2
    assert "there, switched on" in text_of(page)
    assert re.search(r'id="map" data-poll=""', page.text)


def test_replays_of_a_stage(stage: Stage) -> None:
    assert "There were none" in text_of(stage.visitor.get("/replays"))
    started = stage.visitor.post("/replays/start", since="2026-11-01T10:00Z", to="keep-every-event", events="3")
    assert "has begun" in text_of(started)
    assert "keep-every-event" in text_of(stage.visitor.get("/replays"))


def test_a_stage_that_is_not_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page says so, and what to type."""
    monkeypatch.chdir(tmp_path)
    Path("twbot.toml").write_text('[stages.prod.aws]\nregion = "eu-west-1"\n')
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr("twbot.cli.operations.logs.aws_log_groups.MIN_CALL_INTERVAL", 0.0)
    with mock_aws(), served_console(Target("prod")) as info:
        visitor = Visitor(info)
        for path in ("/bus", "/rules", "/failures?read=1", "/failures?day=1"):
            page = visitor.session.get(visitor.url(path), timeout=30)
            assert page.status_code >= 400, path
            assert "twbot deploy --stage prod" in text_of(page), path
