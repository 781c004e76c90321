"""The fulfilment function of Lex V2: answers with a joke or a fact."""

from __future__ import annotations

import random
from typing import Any

from twbot.lambdas.responding.chatbot import sayings
from twbot.lambdas.responding.public_sayings import PublicSayings

OUR_OWN = {"Joke": "jokes.json", "Fact": "facts.json"}
_public = PublicSayings()
_random = random.SystemRandom()


def fulfil(event: dict[str, Any], *, public: PublicSayings = _public, rng: random.Random = _random) -> dict[str, Any]:
    """Return Lex V2's response to its event {"sessionState": {"intent": {"name": "Joke", …}, …}, …}.

    https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html
    """
    state = event["sessionState"]
    intent = state["intent"]
    if intent["name"] not in OUR_OWN:
        return _close(state, {**intent, "state": "Failed"}, [])
    # Our own where a public service is slow or down: Lex waits for this function, and a person for Lex.
    words = public.say(intent["name"]) or rng.choice(sayings(OUR_OWN[intent["name"]]))
    return _close(state, {**intent, "state": "Fulfilled"}, [{"contentType": "PlainText", "content": words}])


def _close(state: dict[str, Any], intent: dict[str, Any], messages: list[dict[str, str]]) -> dict[str, Any]:
    attributes = state.get("sessionAttributes") or {}
    session = {"sessionAttributes": attributes, "dialogAction": {"type": "Close"}, "intent": intent}
    return {"sessionState": session, "messages": messages}
