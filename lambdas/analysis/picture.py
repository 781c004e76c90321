"""Converts any picture from outside to an upright RGB JPEG without metadata, which every later step can read."""

from __future__ import annotations

import io

# Imported although Pillow would load them by name: a bundle holds only what is imported.
from PIL import GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from twbot.lambdas.errors import UnusableImage
from twbot.lambdas.pictures import MAX_SIDE, open_picture

MAX_BYTES = 15_000_000
# Rekognition's limits are 80 pixels a side and 15 MB: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MIN_SIDE = 80
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_READERS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin, GifImagePlugin)
_QUALITIES = (92, 80, 60)


def normalise(data: bytes) -> bytes:
    """Return a JPEG of at most MAX_BYTES and MAX_SIDE. Raises UnusableImage, in words for the picture's author."""
    if not data:
        raise UnusableImage("The picture is empty.")
    picture = open_picture(data, formats=_FORMATS)
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    if min(picture.size) < MIN_SIDE:
        raise UnusableImage(
            f"The picture is too small: {picture.width}×{picture.height}, {MIN_SIDE} pixels are needed."
        )
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    # Without metadata, which may contain where a photo was taken.
    picture.info.clear()
    for quality in _QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise UnusableImage("The picture is too large.")
