"""Amazon Lex V2 on this machine: answers with the intent that a text is of (intents.py), else with the fallback."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from twbot.lambdas.responding.chatbot import Definition, definition
from twbot.lambdas.responding.fulfilment import fulfil
from twbot.local.models.errors import ServiceError
from twbot.local.models.intents import SURE, Intents
from twbot.local.models.loading import loads_once

# Lex's own limits on text and session id:
# https://docs.aws.amazon.com/lexv2/latest/APIReference/API_runtime_RecognizeText.html
MAX_LENGTH = 1024
_SESSION = re.compile(r"[0-9a-zA-Z._:-]{2,100}")
_random = random.SystemRandom()


class Lex:
    """A Chatbot (twbot.lambdas.ports). `fulfilment`: the code hook; it takes and returns what Lex's Lambda does.

    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html
    """

    def __init__(
        self,
        bot: Definition | None = None,
        fulfilment: Callable[[dict[str, Any]], dict[str, Any]] = fulfil,
        rng: random.Random = _random,
    ) -> None:
        self._bot = bot or definition()
        self._intents = {intent.name: intent for intent in [*self._bot.intents, self._bot.fallback]}
        self._fulfilment, self._rng = fulfilment, rng
        self._matcher = loads_once(lambda: Intents({each.name: each.utterances for each in self._bot.intents}))

    def recognize_text(self, *, text: str, session_id: str) -> dict[str, Any]:
        """Return RecognizeText's response. Raises ServiceError."""
        _check(text, session_id)
        ranked = self._matcher().rank(text)
        name = ranked[0][0] if ranked and ranked[0][1] >= SURE else self._bot.fallback.name
        closed = self._close(name, text, session_id)
        return {
            "messages": closed["messages"],
            "sessionState": closed["sessionState"],
            "interpretations": self._interpretations(closed["sessionState"]["intent"], ranked),
            "requestAttributes": {},
            "sessionId": session_id,
        }

    def _close(self, name: str, text: str, session_id: str) -> dict[str, Any]:
        intent = {"name": name, "slots": {}, "state": "ReadyForFulfillment", "confirmationState": "None"}
        if self._intents[name].fulfilled:
            return self._fulfilment(self._event(intent, text, session_id))
        reply = {"content": self._rng.choice(self._intents[name].replies), "contentType": "PlainText"}
        state = "Failed" if name == self._bot.fallback.name else "Fulfilled"
        closed = {"dialogAction": {"type": "Close"}, "intent": {**intent, "state": state}, "sessionAttributes": {}}
        return {"sessionState": closed, "messages": [reply]}

    def _event(self, intent: dict[str, Any], text: str, session_id: str) -> dict[str, Any]:
        return {
            "messageVersion": "1.0",
            "invocationSource": "FulfillmentCodeHook",
            "inputMode": "Text",
            "responseContentType": "text/plain; charset=utf-8",
            "sessionId": session_id,
            "inputTranscript": text,
            "bot": {"name": self._bot.name, "localeId": self._bot.locale},
            "interpretations": [{"intent": intent}],
            "sessionState": {"intent": intent, "sessionAttributes": {}},
        }

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


def _check(text: str, session_id: str) -> None:
    if not 1 <= len(text) <= MAX_LENGTH:
        raise ServiceError("LexRuntimeV2.ValidationException", f"text: {len(text)} characters, not 1 to {MAX_LENGTH}")
    if not _SESSION.fullmatch(session_id):
        raise ServiceError("LexRuntimeV2.ValidationException", "sessionId: not 2 to 100 of 0-9 a-z A-Z . _ : -")
