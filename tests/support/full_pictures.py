"""Pictures as full as Rekognition reports them: a screenshot of text, a crowd, and an award ceremony."""

from __future__ import annotations

import random
from typing import Any

Json = dict[str, Any]
_random = random.Random(1)
# Rekognition's limits: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
WORDS, FACES, CELEBRITY_FACES = 100, 100, 64


def _share() -> float:
    # Rekognition's numbers have nine digits.
    return float(f"{_random.random():.9g}")


def _box() -> Json:
    return {side: _share() for side in ("Height", "Left", "Top", "Width")}


def _detection(kind: str, number: int, words: str) -> Json:
    polygon = [{"X": _share(), "Y": _share()} for _ in range(4)]
    geometry = {"BoundingBox": _box(), "Polygon": polygon}
    return {"Confidence": 99.12345123, "DetectedText": words, "Geometry": geometry, "Id": number, "Type": kind}


def _face() -> Json:
    marks = ("eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose")
    moods = ("CALM", "HAPPY", "SAD", "FEAR", "CONFUSED", "ANGRY", "SURPRISED", "DISGUSTED")
    return {
        "BoundingBox": _box(),
        "Confidence": 99.99912,
        "Landmarks": [{"Type": mark, "X": _share(), "Y": _share()} for mark in marks],
        "Pose": {turn: _share() * 10 for turn in ("Pitch", "Roll", "Yaw")},
        "Quality": {"Brightness": _share() * 100, "Sharpness": _share() * 100},
        "Emotions": [{"Confidence": _share(), "Type": mood} for mood in moods],
        "Smile": {"Confidence": 80.0, "Value": False},
    }


def _celebrity(number: int) -> Json:
    urls = [f"www.wikidata.org/wiki/Q{number:07}", f"www.imdb.com/name/nm{number:07}"]
    known = {"Id": f"{number:08x}", "Name": f"Somebody Famous-Longname {number}", "Urls": urls}
    gender = {"KnownGender": {"Type": "Female"}}
    return {**known, **gender, "MatchConfidence": 98.7654321, "Face": _face()}


def _label(instances: int) -> Json:
    return {
        "Name": "Person",
        "Confidence": 99.1234512,
        "Instances": [{"BoundingBox": _box(), "Confidence": 98.123451} for _ in range(instances)],
        "Parents": [{"Name": "Apparel"}, {"Name": "Clothing"}],
        "Aliases": [{"Name": "Human"}],
        "Categories": [{"Name": "Person Description"}],
    }


def _picture(lines: int, words: int, crowded: int, celebrities: int, strangers: int) -> Json:
    line = "a line of text of about forty characters"
    texts = [_detection("LINE", number, line) for number in range(lines)]
    texts += [{**_detection("WORD", lines + number, "network"), "ParentId": number % lines} for number in range(words)]
    return {
        "Labels": [_label(crowded) for _ in range(5)] + [_label(0) for _ in range(10)],
        "TextDetections": texts,
        "CelebrityFaces": [_celebrity(number) for number in range(celebrities)],
        "UnrecognizedFaces": [_face() for _ in range(strangers)],
    }


SCREENSHOT = _picture(lines=WORDS, words=WORDS, crowded=0, celebrities=0, strangers=0)
CROWD = _picture(lines=10, words=30, crowded=60, celebrities=0, strangers=FACES)
CELEBRITIES = _picture(lines=10, words=30, crowded=40, celebrities=CELEBRITY_FACES, strangers=FACES - CELEBRITY_FACES)


def answers_with(found: Json) -> dict[str, list[Any]]:
    """Return the recorded answers of a workflow that finds this in each picture, and full texts."""
    entity = {"Score": 0.99123456, "Type": "ORGANIZATION", "Text": "Ab", "BeginOffset": 1234, "EndOffset": 1236}
    faces = {name: found[name] for name in ("CelebrityFaces", "UnrecognizedFaces")}
    return {
        "rekognition:DetectLabels": [{"Labels": found["Labels"]}],
        "rekognition:DetectText": [{"TextDetections": found["TextDetections"]}],
        "rekognition:RecognizeCelebrities": [faces],
        "comprehend:DetectEntities": [{"Entities": [entity] * 1600}],
    }
