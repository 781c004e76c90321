"""Names the faces of a picture that are of the bot's own people, on AWS. `local` compares with all people at once.

Rekognition's search takes the largest face of a picture, so each face is cut out and searched alone:
https://docs.aws.amazon.com/rekognition/latest/APIReference/API_SearchFacesByImage.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from PIL import Image

from twbot.lambdas.folder.people import person_id
from twbot.lambdas.pictures import as_jpeg, open_picture

Json = dict[str, Any]
# Faces of a picture that are searched, the largest first: a search costs as much as a detector.
MAX_FACES = 20
# Of the face's width and height, on each side: a face without its surroundings is not found.
MARGIN = 0.4
# Pixels. Rekognition takes no smaller picture: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MIN_SIDE = 80
# Pixels of a face: in a smaller one there is nobody to be recognised.
MIN_FACE = 24


class Found(NamedTuple):
    """The person whose face a picture shows."""

    name: str
    similarity: float
    """0 to 100."""
    box: Mapping[str, float]
    """The face in the picture that was searched, in Rekognition's BoundingBox."""


Search = Callable[[bytes], Found | None]


class _Cut(NamedTuple):
    """A part of a picture around a face."""

    jpeg: bytes
    face: tuple[float, float, float, float]
    """Left, top, right and bottom of the face within it, 0 to 1."""

    def shows(self, box: Mapping[str, float]) -> bool:
        """Return whether a box is about this face, and not about a neighbour's in the part's margin."""
        left, top, right, bottom = self.face
        x, y = box["Left"] + box["Width"] / 2, box["Top"] + box["Height"] / 2
        return left <= x <= right and top <= y <= bottom


def name_people(picture: bytes, celebrities: list[Json], unknown: list[Json], search: Search) -> Json:
    """Return {"CelebrityFaces", "UnrecognizedFaces"} with the bot's people among the first.

    celebrities, unknown: Rekognition's Celebrity and ComparedFace objects. Who is of the bot's own people is named so,
    also where Rekognition takes them for somebody famous: each face is one.

    Raises UnusableImage, and what `search` raises.
    """
    image = open_picture(picture)
    named: dict[int, Json] = {}
    faces = [each["Face"] for each in celebrities] + unknown
    for number in sorted(range(len(faces)), key=lambda each: -_area(faces[each]))[:MAX_FACES]:
        cut = _cut(image, faces[number])
        if cut is not None and (found := search(cut.jpeg)) is not None and cut.shows(found.box):
            named[number] = _celebrity(found, faces[number])
    count = len(celebrities)
    known = [named.get(number, each) for number, each in enumerate(celebrities)]
    own = [named[number] for number in sorted(named) if number >= count]
    return {
        "CelebrityFaces": known + own,
        "UnrecognizedFaces": [each for number, each in enumerate(unknown, start=count) if number not in named],
    }


def _celebrity(found: Found, face: Json) -> Json:
    return {
        "Name": found.name,
        "Id": person_id(found.name),
        "Urls": [],
        "MatchConfidence": found.similarity,
        "Face": face,
    }


def _area(face: Json) -> float:
    return float(face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"])


def _cut(image: Image.Image, face: Json) -> _Cut | None:
    """Return the part of a picture around a face; None for a face that is too small."""
    box = face["BoundingBox"]
    width, height = box["Width"] * image.width, box["Height"] * image.height
    left, top = box["Left"] * image.width, box["Top"] * image.height
    if min(width, height) < MIN_FACE:
        return None
    # A face may reach beyond the picture's edge.
    x0, y0 = max(0, round(left - MARGIN * width)), max(0, round(top - MARGIN * height))
    x1 = min(image.width, round(left + (1 + MARGIN) * width))
    y1 = min(image.height, round(top + (1 + MARGIN) * height))
    part = image.crop((x0, y0, x1, y1))
    inner = ((left - x0) / part.width, (top - y0) / part.height)
    face_box = (*inner, inner[0] + width / part.width, inner[1] + height / part.height)
    if (least := min(part.size)) < MIN_SIDE:
        scale = MIN_SIDE / least
        part = part.resize((round(part.width * scale) + 1, round(part.height * scale) + 1))
    return _Cut(as_jpeg(part), face_box)
