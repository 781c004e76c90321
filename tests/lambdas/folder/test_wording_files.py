"""bot/wording.<language>.toml: any sentence otherwise, by its name; a wrong one is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.wording_file import FOLDER, base_of, placeholders, read_wording, shipped
from twbot.lambdas.plurals import plural_category

LANGUAGES = sorted(path.name.split(".")[1] for path in FOLDER.glob("wording.*.toml"))


def test_what_is_shipped() -> None:
    """English, German, Spanish and French."""
    assert LANGUAGES == ["de", "en", "es", "fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_sentences_are_whole(language: str) -> None:
    """Each language has every sentence, fills in the same, and has a form for each of its numbers."""
    found = read_wording(FOLDER / f"wording.{language}.toml")
    assert {base_of(name) for name in found} == placeholders().keys()
    plurals = {base_of(name) for name in found if base_of(name) != name}
    needed = {plural_category(language, number) for number in range(200)}
    for name in plurals:
        assert {f"{name}.{category}" for category in needed} <= found.keys()
    assert all(sentence == sentence.strip() for sentence in found.values())


GIVEN: list[tuple[str, dict[str, str]]] = [
    ('names = "Das ist {names}!"', {"names": "Das ist {names}!"}),
    ('strangers.few = "{count} twarze"', {"strangers.few": "{count} twarze"}),
    ('"strangers.few" = "{count} twarze"', {"strangers.few": "{count} twarze"}),
    ('[strangers]\none = "a"\nother = "b"', {"strangers.one": "a", "strangers.other": "b"}),
    ('goodbye = "Bye {{friend}}"', {"goodbye": "Bye {{friend}}"}),
    ("", {}),
]


@pytest.mark.parametrize(("content", "found"), GIVEN)
def test_sentences_by_their_names(content: str, found: dict[str, str], tmp_path: Path) -> None:
    """Plurals as keys with a dot, quoted or not, or as a table."""
    path = tmp_path / "wording.de.toml"
    path.write_text(content, "utf-8")
    assert read_wording(path) == found


REFUSED = [
    ('goodby = "x"', "goodby: there is no such sentence: did you mean `goodbye`?"),
    ('zzz = "x"', "zzz: there is no such sentence."),
    ('names = "{name}"', "names: {name} is not filled in here; possible: {names}."),
    ('goodbye = "{name}"', "goodbye: {name} is not filled in here; possible: nothing."),
    ('names = "{names!r}"', "names: {names!r} is not filled in here"),
    ('names = "{names:>9}"', "names: {names:>9} is not filled in here"),
    ('names = "{names.x}"', "names: {names.x} is not filled in here"),
    ('names = "{"', "names: Single '{' encountered"),
    ('names = "}"', "names: Single '}' encountered"),
    ('names = ""', "names: expected a sentence, got ''."),
    ("names = 7", "names: expected a sentence, got 7."),
    ('names.one = "x"', "names.one: it is `names`, for every number."),
    ('strangers = "x"', "strangers: it depends on a number: write `strangers.other`."),
    ('strangers.some = "x"', "strangers.some: there is no such sentence"),
]


@pytest.mark.parametrize(("line", "fault"), REFUSED)
def test_a_wrong_sentence_is_refused_with_its_place(line: str, fault: str, tmp_path: Path) -> None:
    """File, line, and the nearest right name; the hint names the command that lists them."""
    path = tmp_path / "wording.de.toml"
    path.write_text(f'# words\nunread = "?"\n{line}\n', "utf-8")
    with pytest.raises(TwbotError) as refused:
        read_wording(path)
    assert str(refused.value).startswith(f"{path}:3: {fault}")
    assert "twbot wording" in str(refused.value.hint)


def test_a_language_that_is_not_shipped() -> None:
    """Has no sentences of its own."""
    assert shipped("xx") == {}
