"""Names in a bot's folder that two cannot have."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import VARIABLE
from twbot.lambdas.wiring import rules

RULE = '[[rules]]\nname = "{name}"\nwhen = {{}}\nrun = "bot.crm:ticket"\n'
STEP = '[[steps]]\nname = "{name}"\nof = "{of}"\nrun = "bot.crm:score"\n'


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (RULE.format(name="crm") * 2, "crm is taken"),
        (RULE.format(name="send-tweets"), "send-tweets is taken by a rule of twbot"),
        (STEP.format(name="Tone", of="text") + STEP.format(name="Tone", of="image"), "Tone is taken"),
    ],
)
def test_a_name_is_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: str, says: str) -> None:
    """On either platform it names a rule, a function and a log: the second would take the first one's place."""
    (tmp_path / "twbot.toml").write_text(toml)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(TwbotError, match=says):
        rules()


def test_other_names_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twbot.toml").write_text(
        RULE.format(name="a-1b") + RULE.format(name="a1-b") + STEP.format(name="Tone", of="text")
    )
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert [rule.name for rule in rules() if rule.service == "own"] == ["a-1b", "a1-b"]
