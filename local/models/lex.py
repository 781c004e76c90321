"""Amazon Lex V2 on this machine: answers with the intent that a text is of (intents.py), else with the fallback."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from twbot.lambdas.folder.folder import BotFolder, bot_folder
from twbot.lambdas.folder.records import ChatbotFile
from twbot.lambdas.responding.answering import intent_named
from twbot.lambdas.responding.lex_limits import FALLBACK
from twbot.local.models.errors import ServiceError
from twbot.local.models.intents import SURE, Intents
from twbot.local.models.loading import loads_once

# Lex's own limits on text and session id:
# https://docs.aws.amazon.com/lexv2/latest/APIReference/API_runtime_RecognizeText.html
MAX_LENGTH = 1024
_SESSION = re.compile(r"[0-9a-zA-Z._:-]{2,100}")
_random = random.SystemRandom()


class Lex:
    """A Chatbot (twbot.lambdas.ports): a matcher for each language, which loads when it is first asked."""

    def __init__(self, folder: BotFolder | None = None, rng: random.Random = _random) -> None:
        self._folder, self._rng = folder or bot_folder(), rng
        self._matchers = {language: _matcher(chatbot) for language, chatbot in self._folder.chatbots.items()}

    def recognize_text(self, *, text: str, session_id: str, language: str) -> dict[str, Any]:
        """Return RecognizeText's response. Raises ServiceError."""
        _check(text, session_id)
        ranked = self._matchers[language]().rank(text)
        name = ranked[0][0] if ranked and ranked[0][1] >= SURE else FALLBACK
        closed = self._close(name, language)
        return {
            "messages": closed["messages"],
            "sessionState": closed["sessionState"],
            "interpretations": self._interpretations(closed["sessionState"]["intent"], ranked),
            "requestAttributes": {},
            "sessionId": session_id,
        }

    def _close(self, name: str, language: str) -> dict[str, Any]:
        chatbot = self._folder.chatbots[language]
        intent = intent_named(chatbot, name)
        # Whoever asks runs the function of an intent: without replies the intent says nothing here.
        replies = chatbot.fallback.replies if intent is None else intent.replies
        messages = [{"content": self._rng.choice(replies), "contentType": "PlainText"}] if replies else []
        state = "Failed" if name == FALLBACK else "Fulfilled"
        meant = {"name": name, "slots": {}, "state": state, "confirmationState": "None"}
        session = {"dialogAction": {"type": "Close"}, "intent": meant, "sessionAttributes": {}}
        return {"sessionState": session, "messages": messages}

    def _interpretations(self, chosen: dict[str, Any], ranked: list[tuple[str, float]]) -> list[dict[str, Any]]:
        """Return the interpretations, the chosen intent first."""
        # Lex gives its fallback intent no confidence score.
        scores = dict(ranked)
        first: dict[str, Any] = {"intent": chosen, "interpretationSource": "Lex"}
        if chosen["name"] in scores:
            first["nluConfidence"] = {"score": round(scores[chosen["name"]], 2)}
        others = [
            {
                "nluConfidence": {"score": round(score, 2)},
                "intent": {"name": name, "slots": {}},
                "interpretationSource": "Lex",
            }
            for name, score in ranked[:4]
            if name != chosen["name"]
        ]
        return [first, *others]


def _matcher(chatbot: ChatbotFile) -> Callable[[], Intents]:
    return loads_once(lambda: Intents({each.name: each.utterances for each in chatbot.intents}))


def _check(text: str, session_id: str) -> None:
    if not 1 <= len(text) <= MAX_LENGTH:
        raise ServiceError("LexRuntimeV2.ValidationException", f"text: {len(text)} characters, not 1 to {MAX_LENGTH}")
    if not _SESSION.fullmatch(session_id):
        raise ServiceError("LexRuntimeV2.ValidationException", "sessionId: not 2 to 100 of 0-9 a-z A-Z . _ : -")
