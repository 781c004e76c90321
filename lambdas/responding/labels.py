"""Draws frames and labels on a picture: legible on any background, each beside its object, none on another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from twbot.lambdas.responding.boxes import GAP, Box, place
from twbot.lambdas.responding.fonts import font_for

Colour = tuple[int, int, int]
INK, PAPER = (255, 255, 255), (15, 20, 25)
MAX_NAME_LENGTH = 60
# Pixels; smaller text is illegible.
MIN_HEIGHT = 8
# Labels shrink when there are more marks than these.
CROWD = 8


class Mark(NamedTuple):
    """An object to frame and to label."""

    name: str
    box: Box
    colour: Colour


class Lettering(NamedTuple):
    """The laid-out text of a label."""

    text: str
    font: ImageFont.FreeTypeFont
    padding: int
    """Pixels around the text."""
    box: Box
    """The text's own box, as Pillow measures it."""


def draw(picture: Image.Image, marks: Sequence[Mark], faces: Sequence[Box]) -> None:
    """Draw the frames, then lines to labels that are not beside their frame, then the labels, which hide neither."""
    canvas = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 320))
    for mark in marks:
        _frame(canvas, mark, line, picture.size)
    labels: list[Box] = []
    usual = max(picture.size) / 30 * min(1.0, (CROWD / max(1, len(marks))) ** 0.5)
    lettered = [_lettering(canvas, mark, picture.size, usual) for mark in marks]
    for mark, lettering in zip(marks, lettered, strict=True):
        size = (lettering.box.width + 2 * lettering.padding, lettering.box.height + 2 * lettering.padding)
        labels.append(place(size, mark.box, picture.size, labels=labels, faces=faces))
    for mark, label in zip(marks, labels, strict=True):
        _lead(canvas, mark, label, line)
    for mark, lettering, label in zip(marks, lettered, labels, strict=True):
        _write(canvas, mark.colour, lettering, label)


def _frame(canvas: ImageDraw.ImageDraw, mark: Mark, line: int, size: tuple[int, int]) -> None:
    frame = mark.box.grown(1.05).within(size)
    # A dark outline below the coloured one, so that it shows on any background.
    canvas.rounded_rectangle(frame, radius=line * 3, outline=PAPER, width=line * 2)
    canvas.rounded_rectangle(frame, radius=line * 3, outline=mark.colour, width=line)


def _lead(canvas: ImageDraw.ImageDraw, mark: Mark, label: Box, line: int) -> None:
    reach = GAP + 4 * line
    if label.overlap(Box(*(edge + side * reach for edge, side in zip(mark.box, (-1, -1, 1, 1), strict=True)))):
        return
    x, y = (label.left + label.right) // 2, (label.top + label.bottom) // 2
    end = (min(max(x, mark.box.left), mark.box.right), min(max(y, mark.box.top), mark.box.bottom))
    canvas.line((x, y, *end), fill=PAPER, width=line * 2)
    canvas.line((x, y, *end), fill=mark.colour, width=line)


def _lettering(canvas: ImageDraw.ImageDraw, mark: Mark, size: tuple[int, int], usual: float) -> Lettering:
    """Lay the name out in proportion to picture and face: in one line, else in two, else smaller."""
    height = round(min(usual, max(usual * 0.55, mark.box.height * 0.25)))
    name = " ".join(mark.name.split())[:MAX_NAME_LENGTH]
    while True:
        padding = max(3, height // 3)
        for lines, room in ((name, min(size[0], 2 * mark.box.width)), ("\n".join(name.rsplit(" ", 1)), size[0])):
            text, font = font_for(lines, height)
            left, top, right, bottom = canvas.multiline_textbbox((0, 0), text, font=font, align="center")
            box = Box(round(left), round(top), round(right), round(bottom))
            if box.width + 2 * padding <= room:
                return Lettering(text, font, padding, box)
        if height <= MIN_HEIGHT:
            return Lettering(text, font, padding, box)
        height = max(MIN_HEIGHT, height * 4 // 5)


def _write(canvas: ImageDraw.ImageDraw, colour: Colour, lettering: Lettering, label: Box) -> None:
    padding = lettering.padding
    canvas.rounded_rectangle(label, radius=padding, fill=PAPER, outline=colour, width=max(1, padding // 3))
    start = (label.left + padding - lettering.box.left, label.top + padding - lettering.box.top)
    canvas.multiline_text(start, lettering.text, font=lettering.font, fill=INK, align="center")
