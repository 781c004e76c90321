"""What a picture takes, warm.

CPU milliseconds of each step, for the demo's pictures and for the same with a longer side of 1,600 pixels; the three
detectors at the same time, as the workflow runs them; and a post with a picture from its webhook to the reply.
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from PIL import Image

from tests.bench.figures import Figure, say
from tests.support.paths import PICTURES
from twbot.lambdas.analysis.picture import normalise
from twbot.lambdas.contracts import ImageAnalysis
from twbot.lambdas.responding.annotate import annotate
from twbot.lambdas.settings import Settings
from twbot.local.adapters.models import LocalModels
from twbot.local.data_folder import DataFolder
from twbot.local.models import faces, labels, ocr
from twbot.local.models.gallery import Gallery
from twbot.local.models.pictures import decode
from twbot.local.models.rekognition import Rekognition
from twbot.local.system import System, beside_simulated_x

LARGE = 1600
ROUNDS = 3
AIMS = {"as they are": 250, f"{LARGE} pixels": 500}


def pictures() -> Iterator[tuple[str, str, bytes]]:
    """Yield the set, the name and the JPEG of each picture."""
    for path in sorted(PICTURES.glob("*.[jp][pn]g")):
        image = Image.open(path).convert("RGB")
        scale = LARGE / max(image.size)
        large = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        for size, shown in zip(AIMS, (image, large), strict=True):
            file = io.BytesIO()
            shown.save(file, "JPEG", quality=90)
            yield size, path.stem, file.getvalue()


def cpu(call: Callable[[], Any]) -> float:
    """Return the CPU milliseconds of this process for the call: the least of a few."""
    return _least(call, time.process_time)


def wall(call: Callable[[], Any]) -> float:
    return _least(call, time.perf_counter)


def _least(call: Callable[[], Any], clock: Callable[[], float]) -> float:
    spans = []
    for _ in range(ROUNDS):
        began = clock()
        call()
        spans.append(1000 * (clock() - began))
    return min(spans)


def measure_steps(content: bytes, gallery: Path) -> dict[str, float]:
    """Return the milliseconds of each step, and of the detectors together in wall time."""
    stored = normalise(content)
    image = decode(stored)
    found = faces.find_faces(image)
    analysis = ImageAnalysis(unrecognized_faces=[{"BoundingBox": _box(face.box)} for face in found])
    steps: dict[str, Callable[[], Any]] = {
        "fetch": lambda: normalise(content),
        "decode": lambda: decode(stored),
        "faces": lambda: faces.find_faces(image),
        "labels": lambda: labels.labels(image, []),
        "text": lambda: ocr.read_lines(image),
        "annotate": lambda: annotate(stored, analysis, blur_strangers=False, highlight=[]),
    }
    taken = {name: cpu(step) for name, step in steps.items()}
    return taken | {"together": wall(lambda: _look(stored, gallery))}


def _box(box: faces.Box) -> dict[str, float]:
    return {"Left": box.left, "Top": box.top, "Width": box.width, "Height": box.height}


def _look(stored: bytes, gallery: Path) -> None:
    """Run the detectors at the same time, on a picture that no cache knows."""
    rekognition, request = Rekognition(Gallery(gallery), _nowhere), {"Image": {"Bytes": stored}}
    calls = (rekognition.detect_labels, rekognition.detect_text, rekognition.recognize_celebrities)
    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(lambda call: call(request), calls))


def _nowhere(name: str) -> bytes:
    raise KeyError(name)


def _bot(home: Path) -> AbstractContextManager[System]:
    return beside_simulated_x(DataFolder(home), Settings(), on_progress=lambda _: None, analysers=LocalModels)


def measure_steps_of_all(gallery: Path) -> Iterator[Figure]:
    """Yield the CPU of each step, as medians over the pictures of a size."""
    taken: dict[str, list[dict[str, float]]] = {size: [] for size in AIMS}
    for size, _, content in pictures():
        taken[size].append(measure_steps(content, gallery))
    for size, steps in taken.items():
        medians = {name: statistics.median(each[name] for each in steps) for name in steps[0]}
        together = medians.pop("together")
        what = ", ".join(f"{name} {span:.0f}" for name, span in medians.items())
        yield say(Figure(f"a picture, {size}: CPU", f"{what} ms"))
        yield say(Figure(f"a picture, {size}: the detectors together", f"{together:.0f} ms"))


def measure_posts(system: System) -> Iterator[Figure]:
    """Yield the median of posts with one picture, from the webhook to the reply."""
    assert system.x is not None
    system.x.client.limits({"POST /2/tweets": 10**6, "POST /2/media/upload": 10**6}, posts_a_day=10**6)
    system.bot.analysers.warm()
    for size, milliseconds in AIMS.items():
        of_size = [content for each, _, content in pictures() if each == size]
        # Nobody gets more than 20 replies in an hour.
        spans = sorted(_answered(system, f"user{turn}", content) for turn in range(ROUNDS) for content in of_size)
        median = f"median {1000 * statistics.median(spans):.0f} ms"
        yield say(Figure(f"a picture, {size}: webhook to reply", median, f"below {milliseconds} ms"))


def _answered(system: System, author: str, content: bytes) -> float:
    """Post a picture, and return the seconds until the reply to it."""
    assert system.x is not None
    x = system.x.client
    post = x.post(author, f"@{x.bot()} who is this?", images=[content])
    (reply,) = x.replies(post["id"], timeout=60)
    return float(reply["created_ms"] - post["created_ms"]) / 1000


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder:
        yield from measure_steps_of_all(Path(folder) / "gallery.json")
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as home, _bot(Path(home)) as running:
        yield from measure_posts(running)
