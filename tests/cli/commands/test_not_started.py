"""What `twbot up --detach` says of a bot that ended at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.bot_folders import make_bot
from twbot.cli.errors import Exit
from twbot.cli.main import run

NO_GERMAN = '[bot]\nlanguages = ["en", "de"]\n'


def test_a_bot_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its error and what to do, not the last line alone, and its exit code."""
    make_bot(tmp_path, monkeypatch, twbot_toml=NO_GERMAN)
    code = run(["up", "--detach", "--port", "0", "--data", str(tmp_path / "data"), "--json"])
    error = json.loads(capsys.readouterr().err)
    assert "de has no chatbot" in error["error"]
    assert "Write bot/chatbot.de.toml" in error["error"]
    assert error["code"] == code != Exit.DONE
