"""The bot of one machine: what handles each rule's events."""

from __future__ import annotations

import datetime
import errno
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.instant_models import Instant
from twbot.lambdas.contracts import Entry, Event, new_event
from twbot.lambdas.errors import Temporary
from twbot.lambdas.ingress.post import Wording
from twbot.lambdas.settings import Settings
from twbot.lambdas.wiring import RULES, Rule
from twbot.local import bot as bot_module
from twbot.local.adapters.models import Task
from twbot.local.bot import Bot
from twbot.local.bus.history import History
from twbot.local.bus.routes import NotAttached
from twbot.local.data_folder import DataFolder
from twbot.local.database import StorageError
from twbot.local.workflow.recovery import Retrier


def test_a_rule_that_nothing_handles_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the rule and where its handler belongs; the data folder is free again."""
    new = Rule("coffee", "brew-coffee", {"detail-type": ["COFFEE_ORDERED"]}, "kettle")
    monkeypatch.setattr(bot_module, "rules", lambda: (*RULES, new))
    bot = Bot(DataFolder(tmp_path / "data"), Settings(), analysers=Instant)
    try:
        with pytest.raises(NotAttached, match=r"attached to brew-coffee: .*Bot\._handlers in local/bot\.py"):
            bot.start()
    finally:
        bot.stop()
    monkeypatch.undo()
    again = Bot(DataFolder(tmp_path / "data"), Settings(), analysers=Instant)
    again.start()
    assert again.stop()


class Faulty(Instant):
    """Analysers of a machine that has no file handle left."""

    fault: Exception = OSError(errno.EMFILE, "Too many open files")

    def tasks(self) -> dict[str, Task]:
        def fail(_: object) -> NoReturn:
            raise self.fault

        return super().tasks() | {"aws-sdk:comprehend:detectSentiment": fail}


def received(text: str = "hello") -> Event:
    detail = {"Text": text, "Author": "ada", "Summoned": True, "Language": "en"}
    detail["Twitter"] = {"TweetId": "7", "UserId": "8"}
    entry = Entry(source="BOT", detail_type="MESSAGE_RECEIVED", detail=detail)
    return new_event(entry, datetime.datetime.now(datetime.UTC))


def published(home: DataFolder) -> list[str]:
    with History(home.bus) as history:
        return [event.detail_type for event in history.events()]


def test_a_fault_of_this_machine_fails_the_delivery(tmp_path: Path) -> None:
    """The bus delivers the message again, and keeps it as a dead letter at last; it is no ANALYSIS_FAILED."""
    home = DataFolder(tmp_path / "data")
    bot = Bot(home, Settings(), analysers=Faulty)
    try:
        with pytest.raises(Temporary, match="Too many open files"):
            bot._handlers()["workflow"].handle(received())
        assert published(home) == []
    finally:
        bot.stop()


def test_what_the_bus_does_not_take_fails_the_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workflow's last resort: the delivery ends with the reason, and the bus tries it again."""
    bot = Bot(DataFolder(tmp_path / "data"), Settings(), analysers=Instant)

    def refuse(_: object) -> NoReturn:
        raise StorageError("bus.db is damaged")

    monkeypatch.setattr(bot.bus, "publish", refuse)
    monkeypatch.setattr(Retrier, "delay", lambda *_: 0.0)
    try:
        with pytest.raises(Temporary, match=r"StorageError: .*bus\.db is damaged"):
            bot._handlers()["workflow"].handle(received())
    finally:
        bot.stop()


def test_a_long_text_is_understood(tmp_path: Path) -> None:
    """25,000 characters reach the detectors as 5,000 bytes, and the bus as they are."""
    home, text = DataFolder(tmp_path / "data"), "I am angry. " + "語" * 24_988
    bot = Bot(home, Settings(), analysers=Instant)
    try:
        bot._handlers()["workflow"].handle(received(text))
    finally:
        bot.stop(0)  # nothing was started that would handle what was published
    with History(home.bus) as history:
        (event,) = history.events()
    assert (event.detail["Text"], event.detail["Analysis"]["TextSentiment"]) == (text, "NEGATIVE")


@pytest.mark.parametrize("character", ["語", "😀", "\x01", '"'])
def test_the_longest_text_that_ingress_keeps_is_analysed(tmp_path: Path, character: str) -> None:
    """Whatever JSON needs for its characters."""
    home = DataFolder(tmp_path / "data")
    bot = Bot(home, Settings(), analysers=Instant)
    try:
        bot._handlers()["workflow"].handle(received(Wording(text=f"I am angry. {character * 60_000}").typed))
    finally:
        bot.stop(0)  # nothing was started that would handle what was published
    assert published(home) == ["MESSAGE_ANALYSED"]
