"""The bot's definition keeps Lex V2's rules, and its words can be posted."""

from __future__ import annotations

import re

import pytest

from twbot.lambdas.responding.chatbot import definition, sayings
from twbot.lambdas.responding.utterance import to_utterance
from twbot.lambdas.x.text import neutralise, weight


def test_utterances_keep_lexs_rules() -> None:
    """Letters, digits, blanks and a few marks, at most 500 characters, each in one intent only."""
    utterances = [words for intent in definition().intents for words in intent.utterances]
    assert all(re.fullmatch(r"[A-Za-z0-9 '.,_-]{1,500}", words) for words in utterances)
    assert len({words.lower() for words in utterances}) == len(utterances)


def test_intents_keep_lexs_rules() -> None:
    """Names of up to 100 letters; every intent can answer; the fallback has Lex's own name."""
    bot = definition()
    names = [intent.name for intent in bot.intents]
    assert {"Joke", "Fact", "Greeting", "Thanks", "Help", "Goodbye"} <= set(names)
    assert all(re.fullmatch(r"([0-9a-zA-Z][_-]?){1,100}", name) for name in [*names, bot.name])
    assert all(intent.fulfilled != bool(intent.replies) and intent.utterances for intent in bot.intents)
    assert bot.fallback.name == "FallbackIntent"
    assert bot.fallback.replies
    assert not bot.fallback.cheerful
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", ["jokes.json", "facts.json"])
def test_our_own_sayings(file: str) -> None:
    """Thirty each, all different, each fit for one post."""
    ours = sayings(file)
    assert len(set(ours)) == len(ours) == 30
    assert all(weight(words) <= 240 and neutralise(words) == words for words in ours)


@pytest.mark.parametrize(
    ("text", "utterance"),
    [
        ("@twbot tell me a joke https://t.co/abc", "tell me a joke"),
        ("@twbot", ""),
        ("hey @twbot\n\n#joke please &amp; thanks", "hey joke please & thanks"),
        ("mail me at a@example.com", "mail me at a@example.com"),
        ("x" * 3000, "x" * 1024),
        ("@twbot 👋🏽", "waving hand sign"),
        ("@twbot 🙏🙏🏿 ❤️", "person with folded hands heavy black heart"),
        ("hi 👋", "hi 👋"),
        ("?!", "?!"),
        ("👍" * 3000, "thumbs up sign"),
    ],
)
def test_what_the_chatbot_is_told(text: str, utterance: str) -> None:
    """Whom they addressed and what they linked is not for the chatbot; a lone mention is nothing."""
    assert to_utterance(text) == utterance
