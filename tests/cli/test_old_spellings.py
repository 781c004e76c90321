"""Command lines of an older twbot keep working."""

from __future__ import annotations

import pytest

from tests.support.local_stage import Local, Twbot
from twbot.cli.errors import Exit
from twbot.cli.old_spellings import current

URL = "https://bot.example.com/twitter"


@pytest.mark.parametrize(
    ("typed", "now"),
    [
        ("replay --from-x --since 3h", "replay from-x --since 3h"),
        ("replay --since 3h --dry-run --from-x --stage prod", "replay from-x --since 3h --dry-run --stage prod"),
        ("replay --since 3h", "replay --since 3h"),
        (f"send --to {URL} --kind dm", f"webhook sample {URL} --kind dm"),
        (f"send --kind dm --to={URL} --json", f"webhook sample {URL} --kind dm --json"),
        (f"send hello --to {URL}", f"webhook sample {URL} hello"),
        (f"send hello --to {URL} --timeout 5", f"webhook sample {URL} hello"),
        ("send hello --as bob --timeout 5", "send hello --as bob --timeout 5"),
        ("send --to", "send --to"),
        ("export --to events.parquet", "export --to events.parquet"),
        ("", ""),
    ],
)
def test_an_older_command_line_is_typed_anew(typed: str, now: str) -> None:
    """What was an option of one command is a command of its own; everything else stays as it is."""
    assert current(typed.split()) == now.split()


def test_they_work(local: Local, twbot: Twbot) -> None:
    """Through the front door, as a script types them."""
    assert twbot("webhook", "register").code == Exit.DONE
    assert twbot("replay", "--since", "3h", "--from-x", "--dry-run").out["windows"]
    assert twbot("send", "--to", local.webhook.url, "--kind", "like").out["status"] == 200
