"""What a rule of a bot's folder is about, and which types it takes."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.bot_folders import make_bot
from twbot.cli.operations.replays.aws_rules import UnsupportedReplay, supported_request
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.records import OwnRule
from twbot.lambdas.replays import ReplayRequest
from twbot.lambdas.wiring import any_of, leads_to_reply, own_rule, rules
from twbot.local.bus.patterns import compile_pattern

TYPES = ("MESSAGE_ANALYSED", "ORDER_ASKED", "TWITTER_TWEETED")


@pytest.mark.parametrize(
    ("when", "taken"),
    [
        ({"source": ["BOT"]}, {"MESSAGE_ANALYSED"}),
        ({"detail-type": ["ORDER_ASKED"]}, {"ORDER_ASKED"}),
        ({"detail-type": [{"prefix": "TWITTER_"}]}, {"TWITTER_TWEETED"}),
        ({"detail-type": [{"anything-but": "ORDER_ASKED"}]}, {"MESSAGE_ANALYSED", "TWITTER_TWEETED"}),
        (
            {"$or": [{"detail-type": ["ORDER_ASKED"]}, {"detail-type": ["TWITTER_TWEETED"]}]},
            {"ORDER_ASKED", "TWITTER_TWEETED"},
        ),
        ({"$or": [{"source": ["BOT"]}, {"source": ["X"]}]}, {"MESSAGE_ANALYSED"}),
        (
            {"$or": [{"$or": [{"detail-type": ["ORDER_ASKED"]}, {"source": ["Y"]}]}, {"source": ["X"]}]},
            {"ORDER_ASKED"},
        ),
    ],
)
def test_a_pattern_that_names_types_anywhere_is_about_those(when: dict[str, Any], taken: set[str]) -> None:
    """Also in the alternatives of $or; without any it is about MESSAGE_ANALYSED."""
    rule = own_rule(OwnRule(name="mine", when=when, run="bot.code:f"))
    matches = compile_pattern(rule.pattern)
    assert {each for each in TYPES if matches({"source": "BOT", "detail-type": each, "detail": {}})} == taken
    # What a rule is said to take is never less than what it takes.
    assert rule.types is None or taken <= set(rule.types)


@pytest.mark.parametrize("kind", ['{ prefix = "TWITTER_" }', '{ anything-but = "SEND_TWEET" }', '"SEND_TWEET"'])
def test_rules_whose_types_are_a_pattern_can_be_replayed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They count among those that take other events, too."""
    toml = f'[[rules]]\nname = "mine"\nwhen = {{ detail-type = [{kind}] }}\nrun = "bot.code:f"\nreplays = true\n'
    make_bot(tmp_path, monkeypatch, twbot_toml=toml)
    (mine,) = (rule for rule in rules() if rule.name == "mine")
    assert leads_to_reply(mine)
    now = datetime.datetime.now(datetime.UTC)
    day = ReplayRequest(since=now - datetime.timedelta(days=1), until=now, types=["MESSAGE_RECEIVED"])
    assert "mine" not in supported_request(day).rules
    with pytest.raises(UnsupportedReplay):
        supported_request(msgspec.structs.replace(day, types=["NOT_THERE"]))


@pytest.mark.parametrize(
    "pattern",
    [{"detail-type": ["TWEET_SENT"]}, {"$or": [{"detail-type": ["TWEET_SENT"]}, {"source": ["BOT"]}]}],
)
def test_alerts_are_about_analysed_messages(pattern: dict[str, Any]) -> None:
    with pytest.raises(TwbotError, match="MESSAGE_ANALYSED"):
        any_of([pattern])


def test_a_step_takes_a_minute_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workflow has five for all that it does, and a message that takes longer is lost."""
    toml = '[[steps]]\nname = "Slow"\nof = "text"\nrun = "bot.code:f"\ntimeout = 61\n'
    make_bot(tmp_path, monkeypatch, twbot_toml=toml)
    with pytest.raises(TwbotError, match=r"timeout.*60"):
        rules()
