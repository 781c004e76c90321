"""`twbot analyse` and `twbot chat`, as functions: what they print, and how they refuse."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import pictures_of_text
from tests.support.bot_folders import make_bot
from tests.support.coffee import COFFEE
from twbot.cli.commands.analyse import analyse
from twbot.cli.commands.chat import chat
from twbot.cli.errors import CliError, Exit
from twbot.local.models.comprehend import Comprehend
from twbot.local.models.errors import ServiceError

FIELDS = {"input", "sentiment", "scores", "language", "unread", "entities", "celebrities", "labels", "detected_text"}
FIELDS |= {"models"}


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_json_line_for_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    """With the model's name beside what it said."""
    analyse("I love London", json=True)
    (found,) = lines(capsys)
    assert set(found) == FIELDS
    assert (found["sentiment"], found["language"]) == ("POSITIVE", "en")
    assert found["entities"] == [{"text": "London", "type": "LOCATION"}]
    assert set(found["models"]) == {"sentiment", "language", "entities"}


def test_people_are_told_the_mood_and_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    """In words."""
    analyse("I love London")
    shown = capsys.readouterr().out
    assert "POSITIVE" in shown
    assert "multilingual-e5-small" in shown


@pytest.mark.parametrize(
    ("text", "language", "sentiment", "unread"),
    [
        ("Das war ein schrecklicher Abend in Hamburg", "de", "NEGATIVE", ["entities"]),
        ("Wat een heerlijke avond in Utrecht", "nl", "POSITIVE", ["entities"]),
        ("Tämä oli kamala ilta Helsingissä", "fi", None, ["sentiment", "entities"]),
    ],
)
def test_what_is_not_read_in_a_language_is_named(
    text: str, language: str, sentiment: str | None, unread: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rather than guessed at, for programs and for people."""
    analyse(text, json=True)
    (found,) = lines(capsys)
    assert (found["language"], found["sentiment"], found["unread"]) == (language, sentiment, unread)
    analyse(text)
    shown = capsys.readouterr().out
    assert shown.count("not read in this language, only in en") == len(unread)


def test_a_line_that_fails_does_not_stop_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line has its own JSON line; empty ones none; the command says at its end that one failed."""
    works = Comprehend.detect_sentiment

    def detect(self: Comprehend, params: dict[str, Any]) -> dict[str, Any]:
        if "broken" in params["Text"]:
            raise ServiceError("Comprehend.InternalServerException", "it broke")
        return works(self, params)

    monkeypatch.setattr(Comprehend, "detect_sentiment", detect)
    monkeypatch.setattr("sys.stdin", io.StringIO("thank you\n\nthis is a broken line\nthis is awful\n"))
    with pytest.raises(CliError, match="1 of 3"):
        analyse("-", json=True)
    first, failed, last = lines(capsys)
    assert first["sentiment"] == "POSITIVE"
    assert "it broke" in failed["error"]
    assert last["sentiment"] == "NEGATIVE"


def test_a_text_of_any_length_is_analysed(capsys: pytest.CaptureFixture[str]) -> None:
    """Cut as the bot cuts it: 25,000 characters have the mood of what fits into the detector."""
    analyse("This is awful, I hate it. " * 1000, json=True)
    (found,) = lines(capsys)
    assert (found["sentiment"], len(found["input"])) == ("NEGATIVE", 26_000)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_to_analyse(text: str) -> None:
    """Ends with the usage code and what to type."""
    with pytest.raises(CliError) as refused:
        analyse(text)
    assert refused.value.code == Exit.USAGE
    with pytest.raises(CliError):
        chat(text=text)


def test_a_picture_that_is_not_there(tmp_path: Path) -> None:
    """Is not read as a text."""
    with pytest.raises(CliError) as refused:
        analyse(str(tmp_path / "holiday.jpg"))
    assert refused.value.code == Exit.NOT_FOUND


def test_chat_answers_with_intent_and_confidence(capsys: pytest.CaptureFixture[str]) -> None:
    """As one JSON document."""
    chat(text="@twbot hello there", json=True)
    answer = json.loads(capsys.readouterr().out)
    assert answer["intent"] == "Greeting"
    assert 0.5 <= answer["confidence"] <= 1
    assert answer["reply"]


def test_chat_heeds_the_mood(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever is angry gets no joke, as on X; the sentiment stands beside the answer."""
    chat(text="I hate you, this is awful. Tell me a joke", json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["intent"], answer["by"], answer["sentiment"]) == ("FallbackIntent", "FallbackIntent", "NEGATIVE")


def test_chat_is_a_shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line, an answer; blank lines ask nothing, and the end of the input ends it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n\n  \nthanks a lot\n"))
    chat(json=True)
    first, second = lines(capsys)
    assert (first["intent"], second["intent"]) == ("Greeting", "Thanks")


def test_chat_asks_the_functions_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says which one answered; what they publish reaches nobody."""
    make_bot(tmp_path / "coffee", monkeypatch, **COFFEE)
    monkeypatch.setattr("sys.stdin", io.StringIO("where is 4711?\nWann habt ihr geöffnet?\n"))
    chat(json=True, data=tmp_path / "data")
    first, second = lines(capsys)
    assert (first["by"], first["intent"], first["confidence"]) == ("bot.desk:order", None, None)
    assert (second["reply"], second["by"], second["language"]) == ("Von 9 bis 18 Uhr.", "Oeffnungszeiten", "de")
    chat(text="where is it?", language="en", data=tmp_path / "data")
    assert "language en" in capsys.readouterr().out


def test_writing_that_is_not_read_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON, and in words."""
    path = tmp_path / "tamil.png"
    next(pictures_of_text.unread()).image.save(path)
    analyse(str(path), json=True, data=tmp_path)
    (found,) = lines(capsys)
    assert (found["detected_text"], found["unread_lines"]) == ([], 3)
    analyse(str(path), data=tmp_path)
    assert "3: writing in letters that no model here knows" in capsys.readouterr().out
