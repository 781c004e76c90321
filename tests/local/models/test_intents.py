"""Which intent a text is of, for any bot: with few intents or many, in any language, and for none where it is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.responding.utterance import to_utterance
from twbot.local.models import embedding
from twbot.local.models.embedding import embed_all
from twbot.local.models.intents import SURE, Intents, ordinary
from twbot.local.models.sentiment import sentiment
from twbot.local.models.training.intents import (
    HOSTILE,
    NO_INTENT,
    Post,
    Scored,
    bots_of,
    ordinary_posts,
    posts_of,
    result,
    scored,
    slope_of,
    threshold_of,
)

SETS = ROOT / "tests" / "measure" / "sets"
OURS = Intents({intent.name: intent.utterances for intent in read_folder(SHIPPED).chatbot().intents})


def understood(text: str, bot: Intents = OURS) -> str:
    name, confidence = bot.rank(to_utterance(text))[0]
    return name if confidence >= SURE else NO_INTENT


@pytest.mark.parametrize(
    ("intent", "texts"),
    [
        ("Thanks", ["thx", "tysm", "thank u sm", "🙏", "Gracias!", "감사합니다"]),
        ("Greeting", ["gm", "sup bro", "wassup", "👋", "👋🏾👋🏾", "Hallo!", "HELLO"]),
        ("Goodbye", ["cya", "gtg ttyl", "gn", "hasta luego"]),
        ("Joke", ["tel me a jok", "knock knock", "TELL ME A JOKE", "cuéntame un chiste", "erzähl mir einen Witz"]),
        ("Fact", ["gimme some facts", "dis-moi quelque chose d'intéressant"]),
        ("Help", ["wat can u do", "¿qué puedes hacer?", "何ができますか"]),
    ],
)
def test_slang_typos_emoji_and_languages(intent: str, texts: list[str]) -> None:
    """Are understood as the plain English of the sample utterances is."""
    assert [text for text in texts if understood(text) != intent] == []


@pytest.mark.parametrize(
    "texts",
    [
        ["you stupid thing", "worst reply ever", "go to hell", "shut up robot", "your jokes are awful", "hey, idiot"],
        ["my mother died last night", "I want to cry", "nobody loves me", "thanks for making it worse"],
        ["goodbye old friend, rest in peace", "great, the car broke down", "what a joke of a country"],
        ["see you at the match on Sunday, Jim", "she told me an odd story", "nice cat", "who is on the picture"],
        ["👏", "👍", "👎", "🖕", "😂😂", "❤️", "🔥", "🇫🇷", "🍕⚽"],
        ["du bist doof", "te odio", "je me sens triste", "死ね", "मैं बहुत दुखी हूँ"],
    ],
)
def test_what_is_for_no_intent_is_of_none(texts: list[str]) -> None:
    """Rude, sad, ironic or ordinary, whatever words it shares with an utterance."""
    assert [(text, understood(text)) for text in texts if understood(text) != NO_INTENT] == []


@pytest.mark.parametrize(
    "text",
    ["😂", "🇫🇷🇩🇪", "x" * 1024, "hi " * 341, "привет مرحبا 你好 hello", "\u202e", "?", "¿¡", "\ud83d", "0", "🙏" * 512],
)
def test_hostile_texts_have_a_rank(text: str) -> None:
    """Each intent once, best first, with a confidence from 0 to 1."""
    ranked = OURS.rank(text)
    assert sorted(name for name, _ in ranked) == sorted(
        intent.name for intent in read_folder(SHIPPED).chatbot().intents
    )
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    assert all(0 <= score <= 1 for _, score in ranked)


def test_an_utterance_is_understood_for_certain() -> None:
    """With the most confidence, in each intent of each bot."""
    bots = bots_of((SETS / "intents_bots.json").read_bytes())
    for intents in bots.values():
        bot = Intents(intents)
        taught = [(name, text) for name, texts in intents.items() for text in texts]
        unsure = [text for name, text in taught if bot.rank(text)[0][0] != name or bot.rank(text)[0][1] < 0.9]
        assert unsure == []


@pytest.mark.parametrize("number", [1, 2, 30])
def test_bots_of_any_size(number: int) -> None:
    """One intent attracts no ordinary post for want of another; thirty don't get into each other's way."""
    things = [
        *["hat", "boat", "lamp", "tyre", "piano", "carpet", "garden hose", "passport", "wedding cake", "telescope"],
        *["tooth", "lawn", "violin", "aquarium", "bicycle", "oven", "roof", "suitcase", "watch", "horse"],
        *["visa", "kayak", "tent", "sofa", "beard", "mirror", "fence", "candle", "sword", "parrot"],
    ][:number]
    bot = Intents({thing: [f"How much is a new {thing}", f"I need a {thing}"] for thing in things})
    assert [thing for thing in things if understood(f"what does a {thing} cost?", bot) != thing] == []
    for text in ("tell me a joke", "I hate you", "my grandma died", "good morning", "it rained all day"):
        assert understood(text, bot) == NO_INTENT


def test_utterances_are_embedded_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The next start of the same bot reads the vectors, and a damaged file is made again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls: list[int] = []

    def counted(texts: Sequence[str]) -> Any:
        calls.append(len(texts))
        return embed_all(texts)

    monkeypatch.setattr("twbot.local.models.intents.embed_all", counted)
    for _ in range(2):
        assert understood("what does a hat cost", Intents({"Hat": ["How much is a hat"]})) == "Hat"
    assert calls == [1]
    (kept,) = (tmp_path / "twbot").glob("utterances-*.npy")
    kept.write_bytes(kept.read_bytes()[:-2])
    assert understood("what does a hat cost", Intents({"Hat": ["How much is a hat"]})) == "Hat"
    assert understood("what does a hat cost", Intents({"Hat": ["How much is a hat", "Hats"]})) == "Hat"
    assert calls == [1, 1, 2]


@pytest.mark.parametrize(
    "text", ["@twbot Tell me a joke!", "¿Qué puedes hacer?", "冗談を言って", "#hello &amp; good morning"]
)
def test_sentiment_and_intent_of_a_message_run_the_model_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the same words, whatever each strips from a post."""
    runs: list[int] = []
    run = embedding._run

    def counted(texts: list[list[int]]) -> Any:
        runs.append(len(texts))
        return run(texts)

    monkeypatch.setattr(embedding, "_run", counted)
    embedding.read.cache_clear()
    sentiment(text)
    OURS.rank(to_utterance(text))
    assert runs == [1]


def test_angry_posts_reach_an_intent_for_complaints() -> None:
    """Rude posts are ordinary for every other intent, and sad ones for this one, too."""
    shop = {
        "Complaint": [
            "I want to complain",
            "The staff was rude",
            "Worst coffee ever",
            "I am furious",
            "You are useless",
        ],
        "Thanks": ["Thank you", "Thanks a lot", "You are great"],
        "Hours": ["When are you open", "What are your opening hours"],
    }
    bot = Intents(shop)
    angry = ["your waiter was so rude to me", "I'm so furious with you", "you useless idiots", "worst espresso ever"]
    assert [text for text in angry if understood(text, bot) != "Complaint"] == []
    for text in ("my dog died", "I feel so alone", "it rains again", "thanks for nothing", "I lost my keys"):
        assert understood(text, bot) == NO_INTENT
    without = Intents({name: texts for name, texts in shop.items() if name != "Complaint"})
    assert [text for text in angry if understood(text, without) != NO_INTENT] == []


def test_a_bot_without_intents_understands_nothing() -> None:
    """It has its fallback only."""
    assert Intents({}).rank("hello") == []


def test_posts_that_nobody_tuned_on() -> None:
    """Ours, a coffee shop and a museum in German: nine in ten ordinary posts get no answer, and most others theirs."""
    bots = bots_of((SETS / "intents_bots.json").read_bytes())
    posts = posts_of((SETS / "intents.tsv").read_text(encoding="utf-8"))
    found = scored(posts, bots, ordinary())
    threshold = ordinary().threshold
    for bot, share in (("twbot", 0.8), ("coffee", 0.65), ("museum", 0.65)):
        part = [each for each in found if each.post.bot == bot]
        counted = result(part, threshold)
        unrelated = sum(each.post.intent == NO_INTENT for each in part)
        assert counted.false_positives <= max(1, unrelated / 30), counted
        assert counted.right >= share * len(part), counted


def test_the_kept_posts_are_those_of_the_list() -> None:
    """Whoever changes the list runs training/intents.py."""
    english = [post for post in ordinary_posts() if post.language == "en"]
    assert [post.mood == HOSTILE for post in english] == ordinary().hostile.tolist()
    assert len(ordinary().posts) == len(english)
    assert {post.mood for post in ordinary_posts()} == {HOSTILE, "-"}


def test_the_threshold_lets_few_pass() -> None:
    """As low as it can be with at most three in a hundred false positives."""
    unrelated = [Scored(Post("b", "en", NO_INTENT, ""), "A", score / 100) for score in range(100)]
    related = [Scored(Post("b", "en", "A", ""), "A", score / 100 + 0.9) for score in range(10)]
    threshold = threshold_of([*unrelated, *related])
    assert 0.96 < threshold < 0.97
    assert result([*unrelated, *related], threshold) == (97 + 3, 3, 7, 0)
    assert slope_of(related, 0.0) > slope_of(unrelated, 0.5)
