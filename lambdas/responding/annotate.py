"""Draws the analysis on a picture: names beside faces, frames around selected labels, and strangers blurred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from twbot.lambdas.contracts import ImageAnalysis
from twbot.lambdas.pictures import MAX_SIDE, as_jpeg, open_picture
from twbot.lambdas.responding.boxes import Box, box_of
from twbot.lambdas.responding.labels import Mark, draw

# Smaller pictures are enlarged, so that the names stay legible.
MIN_SIDE = 640
NAME_COLOUR = (29, 155, 240)
LABEL_COLOUR = (249, 140, 10)
# More would hide the picture, and placing labels takes time that grows with their number.
MAX_MARKS = 40
# Pixels a side to which a blurred head is reduced.
BLUR_BLOCKS = 5


def annotate(image: bytes, analysis: ImageAnalysis, *, blur_strangers: bool, highlight: Sequence[str]) -> bytes:
    """Return the annotated JPEG, of at most 5 MB. Raises UnusableImage."""
    picture = _legible(open_picture(image))
    celebrities = _named(analysis.celebrity_faces, picture.size)
    strangers = [box for face in analysis.unrecognized_faces if (box := box_of(face, picture.size))]
    # Before anything is drawn, so that no frame or name is blurred.
    if blur_strangers:
        for box in strangers:
            _blur(picture, box)
    marks = [Mark(name, box, NAME_COLOUR) for name, box in celebrities]
    marks += [Mark(name, box, LABEL_COLOUR) for name, box in _selected(analysis.labels, highlight, picture.size)]
    draw(picture, marks[:MAX_MARKS], faces=[*strangers, *(box for _, box in celebrities)])
    return as_jpeg(picture)


def _legible(picture: Image.Image) -> Image.Image:
    longest = max(picture.size)
    factor = max(1.0, MIN_SIDE / longest) if longest < MIN_SIDE else min(1.0, MAX_SIDE / longest)
    if factor == 1.0:
        return picture
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _named(faces: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> list[tuple[str, Box]]:
    """Return the names and boxes of Rekognition's Celebrity {Name, Face{BoundingBox}}, from left to right."""
    # In that order the labels of a row of people rarely have to avoid each other.
    found = [(str(face.get("Name", "")), box_of(face.get("Face") or {}, size)) for face in faces]
    return sorted(((name, box) for name, box in found if name and box), key=lambda named: named[1].left)


def _selected(
    labels: Sequence[Mapping[str, Any]], highlight: Sequence[str], size: tuple[int, int]
) -> list[tuple[str, Box]]:
    names = {name.casefold() for name in highlight}
    chosen = [label for label in labels if str(label.get("Name", "")).casefold() in names]
    found = [(str(label["Name"]), box_of(thing, size)) for label in chosen for thing in label.get("Instances") or []]
    return [(name, box) for name, box in found if box]


def _blur(picture: Image.Image, face: Box) -> None:
    # Reduced to so few pixels that nobody is recognisable. The ellipse is larger than the face, whose box leaves out
    # hair and ears.
    head = face.grown(1.5).within(picture.size)
    crop = picture.crop(head)
    reduced = crop.resize((min(BLUR_BLOCKS, head.width), min(BLUR_BLOCKS, head.height)), Image.Resampling.BOX)
    smooth = reduced.resize(crop.size, Image.Resampling.BICUBIC)
    mask = Image.new("L", crop.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, head.width - 1, head.height - 1), fill=255)
    picture.paste(smooth, head[:2], mask.filter(ImageFilter.GaussianBlur(max(head.width, head.height) / 60)))
