"""Lex V2's fulfilment function: finds the joke or the fact."""

from __future__ import annotations

import random
from typing import Any

from twbot.lambdas.responding.chatbot import sayings
from twbot.lambdas.responding.public_sayings import PublicSayings

OUR_OWN = {"Joke": "jokes.json", "Fact": "facts.json"}
_public = PublicSayings()
_random = random.SystemRandom()


def fulfil(event: dict[str, Any], *, public: PublicSayings = _public, rng: random.Random = _random) -> dict[str, Any]:
    """Take Lex V2's event, {"sessionState": {"intent": {"name": "Joke", …}, …}, …}; answer in Lex V2's shape.

    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html
    """
    state = event["sessionState"]
    intent = state["intent"]
    if intent["name"] not in OUR_OWN:
        return _close(state, {**intent, "state": "Failed"}, [])
    words = public.say(intent["name"]) or rng.choice(sayings(OUR_OWN[intent["name"]]))
    return _close(state, {**intent, "state": "Fulfilled"}, [{"contentType": "PlainText", "content": words}])


def _close(state: dict[str, Any], intent: dict[str, Any], messages: list[dict[str, str]]) -> dict[str, Any]:
    attributes = state.get("sessionAttributes") or {}
    session = {"sessionAttributes": attributes, "dialogAction": {"type": "Close"}, "intent": intent}
    return {"sessionState": session, "messages": messages}
