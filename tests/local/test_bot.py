"""The bot of one machine: what handles each rule's events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.instant_models import Instant
from twbot.lambdas.settings import Settings
from twbot.lambdas.wiring import RULES, Rule
from twbot.local import bot as bot_module
from twbot.local.bot import Bot
from twbot.local.bus.routes import NotAttached
from twbot.local.data_folder import DataFolder


def test_a_rule_that_nothing_handles_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the rule and where its handler belongs; the data folder is free again."""
    new = Rule("coffee", "brew-coffee", {"detail-type": ["COFFEE_ORDERED"]}, "kettle")
    monkeypatch.setattr(bot_module, "RULES", (*RULES, new))
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
