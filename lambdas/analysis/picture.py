"""Converts any picture from outside to an upright RGB JPEG without metadata, which every later step can read."""

from __future__ import annotations

import io
import warnings

# Imported although Pillow would load them by name: a bundle holds only what is imported.
from PIL import (
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from twbot.lambdas.errors import UnusableImage

MAX_BYTES = 15_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 4096
# Rekognition's limits are 80 pixels a side and 15 MB: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MIN_SIDE = 80
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_READERS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin, GifImagePlugin)
_QUALITIES = (92, 80, 60)


def normalise(data: bytes) -> bytes:
    """Return a JPEG of at most MAX_BYTES and MAX_SIDE. Raises UnusableImage, in words for the picture's author."""
    if not data:
        raise UnusableImage("The picture is empty.")
    with warnings.catch_warnings():
        # MAX_PIXELS, which is checked before anything is decoded, is below Pillow's own limit.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = _upright(_open(data))
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    if min(picture.size) < MIN_SIDE:
        raise UnusableImage(
            f"The picture is too small: {picture.width}×{picture.height}, {MIN_SIDE} pixels are needed."
        )
    return _jpeg(picture)


def _open(data: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise UnusableImage("The picture has too many pixels.") from None
    except UnidentifiedImageError:
        raise UnusableImage("The file is not a JPEG, PNG, WEBP or GIF picture.") from None
    except Exception:  # decoders raise all kinds of exceptions over broken headers
        raise UnusableImage("The picture is damaged.") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise UnusableImage(f"The picture has too many pixels: {picture.width}×{picture.height}.")
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """Decode the first frame and turn it as its Exif orientation says."""
    try:
        picture.load()
        return _rgb(ImageOps.exif_transpose(picture))
    except Exception:  # as above; truncated files fail here
        raise UnusableImage("The picture is damaged or incomplete.") from None


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits a pixel, which `convert` would clip rather than scale
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    overlay = picture.convert("RGBA")
    on_white = Image.new("RGB", overlay.size, "white")
    on_white.paste(overlay, mask=overlay.getchannel("A"))
    return on_white


def _jpeg(picture: Image.Image) -> bytes:
    # Without metadata, which may contain where a photo was taken.
    picture.info.clear()
    for quality in _QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise UnusableImage("The picture is too large.")
