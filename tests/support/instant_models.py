"""Analysers that answer at once: where the pipeline is tested or measured, not the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twbot.lambdas.ports import Chatbot, MediaStore
from twbot.local.adapters.models import Task


class Parrot:
    """A chatbot that repeats what it hears."""

    def recognize_text(self, *, text: str, session_id: str, language: str) -> dict[str, Any]:
        return {"sessionId": session_id, "messages": [{"contentType": "PlainText", "content": f"You said: {text}"}]}


class Instant:
    """Finds NEGATIVE where the text says angry, and nothing in any picture."""

    def __init__(self, media: MediaStore, gallery: Path) -> None:
        self.chatbot: Chatbot = Parrot()

    def tasks(self) -> dict[str, Task]:
        return {
            "aws-sdk:comprehend:detectDominantLanguage": lambda _: {
                "Languages": [{"LanguageCode": "en", "Score": 1.0}]
            },
            "aws-sdk:comprehend:detectSentiment": _sentiment,
            "aws-sdk:comprehend:detectEntities": lambda _: {"Entities": []},
            "aws-sdk:rekognition:detectLabels": lambda _: {"Labels": []},
            "aws-sdk:rekognition:detectText": lambda _: {"TextDetections": []},
            "aws-sdk:rekognition:recognizeCelebrities": lambda _: {"CelebrityFaces": [], "UnrecognizedFaces": []},
        }

    def warm(self) -> None:
        """There is nothing to load."""


def _sentiment(parameters: dict[str, Any]) -> dict[str, Any]:
    negative = 0.9 if "angry" in parameters["Text"] else 0.0
    score = {"Positive": 0.0, "Negative": negative, "Neutral": 1.0 - negative, "Mixed": 0.0}
    return {"Sentiment": "NEGATIVE" if negative else "NEUTRAL", "SentimentScore": score}
