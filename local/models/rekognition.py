"""Amazon Rekognition on this machine: the workflow's three calls, with Rekognition's requests, limits and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twbot.local.models import faces, labels, ocr
from twbot.local.models.errors import ServiceError
from twbot.local.models.faces import Box, Face
from twbot.local.models.gallery import MAX_DISTANCE, Gallery, Person
from twbot.local.models.pictures import Picture, Pictures

# Rekognition's own: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MAX_BYTES, MAX_OBJECT_BYTES = 5 * 1024 * 1024, 15 * 1024 * 1024
# DetectLabels' default: https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
MIN_LABEL_CONFIDENCE = 55.0
INVALID = "Rekognition.InvalidParameterException"
Params = dict[str, Any]
Answer = dict[str, Any]


class Rekognition:
    """Rekognition's calls, with its parameters and answers. Each raises ServiceError. Models load at first use.

    `read_object`: returns an S3 object's bytes by its name, or raises KeyError.
    """

    MODELS = {"celebrities": faces.NAME, "labels": labels.NAME, "detected_text": ocr.NAME}  # noqa: RUF012

    def __init__(self, gallery: Gallery, read_object: Callable[[str], bytes]) -> None:
        self._gallery, self._read_object = gallery, read_object
        self._pictures = Pictures()

    def recognize_celebrities(self, params: Params) -> Answer:
        """Take {"Image"}; answer {"CelebrityFaces": [{"Name", …, "Face"}], "UnrecognizedFaces": […]}."""
        known: list[Answer] = []
        unknown: list[Answer] = []
        for face in self._picture(params).faces:
            match = self._gallery.match(face.embedding)
            if match is None:
                unknown.append(_face(face))
            else:
                known.append(_celebrity(face, *match))
        return {"CelebrityFaces": known, "UnrecognizedFaces": unknown}

    def detect_labels(self, params: Params) -> Answer:
        """Take {"Image", "MaxLabels", "MinConfidence"}; answer {"Labels": [{"Name", "Confidence", "Parents", …}]}."""
        most = _number(params, "MaxLabels", 1000, 0, None)
        least = _number(params, "MinConfidence", MIN_LABEL_CONFIDENCE, 0, 100)
        picture = self._picture(params)
        boxes = [(face.confidence, _box(face.box)) for face in picture.faces]
        found = [label for label in labels.labels(picture.image, boxes) if label["Confidence"] >= least]
        return {"Labels": found[: int(most)], "LabelModelVersion": "3.0"}

    def detect_text(self, params: Params) -> Answer:
        """Take {"Image"}; answer {"TextDetections": [{"DetectedText", "Type", "Id", "ParentId", …}]}."""
        return {"TextDetections": ocr.detect_text(self._picture(params).image), "TextModelVersion": "3.0"}

    def warm(self) -> None:
        """Load the models now instead of at first use."""
        for model in (faces, labels, ocr):
            model.warm()

    def _picture(self, params: Params) -> Picture:
        return self._pictures.open(self._content(params))

    def _content(self, params: Params) -> bytes:
        image = params.get("Image")
        content = image.get("Bytes") if isinstance(image, dict) else None
        if isinstance(content, (bytes, bytearray)):
            return _sized(bytes(content), MAX_BYTES)
        place = image.get("S3Object") if isinstance(image, dict) else None
        name = place.get("Name") if isinstance(place, dict) else None
        if not isinstance(name, str) or not name:
            raise ServiceError(INVALID, "Image: Bytes or an S3Object with a Name is needed")
        try:
            return _sized(self._read_object(name), MAX_OBJECT_BYTES)
        except KeyError:
            message = f"Unable to get object metadata from S3. There is no object {name}"
            raise ServiceError("Rekognition.InvalidS3ObjectException", message) from None


def _sized(content: bytes, most: int) -> bytes:
    if not content:
        raise ServiceError(INVALID, "Image: no bytes")
    if len(content) > most:
        message = f"Image: {len(content)} bytes, more than {most}"
        raise ServiceError("Rekognition.ImageTooLargeException", message)
    return content


def _number(params: Params, name: str, default: float, least: float, most: float | None) -> float:
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least or (most and value > most):
        raise ServiceError(INVALID, f"{name}: not a number from {least} to {most or 'any'}")
    return value


def _celebrity(face: Face, person: Person, distance: float) -> Answer:
    return {
        "Name": person.name,
        "Id": person.id,
        "Urls": person.urls,
        "MatchConfidence": _match_confidence(distance),
        "Face": _face(face),
    }


def _match_confidence(distance: float) -> float:
    """Map a distance to a percentage: 100 for the same photo, 50 at the largest distance that counts as a match."""
    return round(100 - 50 * (distance / MAX_DISTANCE) ** 2, 4)


def _face(face: Face) -> Answer:
    return {
        "BoundingBox": _box(face.box),
        "Confidence": face.confidence,
        "Landmarks": [{"Type": kind, "X": x, "Y": y} for kind, (x, y) in face.landmarks.items()],
    }


def _box(box: Box) -> Answer:
    return {"Left": box.left, "Top": box.top, "Width": box.width, "Height": box.height}
