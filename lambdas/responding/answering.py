"""Finds the words that answer a message: the functions of [answers] first, then the chatbot."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from twbot.lambdas.contracts import Event, Message, MessageAnalysed
from twbot.lambdas.errors import FunctionFailed, Permanent
from twbot.lambdas.folder.folder import BotFolder
from twbot.lambdas.folder.records import ChatbotFile, Intent
from twbot.lambdas.own.calls import answer_call
from twbot.lambdas.ports import Chatbot, Functions
from twbot.lambdas.responding.lex_limits import FALLBACK
from twbot.lambdas.responding.mood import is_spared, negativity
from twbot.lambdas.responding.utterance import to_utterance
from twbot.lambdas.wording import say

# The intent of an answer that names none.
UNKNOWN = "?"
_random = random.SystemRandom()
_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """The words that answer a message."""

    words: str
    by: str
    """What said them: a function, as in bot.orders:status, or the name of an intent."""
    is_stock: bool = False
    """Whether others get the same sentence."""
    intent: str | None = None
    """The intent that the chatbot understood; None where it was not asked."""
    confidence: float | None = None
    """The chatbot's, 0 to 1; None for its fallback."""


class Understood(NamedTuple):
    """What the chatbot made of a text."""

    intent: str
    confidence: float | None
    messages: str
    """What it says itself."""


def spoken_in(message: Message) -> str | None:
    """Return the language of a message (ISO 639-1): the analysis's, else X's; None where nobody knows."""
    if not to_utterance(message.text):  # the bot's name alone is in no language, whatever a detector guesses
        return None
    analysed = message.analysis.language if isinstance(message, MessageAnalysed) else None
    return analysed or message.language


def answer_of(
    event: Event,
    message: MessageAnalysed,
    *,
    chatbot: Chatbot,
    functions: Functions,
    folder: BotFolder,
    rng: random.Random = _random,
) -> Answer:
    """Return the words that answer a MESSAGE_ANALYSED without pictures. Raises Temporary."""
    if said := first_words(folder.answers.texts, event, functions, folder):
        return said
    language = folder.language_of(spoken_in(message))
    own = folder.chatbot(language)
    understood = _understood(message, chatbot, own, language)
    if is_spared(understood.intent, understood.confidence or 0.0, message.analysis, own):
        understood = Understood(FALLBACK, None, "")
    answer = _answer_of_intent(understood, event, message, functions, folder, own, rng)
    return answer._replace(intent=understood.intent, confidence=understood.confidence)


def first_words(runs: Iterable[str], event: Event, functions: Functions, folder: BotFolder) -> Answer | None:
    """Return what the first of the functions says that says anything. Raises Temporary as a function does.

    One that fails says nothing; why is in the log.
    """
    for run in runs:
        if words := _words_of(run, event, functions, folder):
            return Answer(words, run)
    return None


def intent_named(chatbot: ChatbotFile, name: str) -> Intent | None:
    """Return the intent of a name; None where the chatbot has none."""
    return next((each for each in chatbot.intents if each.name == name), None)


def stock_words(intent: Intent | None, chatbot: ChatbotFile, *, upset: bool, rng: random.Random = _random) -> str:
    """Return one of the replies of an intent, else of the fallback. `upset`: whether the post is sad or angry."""
    if intent is not None and intent.replies:
        return rng.choice(intent.replies)
    fallback = chatbot.fallback
    return rng.choice(fallback.upset if upset and fallback.upset else fallback.replies)


def _words_of(run: str, event: Event, functions: Functions, folder: BotFolder) -> str | None:
    try:
        words = functions.call(answer_call(folder, run), event)
    except (FunctionFailed, Permanent) as error:
        traceback = getattr(error, "traceback", None) or ""
        # The stack of one that did not return in time says nothing of that.
        reason = traceback if str(error).removeprefix(f"{run}: ") in traceback else f"{error} {traceback}".rstrip()
        _log.warning("%s says nothing, as it failed: %s", run, reason, extra={"function": run})
        return None
    if words is None or isinstance(words, str):
        return (words or "").strip() or None
    _log.error("%s says nothing: it returned no text but %.60r", run, words, extra={"function": run})
    return None


def _answer_of_intent(
    understood: Understood,
    event: Event,
    message: MessageAnalysed,
    functions: Functions,
    folder: BotFolder,
    chatbot: ChatbotFile,
    rng: random.Random,
) -> Answer:
    intent = intent_named(chatbot, understood.intent)
    # An intent that only the deployed Lex knows, as while another folder is being deployed.
    if intent is None and understood.intent != FALLBACK and understood.messages:
        return Answer(understood.messages, understood.intent)
    if intent is not None and intent.run:
        if said := first_words([intent.run], event, functions, folder):
            return said
        instead = "its replies answer" if intent.replies else "the fallback answers"
        _log.warning("intent %s: %s said nothing, %s", intent.name, intent.run, instead)
    words = stock_words(intent, chatbot, upset=negativity(message.analysis) > 0, rng=rng)
    return Answer(words, intent.name if intent is not None and intent.replies else FALLBACK, is_stock=True)


def _understood(message: MessageAnalysed, chatbot: Chatbot, own: ChatbotFile, language: str) -> Understood:
    if not own.intents:
        return Understood(FALLBACK, None, "")
    # Lex refuses an empty text, and a bare mention is a greeting.
    text = to_utterance(message.text) or say("hello", language)
    return understood_of(
        chatbot.recognize_text(text=text, session_id=f"x-{message.twitter.user_id}", language=language)
    )


def understood_of(answer: dict[str, Any]) -> Understood:
    """Return what Lex V2's RecognizeText response says."""
    found: list[dict[str, Any]] = answer.get("interpretations", [])
    chosen = answer.get("sessionState", {}).get("intent") or (found[0]["intent"] if found else {})
    name = str(chosen.get("name") or UNKNOWN)
    scores = [
        float(each["nluConfidence"]["score"])
        for each in found
        if each["intent"]["name"] == name and each.get("nluConfidence", {}).get("score") is not None
    ]
    return Understood(name, max(scores, default=None), _said(answer.get("messages", [])))


def _said(messages: Sequence[dict[str, Any]]) -> str:
    return " ".join(part["content"] for part in messages if part.get("content"))
