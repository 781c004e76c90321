"""Finds faces with dlib: the HOG detector, five landmarks, and a 128-number embedding to compare people by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.loading import Worker, loads_once_a_thread

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    Embedding = npt.NDArray[np.float64]

NAME = "dlib HOG and MMOD detectors, five landmarks, ResNet embedding"
# The detector finds faces from about 75 pixels: enlarge small pictures, and reduce large ones to save time.
MAX_SIDE, MAX_ENLARGEMENT = 1600, 4.0
# From CERTAIN_SCORE a face counts. Below it the second detector must agree. Below MIN_SCORE it is dropped.
MIN_SCORE, CERTAIN_SCORE = 0.0, 0.8
# Pixels to which a doubtful face is scaled for the second detector, which needs 80, and the score with which it agrees.
DOUBTED_SIDE, AGREES = 110, 0.3
# Pixels of the cropped face and its margin, as the embedding model was trained.
CHIP, PADDING = 150, 0.25
# dlib's models are not thread-safe.
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
    embedding: Embedding
    """128 numbers. Two embeddings of the same person have a small Euclidean distance."""


def find_faces(image: Image.Image) -> list[Face]:
    """Return the faces on an upright RGB image, largest first."""
    return _worker.run(_find, image)


def warm() -> None:
    """Load the models now instead of at first use."""
    _worker.run(_load)


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


@loads_once_a_thread
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
    """Return whether the slower, better detector finds a face there, too, on a piece of twice the face's size."""
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
    # The mean of the face and its mirror image, so that mirrored photos match, too.
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
    # dlib's five points: both corners of the eye at the right, both of the eye at the left, and the base of the nose.
    points = [(shape.part(n).x / width, shape.part(n).y / height) for n in range(5)]

    def middle(one: int, other: int) -> tuple[float, float]:
        return (points[one][0] + points[other][0]) / 2, (points[one][1] + points[other][1]) / 2

    return {"eyeLeft": middle(2, 3), "eyeRight": middle(0, 1), "nose": points[4]}


def _confidence(score: float) -> float:
    """Map the detector's score, from 0 to about 3, to a percentage as Rekognition has it."""
    return min(99.99, 90.0 + 5.0 * score)
