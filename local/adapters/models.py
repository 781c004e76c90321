"""Binds the local models to the service names that the workflow and the chatbot's handler call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import twbot.local.models  # noqa: F401 - switches off the telemetry of what is imported below
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.ports import Chatbot, MediaStore

Task = Callable[[dict[str, Any]], dict[str, Any]]


class Analysers(Protocol):
    """The AI services behind the workflow and the chatbot."""

    chatbot: Chatbot

    def tasks(self) -> dict[str, Task]:
        """Return the workflow's AI tasks, by resource without `arn:aws:states:::`."""

    def warm(self) -> None:
        """Load all models now instead of at first use."""


class LocalModels:
    """The AI services on models of this machine. Each model loads at first use."""

    def __init__(self, media: MediaStore, gallery: Path) -> None:
        # Import here what several models need: threads that load models at the same time would import it at the same
        # time, and fail.
        import numpy  # noqa: F401
        import onnxruntime  # noqa: F401

        from twbot.local.models.comprehend import Comprehend
        from twbot.local.models.folder_people import gallery_of
        from twbot.local.models.lex import Lex
        from twbot.local.models.rekognition import Rekognition

        self.comprehend = Comprehend()
        self.rekognition = Rekognition(gallery_of(gallery), media.get)
        self.chatbot: Chatbot = Lex()

    def tasks(self) -> dict[str, Task]:
        return {
            "aws-sdk:comprehend:detectDominantLanguage": self.comprehend.detect_dominant_language,
            "aws-sdk:comprehend:detectSentiment": self.comprehend.detect_sentiment,
            "aws-sdk:comprehend:detectEntities": self.comprehend.detect_entities,
            "aws-sdk:rekognition:detectLabels": self.rekognition.detect_labels,
            "aws-sdk:rekognition:detectText": self.rekognition.detect_text,
            "aws-sdk:rekognition:recognizeCelebrities": self.rekognition.recognize_celebrities,
        }

    def warm(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(self._warm_text), pool.submit(self.rekognition.warm)]:
                done.result()

    def _warm_text(self) -> None:
        text = {"Text": "Good morning, London!", "LanguageCode": "en"}
        self.comprehend.detect_dominant_language({"Text": text["Text"]})
        self.comprehend.detect_sentiment(text)
        self.comprehend.detect_entities(text)
        self.chatbot.recognize_text(
            text=text["Text"], session_id="warm", language=bot_folder().language_of(text["LanguageCode"])
        )
