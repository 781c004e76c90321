"""A bot of somebody's own on one machine: its words in two languages, its functions, and what it says to each post."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.bot_folders import make_bot
from tests.support.coffee import COFFEE
from tests.support.instant_models import Instant
from tests.support.world import World, running_world
from twbot.lambdas.ports import MediaStore
from twbot.local.adapters.models import Task
from twbot.local.models.comprehend import Comprehend
from twbot.local.models.lex import Lex


class Polyglot(Instant):
    """Hears which language a post is in, and understands it with the real matcher."""

    def __init__(self, media: MediaStore, gallery: Path) -> None:
        super().__init__(media, gallery)
        self.chatbot = Lex()

    def tasks(self) -> dict[str, Task]:
        detect = Comprehend().detect_dominant_language
        return {**super().tasks(), "aws-sdk:comprehend:detectDominantLanguage": detect}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        yield make_bot(tmp_path_factory.mktemp("coffee"), patch, **COFFEE)


@pytest.fixture(scope="module")
def running(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(tmp_path_factory.mktemp("data"), Polyglot) as world:
        yield world


@pytest.fixture
def coffee(running: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    # Every test begins with a clean environment (tests/conftest.py).
    monkeypatch.setenv("TWBOT_PROJECT", str(folder))
    return running


@pytest.fixture(scope="module")
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("author", "text", "reply"),
    [
        ("anna", "@twbot Wann macht ihr am Sonntag eigentlich auf?", "anna: Von 9 bis 18 Uhr."),
        ("bert", "@twbot What are your opening hours, please?", "bert asks in en: from 9 to 6."),
        ("cora", "@twbot Der Mond scheint heute so schön hell über dem See", "cora: Wir melden uns."),
        ("dora", "@twbot The council approved the new bridge over the river", "dora: Somebody will look at this."),
        ("emil", "@twbot where is 4711?", "Order 4711: https://coffee.example/o/4711 @\u200bcourier"),
        ("fred", "@twbot please explode, what are your opening hours", "fred asks in en: from 9 to 6."),
        ("gabi", "@twbot ist das kaputt? Wann habt ihr offen?", "gabi: Von 9 bis 18 Uhr."),
        ("hugo", "@twbot", "hugo: Wir melden uns."),
        ("ines", "@twbot ¿Cuándo abrís los domingos por la mañana?", "ines: Wir melden uns."),
    ],
)
def test_what_it_says(coffee: World, author: str, text: str, reply: str) -> None:
    """In the author's language where it has it, else in its first; functions first, and their faults cost nothing."""
    _, (said,) = coffee.ask(author, text)
    assert said["text"].removeprefix(f"@{author} ") == reply


def test_why_a_function_said_nothing_is_in_the_log(coffee: World, caplog: pytest.LogCaptureFixture) -> None:
    """The traceback of what it raised, and which one answered instead."""
    with caplog.at_level("INFO"):
        coffee.ask("kurt", "@twbot explode! What are your opening hours?")
    assert "RuntimeError: our API is down" in caplog.text
    assert 'File "' in caplog.text
    assert "answered by bot.desk:hours" in caplog.text


@pytest.mark.parametrize(
    ("author", "text", "reply"),
    [
        ("lara", "@twbot Wer ist auf diesem schönen Bild zu sehen?", "Niemand, den ich kenne."),
        ("mike", "@twbot who is in this lovely picture of mine?", "I can't see anybody famous."),
        ("nina", "@twbot my latte this morning, what a beauty", "Latte art!"),
    ],
)
def test_what_it_says_to_pictures(coffee: World, author: str, text: str, reply: str, picture: bytes) -> None:
    """A function's words instead of the bot's; the picture comes back in either case."""
    _, (said,) = coffee.ask(author, text, images=[picture])
    assert said["text"].removeprefix(f"@{author} ").split(" https://")[0] == reply
    assert _pictures(said) == 1


def _pictures(post: dict[str, Any]) -> int:
    return len(post["media"])
