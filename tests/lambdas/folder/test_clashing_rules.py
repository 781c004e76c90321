"""Rules of a bot's folder that could not be told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.wiring import RULES, rules

RUN = 'run = "bot.code:f"'


def table(name: str, *lines: str) -> str:
    return "\n".join(["[[rules]]", f'name = "{name}"', "when = {}", *lines, ""])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((table(rule.name, RUN), f"two rules {rule.name}") for rule in RULES),
        (table("a", RUN) * 2, "two rules a"),
        (table("a"), "needs `run` or `to`"),
        (table("a", RUN, 'to = "https://a.example"'), "not both"),
        (table("a", 'to = "http://a.example"'), "https:// address or an ARN"),
        ('[[steps]]\nname = "A"\nof = "text"\nrun = "bot.code:f"\n' * 2, "two steps A"),
        (
            "".join(f'[[steps]]\nname = "{each}"\nof = "text"\nrun = "bot.code:f"\n' for each in ("Ab", "AB")),
            "two steps A",
        ),
    ],
)
def test_a_bot_does_not_start_with_rules_that_clash(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule with the name of one of twbot's would take its place: nothing would be answered."""
    (tmp_path / "twbot.toml").write_text(text)
    monkeypatch.setenv("TWBOT_PROJECT", str(tmp_path))
    with pytest.raises(TwbotError, match=said) as raised:
        rules()
    assert raised.value.hint == "See where: twbot check"
