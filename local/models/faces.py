"""Finds faces, upright or turned, and describes each by the 128 numbers of dlib's network to compare people by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from twbot.local.models import centerface, landmarks
from twbot.local.models.alignment import Similarity, similarity, warp
from twbot.local.models.centerface import Candidate
from twbot.local.models.landmarks import Square
from twbot.local.models.loading import Worker, loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Embedding = npt.NDArray[np.float64]

NAME = "CenterFace, dlib's five landmarks and ResNet embedding"
MODEL = Path(__file__).parent / "data" / "face_embedding.onnx"
# Pixels of the picture's longer side for the first look: a face of 40 pixels is found on a picture of 1,600, and
# looking at smaller pictures takes half the time.
MIN_SIDE, MAX_SIDE, REDUCED = 480, 640, 0.4
# From CERTAIN_SCORE an upright face counts. Below it, a second look at the face alone, put upright, must reach
# AGREES. Below MIN_SCORE there is no second look.
MIN_SCORE, CERTAIN_SCORE, AGREES = 0.25, 0.7, 0.6
# Degrees: a face that is turned further has its points in the wrong places. It is put upright and looked at again.
TURNED, MAX_LOOKS = 25.0, 3
# What turns a picture counter-clockwise by so many quarters.
TRANSPOSE = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
# How far the nose may lie beside the middle of the eyes, as a share of the distance of the eyes, for a face from the
# front. Strangers' profiles came as near as 0.55 to people of the gallery, faces from the front 0.59 (312 faces).
MAX_ASIDE = 0.35
# Pixels of the face put upright, as the embedding was trained, and what is left around it for the second look.
CHIP, MARGIN = 150, 40
PIECE = CHIP + 2 * MARGIN
# The same for the second look, which needs more around the face.
SECOND_MARGIN = 75
SECOND_PIECE = CHIP + 2 * SECOND_MARGIN
# Pixels to which that is scaled for the second look.
SECOND_SIDE = 160
# Where CenterFace's five points lie on dlib's chip: means over 84 faces.
POINTS = ((47.7, 46.8), (101.2, 45.9), (73.7, 78.3), (52.8, 102.5), (97.8, 101.6))
# Where dlib's five points lie on it, and its detector's square, in which it searches them.
CHIP_POINTS = ((110.957, 46.350), (89.606, 47.897), (37.057, 46.373), (58.409, 47.906), (74.011, 87.780))
SQUARE = Square(MARGIN + 12.1, MARGIN + 11.5, 122.3)

# A look at a large photo takes 100 MB: one at a time.
_worker = Worker("faces")


class Box(NamedTuple):
    """A bounding box, as shares of the picture's width and height."""

    left: float
    top: float
    width: float
    height: float


class Face(NamedTuple):
    """A face on a picture."""

    box: Box
    confidence: float
    """From 0 to 100."""
    landmarks: dict[str, tuple[float, float]]
    """`eyeLeft`, `eyeRight` and `nose`: x and y as shares of the picture."""
    embedding: Embedding | None
    """128 numbers. Two embeddings of the same person have a small Euclidean distance. None for a face seen from the
    side: the network was trained on faces from the front, and takes one profile for another."""


def find_faces(image: Image.Image) -> list[Face]:
    """Return the faces on an RGB image, largest first."""
    return _worker.run(_find, image)


def warm() -> None:
    """Load the models now instead of at first use."""
    _session()
    centerface.warm()
    landmarks.warm()


def _find(image: Image.Image) -> list[Face]:
    seen = _seen(image)
    turns = _quarter_turns(seen)
    if turns:
        # Most of the faces of a turned photo are found when it is put upright only.
        upright = [_turned_back(each, turns, image) for each in _seen(image.transpose(TRANSPOSE[turns]))]
        seen = centerface.distinct(upright + seen)
    faces = [_describe(image, each) for each in seen]
    return sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True)


@loads_once
def _session() -> Any:
    from twbot.local.models.embedding import session_of

    return session_of(MODEL)


def _seen(image: Image.Image) -> list[Candidate]:
    side = round(min(MAX_SIDE, max(MIN_SIDE, REDUCED * max(image.size))))
    candidates = centerface.detect(image, side, MIN_SCORE)
    return [each for each in (_checked(image, candidate) for candidate in candidates) if each is not None]


def _quarter_turns(candidates: list[Candidate]) -> int:
    """Return by how many quarters, counter-clockwise, a photo must be turned for most of its faces to be upright."""
    # The similarity puts a face upright clockwise.
    turns = [round(-_upright(each, 0).degrees / 90) % 4 for each in candidates]
    return max(set(turns), key=turns.count, default=0)


def _turned_back(candidate: Candidate, turns: int, image: Image.Image) -> Candidate:
    """Return a candidate of the turned image as one of the image."""
    import numpy as np

    corners = np.array([[candidate.left, candidate.top], [candidate.right, candidate.bottom]])
    points = np.concatenate([corners, candidate.points])
    for turn in range(turns):
        width = image.width if (turns - turn) % 2 else image.height
        points = np.stack([width - points[:, 1], points[:, 0]], axis=1)
    (left, top), (right, bottom) = points[:2].min(axis=0).tolist(), points[:2].max(axis=0).tolist()
    return Candidate(candidate.score, left, top, right, bottom, points[2:])


def _checked(image: Image.Image, candidate: Candidate) -> Candidate | None:
    """Return the candidate, with better points if it is turned, or None where a further look sees no face."""
    seen_at, least = 0.0, CERTAIN_SCORE
    for _ in range(MAX_LOOKS):
        to = _upright(candidate, SECOND_MARGIN)
        if candidate.score >= least and abs((to.degrees - seen_at + 180) % 360 - 180) < TURNED:
            return candidate
        again = _look(image, to)
        if again is None:
            return None
        candidate = candidate._replace(score=again.score, points=to.inverse().apply(again.points))
        seen_at, least = to.degrees, AGREES
    return candidate


def _look(image: Image.Image, to: Similarity) -> Candidate | None:
    """Return the face in the middle of a part of the image, in the part's pixels."""
    middle = SECOND_PIECE / 2
    found = centerface.detect(warp(image, to, SECOND_PIECE), SECOND_SIDE, AGREES)
    return next((each for each in found if each.left < middle < each.right and each.top < middle < each.bottom), None)


def _upright(candidate: Candidate, margin: int) -> Similarity:
    import numpy as np

    return similarity(candidate.points, np.array(POINTS) + margin)


def _describe(image: Image.Image, candidate: Candidate) -> Face:
    import numpy as np

    to = _upright(candidate, MARGIN)
    grey = np.asarray(warp(image, to, PIECE)).sum(axis=2, dtype=np.uint16) // 3
    points = to.inverse().apply(landmarks.find_points(grey, SQUARE))
    chip = warp(image, similarity(points, CHIP_POINTS), CHIP)
    embedding = _embed(chip) if _from_the_front(to.apply(candidate.points)) else None
    return Face(_share(candidate, image), _confidence(candidate.score), _landmarks(points / image.size), embedding)


def _from_the_front(upright: Any) -> bool:
    left, right, nose = upright[:3]
    across, _ = nose - (left + right) / 2
    apart, _ = right - left
    return bool(abs(across) <= MAX_ASIDE * apart)


def _embed(chip: Image.Image) -> Embedding:
    # The mean of the face and its mirror image, so that mirrored photos match, too.
    import numpy as np

    pixels = np.asarray(chip, dtype=np.float32).transpose(2, 0, 1)
    both = _session().run(None, {"faces": np.stack([pixels, pixels[:, :, ::-1]])})[0]
    mean: Embedding = both.mean(axis=0, dtype=float)
    return mean


def _share(candidate: Candidate, image: Image.Image) -> Box:
    left, right = (min(max(0.0, x / image.width), 1.0) for x in (candidate.left, candidate.right))
    top, bottom = (min(max(0.0, y / image.height), 1.0) for y in (candidate.top, candidate.bottom))
    return Box(left, top, right - left, bottom - top)


def _landmarks(points: Any) -> dict[str, tuple[float, float]]:
    # dlib's five points: both corners of the eye at the right, both of the eye at the left, and the base of the nose.
    right, left, nose = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    return {name: (float(x), float(y)) for name, (x, y) in (("eyeLeft", left), ("eyeRight", right), ("nose", nose))}


def _confidence(score: float) -> float:
    """Map the detector's score, from 0 to 1, to a percentage as Rekognition has it."""
    return min(99.99, 90.0 + 10.0 * score)
