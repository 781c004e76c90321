"""What Lex would refuse is found before anything is deployed, with the intent and the utterance."""

from __future__ import annotations

import msgspec
import pytest

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.folder.records import ChatbotFile, Fallback, Intent
from twbot.lambdas.responding.lex_limits import (
    LOCALES,
    Problem,
    lex_utterance,
    locale_of,
    problems,
    problems_of,
    refuse_unfit,
)


def chatbot(*intents: Intent) -> ChatbotFile:
    return ChatbotFile(intents=list(intents), fallback=Fallback(replies=["?"]))


def intent(*utterances: str, name: str = "Hours") -> Intent:
    return Intent(name=name, utterances=list(utterances))


def many(number: int) -> list[Intent]:
    return [intent(f"number {each}", name=f"I{each}") for each in range(number)]


FINE = [
    chatbot(intent("When are you open?", "Opening hours (today), please!", "¿Cuándo abrís?", "営業時間は")),
    chatbot(intent("x" * 500)),
    chatbot(intent(*[f"number {each}" for each in range(1500)])),
    chatbot(*many(249)),
    chatbot(),
]
REFUSED = [
    (chatbot(intent("?!")), "There is no word in it.", "Hours", "?!"),
    (chatbot(intent("x" * 501)), "501 characters: Lex takes 500.", "Hours", "x" * 501),
    (chatbot(intent("𝒳" * 251)), "502 characters: Lex takes 500.", "Hours", "𝒳" * 251),
    (
        chatbot(intent("Open?"), intent("open", name="Other")),
        "Hours has it, too: only one intent can be meant.",
        "Other",
        "open",
    ),
    (chatbot(intent("a b"), intent("c d")), "2 intents have this name: make them one.", "Hours", None),
    (chatbot(intent("a", name="FallbackIntent")), "FallbackIntent is Lex's own name", "FallbackIntent", None),
    (chatbot(intent(*[f"number {each}" for each in range(1501)])), "1501 utterances: Lex takes 1,500.", "Hours", None),
    (chatbot(*many(250)), "250 intents: Lex takes 249 in de_DE.", None, None),
    (
        chatbot(*[intent(*[f"{each} {'x' * 480} {one}" for one in range(420)]) for each in (1,)]),
        "Lex takes 200,000 in de_DE.",
        None,
        None,
    ),
]


@pytest.mark.parametrize("fit", FINE)
def test_what_lex_takes(fit: ChatbotFile) -> None:
    """Any script and punctuation, up to the limits themselves."""
    assert problems(fit, "de") == []


@pytest.mark.parametrize(("unfit", "fault", "name", "utterance"), REFUSED)
def test_what_lex_refuses(unfit: ChatbotFile, fault: str, name: str | None, utterance: str | None) -> None:
    """Each fault once, where it is."""
    (found,) = problems(unfit, "de")
    assert fault in found.problem
    assert (found.intent, found.utterance) == (name, utterance)


def test_english_has_more_room() -> None:
    """1,000 intents and two million characters."""
    assert problems(chatbot(*many(999)), "en") == []


@pytest.mark.parametrize("language", ["ru", "la", "zh-TW"])
def test_a_language_that_lex_lacks(language: str) -> None:
    """Is refused with what to do instead."""
    (found,) = problems(chatbot(intent("a")), language)
    assert f"Lex has no language {language}" in found.problem
    assert "a function in [answers]" in found.problem


def test_locales_are_lexs_own() -> None:
    """A language or a language and a region, each to one locale."""
    assert all(locale.split("_")[0] == language.split("-")[0] for language, locale in LOCALES.items())
    assert locale_of("en") == "en_US"
    assert locale_of("ru") is None


@pytest.mark.parametrize(
    ("utterance", "taken"),
    [
        ("Where is my order?", "Where is my order"),
        ("  what's   up – my friend ", "what's up my friend"),
        ("I’m here", "I'm here"),
        ("order {number} [now]", "order number now"),
        ("C++ & C#", "C C"),
        ("Wo ist's? Übermorgen.", "Wo ist's Übermorgen."),
        ("नमस्ते", "नमस्ते"),
    ],
)
def test_an_utterance_as_lex_takes_it(utterance: str, taken: str) -> None:
    """Letters and their marks, digits, and what may stand within a word; a brace would begin a slot."""
    assert lex_utterance(utterance) == taken


def test_a_bot_that_lex_would_refuse_is_not_deployed() -> None:
    """The error names the language, intent and utterance; two languages of one locale are one too many."""
    folder = msgspec.structs.replace(
        read_folder(SHIPPED), languages=["de"], chatbots={"de": chatbot(intent("?!"), intent("a", name="Other"))}
    )
    with pytest.raises(TwbotError, match=r"chatbot of de: Hours: “\?!”: There is no word in it"):
        refuse_unfit(folder)
    twice = msgspec.structs.replace(
        folder, languages=["pt", "pt-BR"], chatbots={"pt": chatbot(intent("a")), "pt-BR": chatbot(intent("a"))}
    )
    assert problems_of(twice, "pt") == [Problem("pt-BR is the same to Lex: take one out of bot.languages.")]
    refuse_unfit(read_folder(SHIPPED))
