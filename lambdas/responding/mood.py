"""Spares people who are sad or angry a joke or a cheerful reply, whichever chatbot answers."""

from __future__ import annotations

from twbot.lambdas.contracts import Analysis
from twbot.lambdas.folder.records import ChatbotFile
from twbot.lambdas.responding.lex_limits import FALLBACK

# Comprehend's name of the mood: https://docs.aws.amazon.com/comprehend/latest/dg/how-sentiment.html
NEGATIVE = "NEGATIVE"


def is_spared(intent: str, confidence: float, analysis: Analysis, chatbot: ChatbotFile) -> bool:
    """Return whether the fallback is to answer, with its words for who is upset, instead of an intent.

    The surer one is believed, chatbot or sentiment: "cheer me up" is a wish, "thanks for nothing" are no thanks.
    Intents that are not cheerful, such as one for complaints, answer in every mood.

    confidence: of the chatbot in the intent, 0 to 1; Lex gives its fallback none, which is 0
    """
    cheerful = {each.name for each in chatbot.intents if each.cheerful} | {FALLBACK}
    return intent in cheerful and confidence < negativity(analysis)


def negativity(analysis: Analysis) -> float:
    """Return how sure it is, 0 to 1, that the post is negative; 0 where another mood is likelier, or none is known."""
    if analysis.text_sentiment != NEGATIVE:
        return 0.0
    return (analysis.sentiment_score or {}).get("Negative", 1.0)
