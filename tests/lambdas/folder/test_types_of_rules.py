"""Which types of events a rule of a bot's folder takes, where its pattern has more than names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.bot_folders import make_bot
from twbot.cli.main import run
from twbot.lambdas.replays import reaching_people
from twbot.lambdas.wiring import caused_by, own_rules, rules, rules_named

TABLE = """
[[rules]]
name = "mine"
when = {when}
run = "bot.a:b"
replays = true
"""
NAMED = '{ detail-type = ["SEND_TWEET"] }'
PREFIX = '{ detail-type = [{ prefix = "SEND_" }] }'
OTHER = '{ detail-type = [{ anything-but = ["SEND_TWEET"] }] }'
RAW = '{ detail-type = [{ prefix = "TWITTER_" }] }'
EITHER = '{ "$or" = [{ detail-type = ["TWEET_SENT"] }, { detail-type = ["SEND_TWEET"] }] }'


@pytest.mark.parametrize(
    ("when", "types", "takes"),
    [
        (NAMED, ["SEND_TWEET"], True),
        (PREFIX, None, True),
        (OTHER, None, True),  # what is not matched here may be taken
        (RAW, None, False),
        (EITHER, None, True),
        ("{ detail = { Text = [{ exists = true }] } }", ["MESSAGE_ANALYSED"], False),
    ],
)
def test_types(when: str, types: object, takes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are told; of all else it is asked whether the rule may take a type. A `$or` may say the types, too."""
    make_bot(tmp_path, monkeypatch, twbot_toml=TABLE.replace("{when}", when))
    (rule,) = own_rules()
    assert rule.types == types
    assert rule.may_take("SEND_TWEET") is takes
    assert (rule in caused_by(rules_named(["answer-texts"])[0])) is takes


@pytest.mark.parametrize("when", [NAMED, PREFIX, OTHER, RAW, EITHER])
def test_a_rule_that_takes_what_it_causes(when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a replay reaches is counted to its end, and the rules are drawn and listed."""
    make_bot(tmp_path, monkeypatch, twbot_toml=TABLE.replace("{when}", when))
    assert reaching_people({rule.name: 1 for rule in rules()}, with_replies=True)["mine"] >= 1
    assert run(["rules", "list"]) == 0


@pytest.mark.parametrize(("when", "label"), [(RAW, "TWITTER_*"), (OTHER, "{'anything-but':['SEND_TWEET']}")])
def test_the_diagram(
    when: str, label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A prefix is written as people write it, and nothing ends the label of the arrow."""
    make_bot(tmp_path, monkeypatch, twbot_toml=TABLE.replace("{when}", when))
    assert run(["rules", "diagram"]) == 0
    assert f'|"mine: {label}"|' in capsys.readouterr().out
