"""What the bot says, in the language of whom it speaks to."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from tests.support.bot_folders import make_bot
from tests.support.paths import ROOT
from twbot.lambdas.folder.wording_file import placeholders
from twbot.lambdas.plurals import plural_category
from twbot.lambdas.wording import listed, say, translated_problem

CHATBOT = '[fallback]\nreplies = ["?"]\n'
POLISH = """\
strangers.one = "jedna twarz"
strangers.few = "{count} twarze"
strangers.many = "{count} twarzy"
and = "{list} i {item}"
problem-small = "Za małe: {width} na {height}."
"""


@pytest.fixture(autouse=True)
def _polyglot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"bot__chatbot.{language}_toml": CHATBOT for language in ("en", "de", "pl", "pt-BR")}
    languages = '[bot]\nlanguages = ["en", "de", "pl", "pt-BR"]\n'
    own = {"bot__wording.pl_toml": POLISH, "bot__wording.de_toml": 'goodbye = "Tschüss."\n'}
    make_bot(tmp_path / "polyglot", monkeypatch, twbot_toml=languages, **files, **own)


SAID = [
    ("goodbye", "de", {}, "Tschüss."),
    ("unread", "de", {}, "Da steht etwas, das ich nicht lesen kann."),
    ("unread", "pl", {}, "There is writing that I can't read."),
    ("unread", "fr", {}, "There is writing that I can't read."),
    ("unread", None, {}, "There is writing that I can't read."),
    ("strangers", "de", {"count": 1}, "Ich sehe ein Gesicht, aber niemanden, der berühmt ist."),
    ("strangers", "pl", {"count": 1}, "jedna twarz"),
    ("strangers", "pl", {"count": 3}, "3 twarze"),
    ("strangers", "pl", {"count": 12}, "12 twarzy"),
    ("writing", "en", {"text": "{count} {"}, "It says “{count} {”."),
]


@pytest.mark.parametrize(("name", "language", "values", "text"), SAID)
def test_what_is_said(name: str, language: str | None, values: dict[str, object], text: str) -> None:
    """The folder's words, else the shipped ones of the language, else English; in a language of the bot."""
    assert say(name, language, **values) == text


def test_lists() -> None:
    """As each language joins them."""
    assert [listed(["A", "B", "C"][:many]) for many in range(4)] == ["", "A", "A and B", "A, B and C"]
    assert listed(["A", "B", "C"], "pl") == "A, B i C"
    assert listed(["A", "B", "C"], "de", last="comma") == "A, B, C"


def test_problems_of_pictures_are_translated() -> None:
    """Events say them in English; what is none of ours stays as it is."""
    small = "The picture is too small: 10×20, 80 pixels are needed."
    assert translated_problem(small, "de") == "Das Bild ist zu klein: 10×20, nötig sind 80 Pixel."
    assert translated_problem(small, "pl") == "Za małe: 10 na 20."
    assert translated_problem(small, "en") == small
    assert translated_problem("Something else.", "de") == "Something else."


def problems_in(path: Path) -> list[str]:
    """The sentences that a module raises UnusableImage with, with a number for each value."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("UnusableImage", "TooManyPixels"):
            (argument,) = node.args
            if isinstance(argument, ast.Constant | ast.JoinedStr):
                found.append(_written(argument))
    return found


def _written(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)


def test_every_problem_of_a_picture_has_a_name() -> None:
    """Those that the code raises and those of the workflow: else its author would read English."""
    modules = [*(ROOT / "lambdas" / "analysis").glob("*.py"), ROOT / "lambdas" / "pictures.py"]
    problems = [problem for module in modules for problem in problems_in(module)]
    problems += ["The file is not a picture.", "The file is not a JPEG/PNG picture."]
    states = msgspec.json.decode((ROOT / "lambdas" / "analysis" / "workflow.asl.json").read_bytes())
    problems += sorted(set(_values_of(states, "Problem")))
    assert len(problems) > 12
    assert [problem for problem in problems if translated_problem(problem, "de") == problem] == []


def _values_of(found: object, key: str) -> list[str]:
    if isinstance(found, list):
        return [value for each in found for value in _values_of(each, key)]
    if not isinstance(found, dict):
        return []
    here = [found[key]] if isinstance(found.get(key), str) else []
    return here + [value for each in found.values() for value in _values_of(each, key)]


# https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
CATEGORIES = {
    "en": {"one": [1], "other": [0, 2, 11, 21, 100]},
    "de": {"one": [1], "other": [0, 2, 101]},
    "es": {"one": [1], "many": [1_000_000], "other": [0, 2, 21]},
    "fr": {"one": [0, 1], "many": [1_000_000, 2_000_000], "other": [2, 21]},
    "pt": {"one": [0, 1], "many": [1_000_000], "other": [2, 21]},
    "pt-PT": {"one": [1], "many": [1_000_000], "other": [0, 2]},
    "ja": {"other": [0, 1, 2, 11]},
    "zh": {"other": [0, 1, 2]},
    "hi": {"one": [0, 1], "other": [2, 10]},
    "ru": {"one": [1, 21, 101], "few": [2, 4, 22, 104], "many": [0, 5, 11, 12, 14, 20, 111]},
    "uk": {"one": [1, 31], "few": [3, 33], "many": [0, 13, 30]},
    "pl": {"one": [1], "few": [2, 4, 22, 34], "many": [0, 5, 12, 14, 21, 112]},
    "cs": {"one": [1], "few": [2, 4], "other": [0, 5, 22]},
    "hr": {"one": [1, 21], "few": [2, 24], "other": [0, 5, 11, 12]},
    "sl": {"one": [1, 101], "two": [2, 202], "few": [3, 104], "other": [0, 5, 11, 12]},
    "lt": {"one": [1, 21], "few": [2, 9, 22], "other": [0, 10, 11, 12, 19, 20]},
    "lv": {"zero": [0, 10, 11, 19, 20], "one": [1, 21, 101], "other": [2, 9, 22]},
    "ro": {"one": [1], "few": [0, 2, 19, 101, 119], "other": [20, 100, 120]},
    "ar": {"zero": [0], "one": [1], "two": [2], "few": [3, 10, 103], "many": [11, 99, 111], "other": [100, 102, 202]},
    "he": {"one": [1], "two": [2], "other": [0, 3, 20]},
    "cy": {"zero": [0], "one": [1], "two": [2], "few": [3], "many": [6], "other": [4, 7, 10]},
    "is": {"one": [1, 21, 101], "other": [0, 2, 11, 111]},
}


@pytest.mark.parametrize("language", CATEGORIES)
def test_plural_categories(language: str) -> None:
    """As CLDR's table has them for whole numbers."""
    for category, numbers in CATEGORIES[language].items():
        assert [plural_category(language, number) for number in numbers] == [category] * len(numbers), category


def test_every_sentence_can_be_said() -> None:
    """In each language of the bot, with values for all that is filled in."""
    for name, fields in placeholders().items():
        for language in ("en", "de", "pl", "pt-BR"):
            assert say(name, language, **{**dict.fromkeys(fields, "x"), "count": 2})
