"""Rekognition's face collections, in memory: moto has none. Requests are checked against botocore's model.

Faces are told apart as the tests' pictures are: by the colour of a picture's middle. A picture that is grey in its
middle has no face, a picture that is white there has two.
"""

from __future__ import annotations

import io
import uuid
from typing import Any

from botocore.session import get_session
from botocore.validate import validate_parameters
from PIL import Image

GREY, WHITE = (128, 128, 128), (255, 255, 255)
_MODEL = get_session().get_service_model("rekognition")


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (200, 200)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


class ResourceNotFound(Exception):
    """As the client's own."""


class FaceCollections:
    """The client. `collections`: faces by collection: {"FaceId", "ExternalImageId", "colour"}."""

    class exceptions:  # noqa: N801 - botocore's name
        ResourceNotFoundException = ResourceNotFound

    def __init__(self, *collections: str) -> None:
        self.collections: dict[str, list[dict[str, Any]]] = {name: [] for name in collections}
        self.indexed = 0

    def index_faces(self, **given: Any) -> dict[str, Any]:
        there = self._checked("IndexFaces", given)
        self.indexed += 1
        colour = _colour(given["Image"]["Bytes"])
        count = 0 if _near(colour, GREY) else 2 if _near(colour, WHITE) else 1
        new = [
            {"FaceId": str(uuid.uuid4()), "ExternalImageId": given["ExternalImageId"], "colour": colour}
            for _ in range(min(count, given["MaxFaces"]))
        ]
        there += new
        return {"FaceRecords": [{"Face": each} for each in new]}

    def delete_faces(self, **given: Any) -> dict[str, Any]:
        there = self._checked("DeleteFaces", given)
        there[:] = [each for each in there if each["FaceId"] not in given["FaceIds"]]
        return {"DeletedFaces": given["FaceIds"]}

    def search_faces_by_image(self, **given: Any) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        there = self._checked("SearchFacesByImage", given)
        colour = _colour(given["Image"]["Bytes"])
        if _near(colour, GREY):
            raise ClientError({"Error": {"Code": "InvalidParameterException", "Message": "no face"}}, "Search")
        found = [{"Similarity": 99.0, "Face": each} for each in there if _near(colour, each["colour"])]
        box = {"Left": 0.3, "Top": 0.3, "Width": 0.4, "Height": 0.4}
        return {"FaceMatches": found[: given["MaxFaces"]], "SearchedFaceBoundingBox": box}

    def get_paginator(self, name: str) -> FaceCollections:
        assert name == "list_faces"
        return self

    def paginate(self, **given: Any) -> list[dict[str, Any]]:
        there = self._checked("ListFaces", given)
        return [{"Faces": there[:1]}, {"Faces": there[1:]}]

    def _checked(self, operation: str, given: dict[str, Any]) -> list[dict[str, Any]]:
        shape = _MODEL.operation_model(operation).input_shape
        assert shape is not None
        validate_parameters(given, shape)
        if given["CollectionId"] not in self.collections:
            raise ResourceNotFound
        return self.collections[given["CollectionId"]]


def _colour(content: bytes) -> tuple[int, int, int]:
    with Image.open(io.BytesIO(content)) as image:
        red, green, blue = image.convert("RGB").getpixel((image.width // 2, image.height // 2))  # type: ignore[misc]
        return red, green, blue


def _near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))
