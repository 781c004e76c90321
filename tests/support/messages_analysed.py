"""What the functions that answer are given in tests: analysed messages, pictures, a bus and a chatbot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import msgspec
from PIL import Image

from twbot.lambdas.contracts import (
    AnalysedImage,
    Analysis,
    Entry,
    Event,
    ImageAnalysis,
    MessageAnalysed,
    SendTweet,
    Twitter,
    read,
)

FACE = {"BoundingBox": {"Left": 0.3, "Top": 0.3, "Width": 0.2, "Height": 0.3}}
OBAMA = ImageAnalysis(celebrity_faces=[{"Name": "Barack Obama", "Face": FACE}])


class DictMedia:
    def __init__(self, *keys: str) -> None:
        file = io.BytesIO()
        Image.new("RGB", (320, 240), "white").save(file, "JPEG")
        self.kept = dict.fromkeys(keys, file.getvalue())

    def put(self, key: str, data: bytes, content_type: str) -> None:
        assert content_type == "image/jpeg"
        self.kept[key] = data

    def get(self, key: str) -> bytes:
        return self.kept[key]


class RecordingBus:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fixed: dict[str, str] = {}

    def publish(self, entries: Sequence[Entry]) -> None:
        self.entries += entries

    def fix(self, key: str, value: str) -> str:
        return self.fixed.setdefault(key, value)

    @property
    def command(self) -> SendTweet:
        (only,) = self.entries
        return read(only.detail, SendTweet)


class ScriptedChatbot:
    """Says `messages` as the answer of an intent that is not in the folder; keeps what it was asked."""

    def __init__(self, *messages: str, intent: str = "Elsewhere") -> None:
        self.messages, self.intent = messages, intent
        self.asked: list[tuple[str, str]] = []

    def recognize_text(self, *, text: str, session_id: str, language: str) -> dict[str, Any]:
        self.asked.append((text, session_id))
        messages = [{"contentType": "PlainText", "content": said} for said in self.messages]
        return {"messages": messages, "sessionState": {"intent": {"name": self.intent}}}


def analysed(*images: AnalysedImage, text: str = "@bot hi", event_replay: str | None = None, **fields: Any) -> Event:
    message = MessageAnalysed(
        **{
            "text": text,
            "author": "alice",
            "summoned": True,
            "twitter": Twitter(tweet_id="12", user_id="7"),
            "analysis": Analysis(images=list(images)),
            **fields,
        }
    )
    detail = msgspec.to_builtins(message)
    return Event(id="1", source="BOT", time="", detail=detail, detail_type="MESSAGE_ANALYSED", replay_name=event_replay)


def image(key: str | None, analysis: ImageAnalysis = OBAMA, problem: str | None = None) -> AnalysedImage:
    return AnalysedImage(key=key, analysis=analysis, problem=problem)
