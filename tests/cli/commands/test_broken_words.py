"""While bot/chatbot.toml is being edited: what looks at the bot runs, and says so; what talks does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import COMMANDS
from twbot.cli.errors import Exit
from twbot.cli.main import NEEDS_WORDS, run
from twbot.lambdas.contracts import Entry
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder

LOOKS = """
status; metrics; query sentiment; query --columns; secrets list; rules list; rules diagram; schema; dlq list
trace 1001; forget 1001 --dry-run; config list; replay --since 1h --dry-run; replies status; alerts raised
tail --since 1h --limit 1; logs
"""
TALKS = ("wording", "chat hi", "cost", "check")


@pytest.fixture(params=["bot/chatbot.toml", "bot/chatbot.en.toml", "bot/wording.en.toml"])
def broken(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bot's folder in which a file of its words is no TOML, and data of a bot that ran before."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "events.toml").write_text('[ORDER_ASKED]\nnumber = "integer"\n')
    (tmp_path / request.param).write_text("[[intents\n")
    home = DataFolder(tmp_path / ".twbot")
    home.folder.mkdir(mode=0o700)
    detail = {"Author": "ann", "Text": "hi", "Twitter": {"TweetId": "1001", "UserId": "1"}}
    with Bus(home.bus, [], delivers=False) as bus:
        bus.publish([Entry(source="BOT", detail_type="MESSAGE_RECEIVED", detail=detail)])
    monkeypatch.chdir(tmp_path)
    file: Path = tmp_path / request.param
    return file


@pytest.mark.parametrize("typed", [each.strip() for each in LOOKS.replace("\n", ";").split(";") if each.strip()])
def test_what_looks_at_the_bot_runs(typed: str, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With at most one warning, which names the file; stdout is the answer alone."""
    assert run(typed.split()) == Exit.DONE
    out, err = capsys.readouterr()
    assert broken.name not in out
    assert err.count(f"Warning: {broken}") <= 1


def test_the_warning_is_said(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And its own events are known all the same: of bot/events.toml nothing is wrong."""
    assert run(["schema", "--json"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert "ORDER_ASKED" in [each["type"] for each in json.loads(out)]
    assert err.startswith(f"Warning: {broken}: no TOML")
    assert "twbot check" in err


@pytest.mark.parametrize("typed", TALKS)
def test_what_talks_does_not(typed: str, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with the fault."""
    assert run(typed.split()) != Exit.DONE
    assert broken.name in " ".join("".join(capsys.readouterr()).split())


def test_the_doctor_says_it_as_a_check(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And goes on with all others."""
    assert run(["doctor", "--no-models", "--json"]) == Exit.CHECK_FAILED
    checks = {each["name"]: each for each in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["folder"]["state"] == "wrong"
    assert broken.name in checks["folder"]["says"]
    assert {"bot", "dead letters", "room", "lake"} <= set(checks)


def test_a_table_that_is_broken_is_no_word(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without bot/events.toml and twbot.toml nobody knows what is on the bus: that is no warning."""
    broken.unlink()
    broken.with_name("events.toml").write_text("[[")
    assert run(["schema"]) == Exit.FAILED
    assert "events.toml" in capsys.readouterr().err


def test_what_needs_the_words_is_a_command() -> None:
    """A name that is none would let one go on without."""
    assert {name.split()[1] for name in COMMANDS} >= NEEDS_WORDS
