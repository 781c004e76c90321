"""Faces: dlib's HOG detector, five landmarks, and 128 numbers that are close for the same person."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    Embedding = npt.NDArray[np.float64]

NAME = "dlib HOG and MMOD detectors, five landmarks, ResNet embedding"
# The detector sees faces of 75 pixels and more: small pictures are enlarged, large ones reduced for speed.
MAX_SIDE, MAX_ENLARGEMENT = 1600, 4.0
# Below SURE, a second detector has to agree; below MIN_SCORE nobody looks.
MIN_SCORE, CERTAIN_SCORE = 0.0, 0.8
# How large the second detector sees a doubtful face (it needs 80 pixels), and when it agrees.
DOUBTED_SIDE, AGREES = 110, 0.3
CHIP, PADDING = 150, 0.25
# One thread of its own: dlib's models are not to be shared, and memory that many threads touch is kept by each.
_worker = ThreadPoolExecutor(1, thread_name_prefix="faces")


class Box(NamedTuple):
    """Shares of the picture's width and height, within it."""

    left: float
    top: float
    width: float
    height: float


class Face(NamedTuple):
    """`confidence` from 0 to 100; `landmarks`: name to x and y, as shares of the picture."""

    box: Box
    confidence: float
    landmarks: dict[str, tuple[float, float]]
    embedding: Embedding


def find_faces(image: Image.Image) -> list[Face]:
    """Every face on an upright RGB image, largest first."""
    return _worker.submit(_find, image).result()


def warm() -> None:
    _worker.submit(_load).result()


def _find(image: Image.Image) -> list[Face]:
    import numpy as np

    scale = min(MAX_SIDE / max(image.size), MAX_ENLARGEMENT)
    pixels = np.asarray(image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale)))))
    models = _load()
    found = [_describe(models, pixels, box, score) for box, score in _detect(models, pixels)]
    return sorted(found, key=lambda face: face.box.width * face.box.height, reverse=True)


class _Models(NamedTuple):
    hog: Any
    mmod: Any
    landmarks: Any
    embedding: Any


@functools.cache
def _load() -> _Models:
    import dlib
    import face_recognition_models as files

    return _Models(
        dlib.get_frontal_face_detector(),
        dlib.cnn_face_detection_model_v1(files.cnn_face_detector_model_location()),
        dlib.shape_predictor(files.pose_predictor_five_point_model_location()),
        dlib.face_recognition_model_v1(files.face_recognition_model_location()),
    )


def _detect(models: _Models, pixels: Any) -> list[tuple[Any, float]]:
    boxes, scores, _ = models.hog.run(pixels, 0, MIN_SCORE)
    return [
        (box, score)
        for box, score in zip(boxes, scores, strict=True)
        if score >= CERTAIN_SCORE or _agreed(models, pixels, box)
    ]


def _agreed(models: _Models, pixels: Any, box: Any) -> bool:
    """Whether the slow, better detector sees a face there too, on a piece twice the face's size."""
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    margin = box.width() // 2
    left, top = max(0, box.left() - margin), max(0, box.top() - margin)
    piece = pixels[top : min(height, box.bottom() + margin), left : min(width, box.right() + margin)]
    scale = DOUBTED_SIDE / box.width()
    size = (max(1, round(piece.shape[1] * scale)), max(1, round(piece.shape[0] * scale)))
    seen = models.mmod(np.asarray(Image.fromarray(piece).resize(size)), 0)
    return any(each.confidence >= AGREES for each in seen)


def _describe(models: _Models, pixels: Any, box: Any, score: float) -> Face:
    height, width = pixels.shape[:2]
    shape = models.landmarks(pixels, box)
    return Face(
        _share(box, width, height), _confidence(score), _landmarks(shape, width, height), _embed(models, pixels, shape)
    )


def _embed(models: _Models, pixels: Any, shape: Any) -> Embedding:
    """The mean over the face and its mirror image, so that mirrored photos match as well."""
    import dlib
    import numpy as np

    chip = dlib.get_face_chip(pixels, shape, size=CHIP, padding=PADDING)
    both = models.embedding.compute_face_descriptor([chip, np.ascontiguousarray(chip[:, ::-1])])
    mean: Embedding = np.array(both).mean(axis=0)
    return mean


def _share(box: Any, width: int, height: int) -> Box:
    left, top = max(0, box.left()) / width, max(0, box.top()) / height
    right, bottom = min(width, box.right()) / width, min(height, box.bottom()) / height
    return Box(left, top, right - left, bottom - top)


def _landmarks(shape: Any, width: int, height: int) -> dict[str, tuple[float, float]]:
    """Dlib gives both corners of the eye on the right, both of the eye on the left, and the nose's base."""
    points = [(shape.part(n).x / width, shape.part(n).y / height) for n in range(5)]

    def middle(one: int, other: int) -> tuple[float, float]:
        return (points[one][0] + points[other][0]) / 2, (points[one][1] + points[other][1]) / 2

    return {"eyeLeft": middle(2, 3), "eyeRight": middle(0, 1), "nose": points[4]}


def _confidence(score: float) -> float:
    """The detector's margin, which goes from 0 to about 3, as Rekognition's percentage."""
    return min(99.99, 90.0 + 5.0 * score)
