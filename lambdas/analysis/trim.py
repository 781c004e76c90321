"""Trims what the workflow carries to what somebody reads: Step Functions' state holds 256 KiB.

Input: {"Text": "…"} → {"Text": "… of at most 5,000 bytes"}
Input: {"Found": {"Labels": […], "TextDetections": […], "CelebrityFaces": […], "UnrecognizedFaces": […]}} → the same,
with fewer fields. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from twbot.lambdas.analysis.excerpt import excerpt

Json = dict[str, Any]
# Instances of highlighted labels in one picture: lambdas/responding/annotate.py draws no more frames.
MAX_INSTANCES = 40
_FACE = ("BoundingBox", "Confidence")


def trim(request: Json, *, highlight: Collection[str] = ()) -> Json:
    """Return the request with its Text cut and its Found reduced to the fields that have a reader.

    highlight: names of the labels whose Instances are kept. A field that is not there stays away.
    """
    trimmed: Json = {}
    if "Text" in request:
        trimmed["Text"] = excerpt(request["Text"])
    if "Found" in request:
        trimmed["Found"] = _findings(request["Found"], {name.casefold() for name in highlight})
    return trimmed


def _findings(found: Json, highlight: Collection[str]) -> Json:
    trims: dict[str, Callable[[list[Json]], list[Json]]] = {
        "Labels": lambda labels: _labels(labels, highlight),
        "TextDetections": _lines,
        "CelebrityFaces": lambda faces: [_celebrity(face) for face in faces],
        "UnrecognizedFaces": lambda faces: [_only(face, _FACE) for face in faces],
    }
    return {name: trims[name](values) if name in trims else values for name, values in found.items()}


def _labels(labels: Iterable[Json], highlight: Collection[str]) -> list[Json]:
    left, trimmed = MAX_INSTANCES, []
    for label in labels:
        kept = _only(label, ("Name", "Confidence"))
        if label.get("Parents"):
            kept["Parents"] = [_only(parent, ("Name",)) for parent in label["Parents"]]
        if str(label.get("Name", "")).casefold() in highlight:
            kept["Instances"] = [_only(each, _FACE) for each in (label.get("Instances") or [])[:left]]
            left -= len(kept["Instances"])
        trimmed.append(kept)
    return trimmed


def _lines(detections: Iterable[Json]) -> list[Json]:
    """Keep the lines: each of their words is a detection of its own, which nobody reads."""
    kept = ("DetectedText", "Type", "Id", "Confidence")
    return [_only(each, kept) for each in detections if each.get("Type") == "LINE"]


def _celebrity(celebrity: Json) -> Json:
    kept = _only(celebrity, ("Name", "Id", "Urls", "MatchConfidence"))
    return {**kept, "Face": _only(celebrity["Face"], _FACE)} if celebrity.get("Face") else kept


def _only(found: Json, names: Iterable[str]) -> Json:
    return {name: found[name] for name in names if name in found}
