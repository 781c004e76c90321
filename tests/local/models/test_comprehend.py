"""The local Comprehend against botocore's model of it, its limits, and sentences it has not seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from twbot.local.models.comprehend import Comprehend
from twbot.local.models.embedding import DATA
from twbot.local.models.errors import ServiceError
from twbot.local.models.sentiment import CLASSES, _vader, class_scores, plain, sentiment

COMPREHEND = Comprehend()
CALLS = {
    "DetectDominantLanguage": COMPREHEND.detect_dominant_language,
    "DetectSentiment": COMPREHEND.detect_sentiment,
    "DetectEntities": COMPREHEND.detect_entities,
}
HELD_OUT = [
    line.split("\t")
    for line in (Path(__file__).parent / "sentiment_held_out.tsv").read_text(encoding="utf-8").splitlines()
]


def feeling(text: str) -> str:
    return str(COMPREHEND.detect_sentiment({"Text": text, "LanguageCode": "en"})["Sentiment"])


def by_vader(text: str) -> str:
    compound = _vader().polarity_scores(text)["compound"]
    return CLASSES[1 + (compound >= 0.05) - (compound <= -0.05)]


def test_held_out_sentences_are_not_trained_on() -> None:
    """What is measured here was never shown to the regression."""
    trained = (DATA / "sentiment_sentences.tsv").read_text(encoding="utf-8").splitlines()
    assert not {line.partition("\t")[2].lower() for line in trained} & {text.lower() for _, text in HELD_OUT}


def test_four_in_five_unseen_sentences_are_right_and_vader_is_beaten() -> None:
    """MIXED counts as wrong; every class by itself is right more often than not."""
    right = [wanted == feeling(text) for wanted, text in HELD_OUT]
    ours, vaders = sum(right) / len(right), sum(by_vader(text) == wanted for wanted, text in HELD_OUT) / len(right)
    assert len(right) >= 120
    assert ours >= 0.8
    assert ours >= vaders + 0.05
    for name in CLASSES:
        of_class = [hit for hit, (wanted, _) in zip(right, HELD_OUT, strict=True) if wanted == name]
        assert sum(of_class) / len(of_class) >= 0.75, name


@pytest.mark.parametrize(
    "text",
    [
        "The food was great but the service was terrible",
        "I love the camera, hate the battery",
        "Beautiful hotel. Awful breakfast though.",
    ],
)
def test_a_good_and_a_bad_clause_are_mixed(text: str) -> None:
    """One sentence can be both."""
    assert feeling(text) == "MIXED"


def test_who_is_addressed_and_what_is_linked_says_nothing() -> None:
    """A handle or an address with a mood in it does not change the post's."""
    assert feeling("@horrible_hate_bot what time is it https://example.com/awful-disaster") == "NEUTRAL"
    assert plain("@twbot hi https://example.com #fun &amp; more") == "hi fun & more"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("text", ["Barack Obama visited Paris on Monday!", "👍", " ", "@twbot", "é" * 2500])
def test_answers_have_comprehends_shape(call: str, text: str) -> None:
    """botocore's model knows every field, its type and the values it may have."""
    params = {"Text": text} | ({} if call == "DetectDominantLanguage" else {"LanguageCode": "en"})
    answer = CALLS[call](params)
    shape = botocore.session.get_session().get_service_model("comprehend").operation_model(call).output_shape
    assert shape is not None
    assert not ParamValidator().validate(answer, shape).has_errors()
    assert set(answer) <= set(shape.members)
    json.dumps(answer)


@pytest.mark.parametrize("call", CALLS)
def test_limits_are_comprehends(call: str) -> None:
    """More than 5,000 bytes of UTF-8, or nothing at all, is refused by Comprehend's names."""
    for text, name in (("é" * 2501, "TextSizeLimitExceededException"), ("", "InvalidRequestException")):
        with pytest.raises(ServiceError) as refused:
            CALLS[call]({"Text": text, "LanguageCode": "en"})
        assert refused.value.name == f"Comprehend.{name}"


def test_other_languages_are_refused_rather_than_guessed() -> None:
    """The models read English."""
    with pytest.raises(ServiceError) as refused:
        COMPREHEND.detect_sentiment({"Text": "Das war schlimm", "LanguageCode": "de"})
    assert refused.value.name == "Comprehend.UnsupportedLanguageException"


def entities(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = COMPREHEND.detect_entities({"Text": text, "LanguageCode": "en"})["Entities"]
    return found


def test_entities_in_comprehends_terms_and_no_handle_or_link_among_them() -> None:
    """Offsets point into the text as it came."""
    text = "@Google Barack Obama visited Paris on Monday https://example.com/Apple"
    found = entities(text)
    named = {(each["Text"], each["Type"]) for each in found}
    assert named == {("Barack Obama", "PERSON"), ("Paris", "LOCATION"), ("Monday", "DATE")}
    assert all(text[each["BeginOffset"] : each["EndOffset"]] == each["Text"] for each in found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tell me a joke", "en"),
        ("lol ok", "en"),
        ("hello", "en"),
        ("@twbot", "en"),
        ("🎉", "en"),
        ("Was für ein schöner Tag in Hamburg", "de"),
        ("Quelle belle journée au bord de la mer", "fr"),
        ("Muchas gracias por todo, amigos", "es"),
        ("@twbot ありがとうございます", "ja"),
    ],
)
def test_the_language_of_short_posts(text: str, code: str) -> None:
    """A few doubtful words are English."""
    assert COMPREHEND.detect_dominant_language({"Text": text})["Languages"][0]["LanguageCode"] == code


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_shares_are_one_together(text: str) -> None:
    """Whatever the text, the four scores are shares of one."""
    assert sum(class_scores(plain(text)).values()) == pytest.approx(1.0)
    assert sum(sentiment(text)[1].values()) == pytest.approx(1.0)
