"""What the services answered, recorded once, and given to whichever interpreter runs the workflow."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from twbot.lambdas.analysis.trim import trim

Json = dict[str, Any]
SCORES = {"Positive": 0.01, "Negative": 0.95, "Neutral": 0.03, "Mixed": 0.01}
ENTITY = {"Score": 0.99, "Type": "LOCATION", "Text": "London", "BeginOffset": 5, "EndOffset": 11}
BOX = {"Width": 0.25, "Height": 0.5, "Left": 0.125, "Top": 0.0625}
FACE = {"BoundingBox": BOX, "Confidence": 99.5}
CELEBRITY = {"Id": "1XJ5dK1a", "Name": "Ada Lovelace", "Urls": [], "MatchConfidence": 98.0, "Face": FACE}
LABELS = [{"Name": "Cat", "Confidence": 97.5, "Instances": [{"BoundingBox": BOX}], "Parents": [{"Name": "Animal"}]}]
WORDS = [{"DetectedText": "Hi", "Type": "LINE", "Id": 0, "Confidence": 90.5}]
# The other function that the workflow invokes; `lambda:Invoke` is the download.
TRIM = "lambda:Trim"
# As the services answer when nothing is the matter; a picture's answers carry the name it is stored under.
USUAL: Json = {
    "comprehend:DetectDominantLanguage": {"Languages": [{"LanguageCode": "en", "Score": 0.98}]},
    "comprehend:DetectSentiment": {"Sentiment": "NEGATIVE", "SentimentScore": SCORES},
    "comprehend:DetectEntities": {"Entities": [ENTITY]},
    "rekognition:DetectLabels": {"Labels": LABELS, "LabelModelVersion": "3.0"},
    "rekognition:DetectText": {"TextDetections": WORDS, "TextModelVersion": "3.0"},
    "rekognition:RecognizeCelebrities": {"CelebrityFaces": [CELEBRITY], "UnrecognizedFaces": [FACE]},
    "lambda:Invoke": {},
    "sqs:SendMessage": {"MessageId": "1"},
    "events:PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
}


class Refusal(NamedTuple):
    """A service's exception by its code; of the download function the error's type."""

    code: str
    message: str = "said so"


class Recording:
    """The answers to each call in turn, the last again and again; which calls were made with what; how long one waited.

    A key is an operation (`comprehend:DetectSentiment`), or one about a picture (`lambda:Invoke a.jpg`).
    """

    def __init__(self, answers: Mapping[str, list[Any]]) -> None:
        self._answers = answers
        self._made: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.calls: list[tuple[str, Json]] = []
        self.waits: list[float] = []

    def answer(self, operation: str, parameters: Json) -> Any:
        """A Refusal, or the service's answer; of the download function what it returns."""
        picture = _picture(operation, parameters)
        operation = TRIM if operation == "lambda:Invoke" and not picture else operation
        key = f"{operation} {picture}" if f"{operation} {picture}" in self._answers else operation
        with self._lock:
            self.calls.append((operation, parameters))
            number = self._made[f"{key} {picture}"]
            self._made[f"{key} {picture}"] += 1
        if key in self._answers:
            return self._answers[key][min(number, len(self._answers[key]) - 1)]
        if operation == TRIM:
            return trim(parameters["Payload"])
        return {"Key": f"1/{picture}", "Problem": None} if operation == "lambda:Invoke" else USUAL[operation]

    @property
    def events(self) -> list[Json]:
        """What reached the bus, without what the platform adds."""
        return [entry for operation, sent in self.calls if operation == "events:PutEvents" for entry in sent["Entries"]]

    def lanes(self) -> dict[str, list[tuple[str, Json]]]:
        """The calls in order, of each branch that runs by itself: within it the order is the workflow's."""
        found: dict[str, list[tuple[str, Json]]] = {}
        for operation, sent in self.calls:
            lane = msgspec.json.encode(sent, order="sorted") if operation == TRIM else _picture(operation, sent)
            found.setdefault(f"{operation} {lane!r}", []).append((operation, sent))
        return found


def _picture(operation: str, parameters: Json) -> str:
    if operation == "lambda:Invoke":
        return str(parameters["Payload"].get("Url", "")).rpartition("/")[2]
    if operation.startswith("rekognition:"):
        return str(parameters["Image"]["S3Object"]["Name"]).rpartition("/")[2]
    return ""
