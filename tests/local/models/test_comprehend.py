"""The local Comprehend against botocore's model of it, its limits, and sentences it has not seen."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from twbot.lambdas.analysis import languages
from twbot.local.models.comprehend import Comprehend
from twbot.local.models.embedding import DATA
from twbot.local.models.errors import ServiceError
from twbot.local.models.sentiment import CLASSES, class_scores, plain, sentiment
from twbot.local.models.training.sentiment import SHORT, Sentence, ways_to_type

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


# Language, class and text of sentences in eleven languages, written before the sentences that are trained on.
OTHER_LANGUAGES = [
    line.split("\t")
    for line in (Path(__file__).parents[2] / "measure/sets/sentiment.tsv").read_text(encoding="utf-8").splitlines()
]


# Six languages again, twelve on other subjects, thirteen, and texts of two moods: written before more sentences were
# added to the training.
SETS = Path(__file__).parents[2] / "measure/sets"
WEAK_LANGUAGES = [line.split("\t") for line in (SETS / "sentiment_weak.tsv").read_text(encoding="utf-8").splitlines()]
THIRD = [line.split("\t") for line in (SETS / "sentiment_third.tsv").read_text(encoding="utf-8").splitlines()]
FOURTH = [line.split("\t") for line in (SETS / "sentiment_fourth.tsv").read_text(encoding="utf-8").splitlines()]
MIXED = [line.split("\t") for line in (SETS / "mixed.tsv").read_text(encoding="utf-8").splitlines()]


def feeling(text: str, language: str = "en") -> str:
    return str(COMPREHEND.detect_sentiment({"Text": text, "LanguageCode": language})["Sentiment"])


def test_held_out_sentences_are_not_trained_on() -> None:
    """What is measured here was never shown to the network, nor with a few letters changed. "Ugh." is nobody's copy."""
    lines = [path.read_text(encoding="utf-8").splitlines() for path in DATA.glob("sentiment_*.tsv")]
    trained = Threes(line.split("\t")[-1] for line in itertools.chain(*lines))
    measured = [row[-1] for row in HELD_OUT + OTHER_LANGUAGES + WEAK_LANGUAGES + THIRD + FOURTH + MIXED]
    assert not {text: copies for text in measured if len(text) > SHORT and (copies := trained.near(text))}


class Threes:
    """Texts by the runs of three characters that they have."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._threes = {text: threes(text) for text in texts}
        self._texts = defaultdict[str, list[str]](list)
        for text, found in self._threes.items():
            for three in found:
                self._texts[three].append(text)

    def near(self, text: str, share: float = 0.7) -> list[str]:
        """Return the texts that have at least this share of all threes in common with this one."""
        own = threes(text)
        rarest = sorted(own, key=lambda three: len(self._texts[three]))[: int(len(own) * (1 - share)) + 1]
        # Whoever has none of them has too few of all: https://doi.org/10.1145/1242572.1242591
        others = {other for three in rarest for other in self._texts[three]}
        return [other for other in others if len(own & self._threes[other]) >= share * len(own | self._threes[other])]


def threes(text: str) -> set[str]:
    words = re.findall(r"\w+", text.casefold())
    letters = f" {' '.join(words)} "
    return {letters[start : start + 3] for start in range(max(1, len(letters) - 2))}


@pytest.mark.parametrize("copy", ["The SOUP was cold!", "the soups was cold"])
def test_a_text_with_few_letters_changed_is_a_copy(copy: str) -> None:
    """Another that shares some words is not."""
    assert Threes(["The soup was cold."]).near(copy)
    assert not Threes(["The soup was cold."]).near("The soup was on the menu")


def test_nine_in_ten_unseen_english_sentences_are_right() -> None:
    """MIXED counts as wrong; every class by itself is right more often than not."""
    right = [wanted == feeling(text) for wanted, text in HELD_OUT]
    assert len(right) >= 120
    assert sum(right) / len(right) >= 0.9
    for name in CLASSES:
        of_class = [hit for hit, (wanted, _) in zip(right, HELD_OUT, strict=True) if wanted == name]
        assert sum(of_class) / len(of_class) >= 0.75, name


@pytest.mark.parametrize(
    ("mood", "language", "texts"),
    [
        ("POSITIVE", "en", "thank you, thanks, Thanks!, good, great, cool, awesome, nice"),
        ("NEGATIVE", "en", "bad, awful, terrible, boring, hate it"),
        ("NEUTRAL", "en", "hello, ok, good morning, yes, no, bye"),
        ("POSITIVE", "de", "danke, vielen Dank, super"),
        ("POSITIVE", "fr", "merci, merci beaucoup"),
        ("POSITIVE", "pt", "obrigado, muito obrigado"),
        ("POSITIVE", "es", "gracias, muchas gracias"),
        ("POSITIVE", "it", "grazie, bellissimo"),
        ("POSITIVE", "nl", "bedankt, dank u"),
        ("POSITIVE", "ja", "ありがとう, 最高"),
        ("POSITIVE", "ko", "고마워, 고맙습니다"),
        ("POSITIVE", "zh", "谢谢, 太好了"),
        ("POSITIVE", "ar", "شكرا, رائع"),
        ("POSITIVE", "hi", "धन्यवाद, बहुत अच्छा"),
        ("NEGATIVE", "de", "schlecht, furchtbar"),
        ("NEGATIVE", "es", "muy mal, un desastre"),
        ("NEGATIVE", "ja", "最悪, つまらない"),
        ("NEUTRAL", "fr", "bonjour, d'accord"),
        ("NEUTRAL", "ja", "こんにちは, おはよう"),
        ("NEUTRAL", "ar", "مرحبا, صباح الخير"),
    ],
)
def test_a_word_or_two_have_their_mood(mood: str, language: str, texts: str) -> None:
    """Thanks, praise and dislike have one, greetings and assent none: however they are typed."""
    for text in texts.split(", "):
        for typed in ways_to_type(Sentence(mood, text, 1, language)):
            assert feeling(typed.text, language) == mood, typed


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


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "La comida estaba buenísima, pero el servicio fue horrible"),
        ("fr", "La chambre était magnifique mais l'accueil était détestable"),
        ("de", "Das Essen war großartig, aber der Service war furchtbar"),
        ("nl", "Het eten was heerlijk, maar de bediening was verschrikkelijk"),
        ("ja", "料理は最高に美味しかったけど、接客はひどかった"),
        ("zh", "菜非常好吃，但是服务太差了"),
        ("ar", "الطعام كان رائعًا لكن الخدمة كانت سيئة للغاية"),
    ],
)
def test_a_good_and_a_bad_clause_are_mixed_in_other_languages(language: str, text: str) -> None:
    """Each has its own words and marks between clauses."""
    assert feeling(text, language) == "MIXED"


def test_most_texts_of_two_moods_are_mixed() -> None:
    """In six languages, with a word that turns them or without; and few of one mood are."""
    assert sum(feeling(text, language) == "MIXED" for language, text in MIXED) >= 0.6 * len(MIXED)
    others = [(language, text) for language, _, text in OTHER_LANGUAGES + WEAK_LANGUAGES]
    assert sum(feeling(text, language) == "MIXED" for language, text in others) <= 0.02 * len(others)


@pytest.mark.parametrize("language", sorted({row[0] for row in OTHER_LANGUAGES}))
def test_most_unseen_sentences_of_each_language_are_right(language: str) -> None:
    """Facts, idioms and irony among them; no class is left out."""
    rows = [(wanted, feeling(text, language)) for code, wanted, text in OTHER_LANGUAGES if code == language]
    assert len(rows) >= 40
    assert sum(wanted == found for wanted, found in rows) / len(rows) >= 0.8
    for name in CLASSES:
        assert [found for wanted, found in rows if wanted == name].count(name) >= 9, name


@pytest.mark.parametrize(
    "text",
    ["no complaints, everything worked first time", "this game is sick, so addictive", "Never lets me down, love it!"],
)
def test_two_ways_to_say_the_same_are_not_mixed(text: str) -> None:
    """Clauses are looked at only where the whole is unsure or turns."""
    assert feeling(text) == "POSITIVE"


def test_who_is_addressed_and_what_is_linked_says_nothing() -> None:
    """A handle or an address with a mood in it does not change the post's."""
    assert feeling("@horrible_hate_bot what time is it https://example.com/awful-disaster") == "NEUTRAL"
    assert plain("@twbot hi https://example.com #fun &amp; more") == "hi fun & more"
    assert plain("ありがとう@twbotさん、https://example.com/aを見て") == "ありがとう さん、 を見て"


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


@pytest.mark.parametrize(
    ("call", "code"), [("DetectSentiment", "fi"), ("DetectEntities", "de"), ("DetectEntities", "nl")]
)
def test_other_languages_are_refused_rather_than_guessed(call: str, code: str) -> None:
    """By Comprehend's name, with the languages that are read."""
    with pytest.raises(ServiceError, match="en") as refused:
        CALLS[call]({"Text": "Das war schlimm", "LanguageCode": code})
    assert refused.value.name == "Comprehend.UnsupportedLanguageException"


def test_the_workflow_asks_about_the_languages_that_are_read_somewhere() -> None:
    """It is one for both platforms. Comprehend refuses Dutch, which counts as skipped there."""
    workflow = (Path(languages.__file__).parent / "workflow.asl.json").read_text()
    (choice,) = re.findall(r'"IsLanguageRead": (\{.*?"Default": "NotRead")', workflow, re.DOTALL)
    assert set(re.findall(r'"StringEquals": "([\w-]+)"', choice)) == set(languages.LOCAL["sentiment"])
    assert set(languages.COMPREHEND) == set(languages.LOCAL["sentiment"]) - {"nl"}
    model = botocore.session.get_session().get_service_model("comprehend")
    assert set(model.shape_for("LanguageCode").metadata["enum"]) == set(languages.COMPREHEND)


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
        ("Thanks so much!", "en"),
        ("THANK YOU SO MUCH!!", "en"),
        ("So annoyed", "en"),
        ("hiya", "en"),
        ("sooo good!!!", "en"),
        ("nice one mate", "en"),
        ("flying home with my best friends today #Barcelona #amigos #vamos", "en"),
        ("¡Muchas gracias!", "es"),
        ("No me gusta", "es"),
        ("merci beaucoup", "fr"),
        ("grazie mille", "it"),
        ("danke schön", "de"),
        ("obrigado por tudo", "pt"),
        ("dank je wel", "nl"),
        ("bom dia", "pt"),
        ("#ありがとう", "ja"),
        ("今天天气很好，我们去公园吧", "zh"),
        ("今天天氣很好，我們去公園吧", "zh-TW"),
        ("押金全部退回来了", "zh"),
        ("楽しい話", "ja"),
        ("새 폰 샀다 iPhone", "ko"),
        ("정말 감사합니다", "ko"),
        ("شكرًا جزيلًا", "ar"),
        ("बहुत धन्यवाद", "hi"),
        ("Was für ein schöner Tag in Hamburg", "de"),
        ("Quelle belle journée au bord de la mer", "fr"),
        ("Muchas gracias por todo, amigos", "es"),
        ("@twbot ありがとうございます", "ja"),
    ],
)
def test_the_language_of_short_posts(text: str, code: str) -> None:
    """A few doubtful words are English; so are those that English sentences are made of, whatever the hashtags."""
    assert COMPREHEND.detect_dominant_language({"Text": text})["Languages"][0]["LanguageCode"] == code


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_shares_are_one_together(text: str) -> None:
    """Whatever the text, the four scores are shares of one."""
    assert sum(class_scores(plain(text)).values()) == pytest.approx(1.0)
    for language in ("en", "ja"):
        assert sum(sentiment(text, language)[1].values()) == pytest.approx(1.0)
