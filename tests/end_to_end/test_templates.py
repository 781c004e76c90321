"""What `twbot new` writes runs as it is: its conversations, with the real models, and the bot itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.scaffold.templates import TEMPLATES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWBOT_PROJECT", "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("template", TEMPLATES)
def test_its_conversations_go_as_expected(
    template: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In both languages, with its functions, alerts and events."""
    run(["new", template, "--template", template, "--languages", "de,en"])
    monkeypatch.chdir(template)
    capfd.readouterr()
    code = run(["test", "--json"])
    answer = json.loads(capfd.readouterr().out)
    assert (code, [each for each in answer["conversations"] if not each["ok"]]) == (Exit.DONE, [])
    assert len(answer["conversations"]) >= 3


def test_it_runs_and_answers(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """`up`, `send`, `down` in its folder, and nothing else to set up."""
    run(["new", "my-bot"])
    monkeypatch.chdir("my-bot")
    # By a process of its own, which is gone when the bot ends: this one would have to wait for its child.
    subprocess.run([sys.executable, "-m", "twbot", "up", "--detach", "--port", "0"], check=True)
    try:
        capfd.readouterr()
        assert run(["send", "When do you open?", "--timeout", "60", "--json"]) == Exit.DONE
        assert "we are open from" in json.loads(capfd.readouterr().out)["reply"]["text"]
    finally:
        assert run(["down"]) == Exit.DONE
