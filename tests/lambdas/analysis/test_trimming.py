"""What the workflow carries: an excerpt of the text, and of the findings what somebody reads."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.full_pictures import CELEBRITIES, CROWD, SCREENSHOT
from twbot.lambdas.analysis.excerpt import MAX_BYTES, excerpt
from twbot.lambdas.analysis.trim import MAX_INSTANCES, trim
from twbot.lambdas.analytics.table import columns_with

SENTENCE = "The train was late again. "


@given(st.text(), st.integers(min_value=8, max_value=60))
def test_an_excerpt_is_the_beginning(text: str, limit: int) -> None:
    """It fits, it is the beginning of the text, and a text that fits is left as it is."""
    found = excerpt(text, limit)
    assert len(found.encode("utf-8", "replace")) <= limit
    assert text.startswith(found)
    if len(text.encode("utf-8", "replace")) <= limit:
        assert found == text


@given(
    st.sampled_from(["a", "é", "ä ", "語", "한", "ن", "क्ष", "e\u0301", "😡", "👩\u200d👩\u200d👧 ", SENTENCE, "語。"])
)
def test_a_cut_keeps_nearly_all_and_splits_no_letter(unit: str) -> None:
    """In any script: at least four fifths of what fits, and no mark or part of an emoji begins the rest."""
    text = unit * (25_000 // len(unit))
    found = excerpt(text)
    assert 0.8 * MAX_BYTES - len(unit.encode()) <= len(found.encode()) <= MAX_BYTES
    rest = text[len(found) :]
    assert not unicodedata.category(rest[0]).startswith("M")
    assert "\u200d" not in (found[-1], rest[0])


@pytest.mark.parametrize(
    ("text", "end"),
    [(SENTENCE * 400, "again."), ("word " * 2000, "word"), ("遅れた。" * 1000, "。"), ("x" * 9000, "x")],
    ids=["sentences", "words", "without blanks", "without any boundary"],
)
def test_a_cut_ends_with_a_sentence_or_a_word(text: str, end: str) -> None:
    """Half a sentence may say the opposite."""
    assert excerpt(text).endswith(end)


def columns_of(struct: str) -> dict[str, Any]:
    """The fields of a Hive struct or of an array's elements, as nested dicts."""
    while struct.startswith("array<"):
        struct = struct.removeprefix("array<").removesuffix(">")
    if not struct.startswith("struct<"):
        return {}
    found, depth, field = {}, 0, ""
    for letter in struct.removeprefix("struct<").removesuffix(">") + ",":
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            name, _, kind = field.partition(":")
            found[name], field = columns_of(kind), ""
        else:
            field += letter
    return found


IN_TABLE = columns_of(columns_with({}, [])["detail"])["Analysis"]["Images"]["Analysis"]


def assert_known(found: Any, columns: dict[str, Any]) -> None:
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            assert each.keys() <= columns.keys()
            for name, value in each.items():
                assert_known(value, columns[name])


@pytest.mark.parametrize("found", [SCREENSHOT, CROWD, CELEBRITIES], ids=["screenshot", "crowd", "celebrities"])
def test_findings_are_what_the_lake_has_columns_for(found: dict[str, Any]) -> None:
    """Nothing is carried that nobody reads; no finding that somebody does read is lost; a picture stays below 30 KB."""
    trimmed = trim({"Found": found}, highlight=["person"])["Found"]
    assert_known(trimmed, IN_TABLE)
    lines = [each["DetectedText"] for each in found["TextDetections"] if each["Type"] == "LINE"]
    assert [each["DetectedText"] for each in trimmed["TextDetections"]] == lines
    assert [label["Name"] for label in trimmed["Labels"]] == [label["Name"] for label in found["Labels"]]
    for name in ("CelebrityFaces", "UnrecognizedFaces"):
        assert len(trimmed[name]) == len(found[name])
    assert sum(len(label["Instances"]) for label in trimmed["Labels"]) <= MAX_INSTANCES
    assert len(msgspec.json.encode(trimmed)) < 35_000


def test_places_of_things_are_kept_where_they_are_drawn() -> None:
    """Only labels of `highlight_labels` are framed on the picture, whatever the case of their letters."""
    labels = [
        {"Name": name, "Instances": [{"BoundingBox": {}, "Confidence": 9.0, "More": 1}]} for name in ("Dog", "Cat")
    ]
    dog, cat = trim({"Found": {"Labels": labels}}, highlight=["dog"])["Found"]["Labels"]
    assert dog["Instances"] == [{"BoundingBox": {}, "Confidence": 9.0}]
    assert "Instances" not in cat


def test_what_is_not_there_stays_away() -> None:
    """A detector that is off has no field, and a kind of finding that is invented later passes unchanged."""
    assert trim({"Found": {}}) == {"Found": {}}
    assert trim({"Found": {"Own": [{"a": 1}]}}) == {"Found": {"Own": [{"a": 1}]}}
    assert trim({"Text": "hi"}) == {"Text": "hi"}
