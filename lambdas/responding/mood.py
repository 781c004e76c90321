"""Spares people who are sad or angry a joke or a cheerful reply, whichever chatbot answered."""

from __future__ import annotations

import random
from typing import Any

from twbot.lambdas.contracts import Analysis
from twbot.lambdas.responding.chatbot import Definition, definition

# Comprehend's name of the mood: https://docs.aws.amazon.com/comprehend/latest/dg/how-sentiment.html
NEGATIVE = "NEGATIVE"
_random = random.SystemRandom()


def temper(
    answer: dict[str, Any],
    analysis: Analysis,
    *,
    bot: Definition | None = None,
    rng: random.Random = _random,
) -> dict[str, Any]:
    """Return the chatbot's answer, or the fallback's where a cheerful intent would answer a post of negative sentiment.

    The surer one is believed, chatbot or sentiment: "cheer me up" is a wish, "thanks for nothing" are no thanks.
    Where the fallback answers a negative post, it does so with the replies of `upset`, if the bot has any. Intents
    that are not cheerful, such as one for complaints, answer in every mood.

    answer: Lex V2's RecognizeText response
    """
    bot = bot or definition()
    spared = {intent.name for intent in bot.intents if intent.cheerful} | {bot.fallback.name}
    if _intent(answer) not in spared or _confidence(answer) >= _negative(analysis):
        return answer
    reply = {"content": rng.choice(bot.upset or bot.fallback.replies), "contentType": "PlainText"}
    intent = {"name": bot.fallback.name, "slots": {}, "state": "Failed", "confirmationState": "None"}
    return {
        **answer,
        "messages": [reply],
        "sessionState": {**answer["sessionState"], "intent": intent},
        "interpretations": [{"intent": intent, "interpretationSource": "Lex"}, *_others(answer, bot.fallback.name)],
    }


def _intent(answer: dict[str, Any]) -> str | None:
    name: str | None = answer.get("sessionState", {}).get("intent", {}).get("name")
    return name


def _confidence(answer: dict[str, Any]) -> float:
    chosen = [each for each in answer.get("interpretations", []) if each["intent"]["name"] == _intent(answer)]
    return max((each.get("nluConfidence", {}).get("score", 0.0) for each in chosen), default=0.0)


def _negative(analysis: Analysis) -> float:
    """Return how sure it is that the post is negative; 0 where another mood is likelier, or none is known."""
    if analysis.text_sentiment != NEGATIVE:
        return 0.0
    return (analysis.sentiment_score or {}).get("Negative", 1.0)


def _others(answer: dict[str, Any], fallback: str) -> list[dict[str, Any]]:
    return [each for each in answer.get("interpretations", []) if each["intent"]["name"] != fallback]
