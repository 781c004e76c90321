"""The bot's definition keeps Lex V2's rules, and its words can be posted."""

from __future__ import annotations

import pytest

from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.responding.lex_limits import lex_utterance, problems_of
from twbot.lambdas.responding.own_sayings import FILES, sayings
from twbot.lambdas.responding.utterance import to_utterance
from twbot.lambdas.x.text import neutralise, weight

CHATBOT = read_folder(SHIPPED).chatbot()


def test_the_chatbot_keeps_lexs_rules() -> None:
    """And its utterances are for Lex what they are here."""
    assert problems_of(read_folder(SHIPPED), "en") == []
    utterances = [words for intent in CHATBOT.intents for words in intent.utterances]
    assert [lex_utterance(words) for words in utterances] == utterances


def test_every_intent_can_answer() -> None:
    """With replies or a function, and none is left out."""
    assert {"Joke", "Fact", "Greeting", "Thanks", "Help", "Goodbye"} == {intent.name for intent in CHATBOT.intents}
    assert all(bool(intent.run) != bool(intent.replies) for intent in CHATBOT.intents)


def test_whoever_is_upset_is_spared() -> None:
    """Jokes, facts and small talk are cheerful; help is not. The words for the upset invite to no joke."""
    assert {intent.name for intent in CHATBOT.intents if not intent.cheerful} == {"Help"}
    assert CHATBOT.fallback.upset
    assert all("sorry" in words for words in CHATBOT.fallback.upset)


@pytest.mark.parametrize("kind", FILES)
def test_our_own_sayings(kind: str) -> None:
    """Thirty each, all different, each fit for one post."""
    ours = sayings(kind)
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
