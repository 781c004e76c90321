"""Amazon Comprehend on this machine: the workflow's three calls, with Comprehend's requests, limits and errors."""

from __future__ import annotations

from typing import Any

from twbot.lambdas.analysis.languages import LOCAL
from twbot.local.models.entities import SCORE, entities
from twbot.local.models.errors import ServiceError
from twbot.local.models.language import languages
from twbot.local.models.sentiment import sentiment

# UTF-8 bytes of a text, as Comprehend's: https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html
MAX_BYTES = 5000
Params = dict[str, Any]
Answer = dict[str, Any]


class Comprehend:
    """Comprehend's calls, with its parameters and answers. Each raises ServiceError. Models load at first use."""

    def detect_dominant_language(self, params: Params) -> Answer:
        """Take {"Text"}; answer {"Languages": [{"LanguageCode", "Score"}]}, likeliest first."""
        found = languages(_text(params))
        return {"Languages": [{"LanguageCode": code, "Score": score} for code, score in found]}

    def detect_sentiment(self, params: Params) -> Answer:
        """Take {"Text", "LanguageCode"}; answer {"Sentiment", "SentimentScore": {"Positive", …}}."""
        text, language = _read(params, LOCAL["sentiment"])
        name, scores = sentiment(text, language)
        return {"Sentiment": name, "SentimentScore": {kind.title(): score for kind, score in scores.items()}}

    def detect_entities(self, params: Params) -> Answer:
        """Take {"Text", "LanguageCode"}; answer {"Entities": [{"Score", "Type", "Text", …}]}."""
        found = entities(_read(params, LOCAL["entities"])[0])
        return {
            "Entities": [
                {"Score": SCORE, "Type": each.type, "Text": each.text, "BeginOffset": each.begin, "EndOffset": each.end}
                for each in found
            ]
        }


def _text(params: Params) -> str:
    text = params.get("Text")
    if not isinstance(text, str) or not text:
        raise ServiceError("Comprehend.InvalidRequestException", "Text: at least one character is needed")
    size = len(text.encode("utf-8", errors="replace"))
    if size > MAX_BYTES:
        message = f"Text: {size} bytes, more than {MAX_BYTES}"
        raise ServiceError("Comprehend.TextSizeLimitExceededException", message)
    return text


def _read(params: Params, languages: tuple[str, ...]) -> tuple[str, str]:
    """Return the text and its language. Raises ServiceError for a language that is not one of these."""
    text = _text(params)
    code = params.get("LanguageCode")
    if not isinstance(code, str) or not code:
        raise ServiceError("Comprehend.InvalidRequestException", "LanguageCode: needed")
    if code not in languages:
        message = f"LanguageCode: {code!r} is not one of those that are read on this machine: {', '.join(languages)}"
        raise ServiceError("Comprehend.UnsupportedLanguageException", message)
    return text, code
