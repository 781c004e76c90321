"""The local models, as the services that the workflow and the chatbot's handler call by name."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from twbot.lambdas.ports import Chatbot, MediaStore

Task = Callable[[dict[str, Any]], dict[str, Any]]


class Analysers(Protocol):
    """What understands texts and pictures, and talks."""

    chatbot: Chatbot

    def tasks(self) -> dict[str, Task]:
        """The workflow's AI tasks by their resource, without `arn:aws:states:::`."""

    def warm(self) -> None:
        """Load everything now rather than when it is first used."""


class LocalModels:
    """The real ones. Each model loads when it is first used."""

    def __init__(self, media: MediaStore, gallery: Path) -> None:
        # Several threads may load their models at once; what those share must be there by then, or its import breaks.
        import numpy  # noqa: F401
        import onnxruntime  # noqa: F401

        from twbot.local.models.comprehend import Comprehend
        from twbot.local.models.gallery import Gallery
        from twbot.local.models.lex import Lex
        from twbot.local.models.rekognition import Rekognition

        self.comprehend = Comprehend()
        self.rekognition = Rekognition(Gallery(gallery), media.get)
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
        self.chatbot.recognize_text(text=text["Text"], session_id="warm")
