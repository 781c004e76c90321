"""`twbot wording`: what the bot says, by name, and whose words they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.bot_folders import make_bot
from tests.support.coffee import COFFEE
from tests.support.terminal import on_terminal
from twbot.cli.commands.wording import wording


def listed(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], tuple[str, bool]]:
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return {(each["language"], each["name"]): (each["text"], each["own"]) for each in found}


def test_the_shipped_bots_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    """English, and none is anybody's own."""
    wording(json=True)
    found = listed(capsys)
    assert {language for language, _ in found} == {"en"}
    assert found["en", "strangers.one"] == ("I can see a face, but nobody famous.", False)
    assert not any(own for _, own in found.values())


def test_the_folders_own_sentences_are_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In each language of the bot, for programs and for people."""
    make_bot(tmp_path / "coffee", monkeypatch, **COFFEE)
    wording(json=True)
    found = listed(capsys)
    assert {language for language, _ in found} == {"de", "en"}
    assert found["de", "nobody"] == ("Niemand, den ich kenne.", True)
    assert found["en", "nobody"] == ("I can't see anybody famous.", False)
    shown = on_terminal("wording", "--language", "de", width=40).splitlines()
    assert "* de  nobody: Niemand, den ich kenne." in shown
    assert "  de  goodbye: Ich antworte dir nicht mehr. Schreib mir „start“, wenn du mich wiederhaben willst." in shown


def test_a_language_that_the_bot_does_not_speak(capsys: pytest.CaptureFixture[str]) -> None:
    """Shows what it would say, and how to let it speak."""
    wording(language="fr")
    captured = capsys.readouterr()
    assert "Je vois {names}." in captured.out
    assert "bot.languages" in captured.err
