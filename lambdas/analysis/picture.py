"""Any picture from outside, made into one that everything after us can read: upright RGB JPEG without metadata."""

from __future__ import annotations

import io
import warnings

# The formats by name: a bundle holds what is imported, and Pillow finds these by the names in its own list.
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
MIN_SIDE = 80  # Rekognition's; its other limit is 15 MB
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_READERS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin, GifImagePlugin)
_QUALITIES = (92, 80, 60)


def normalise(data: bytes) -> bytes:
    """A JPEG of at most MAX_BYTES and MAX_SIDE. Raises UnusableImage, in words for who posted the picture."""
    if not data:
        raise UnusableImage("The picture is empty.")
    with warnings.catch_warnings():
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
    except Exception:  # decoders raise anything at all over broken headers
        raise UnusableImage("The picture is damaged.") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise UnusableImage(f"The picture has too many pixels: {picture.width}×{picture.height}.")
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """The first frame as its camera was held, decoded."""
    try:
        picture.load()
        return _rgb(ImageOps.exif_transpose(picture))
    except Exception:  # as above; truncated files end here
        raise UnusableImage("The picture is damaged or incomplete.") from None


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits a pixel, which convert would clip
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    on_white = Image.new("RGB", seen.size, "white")
    on_white.paste(seen, mask=seen.getchannel("A"))
    return on_white


def _jpeg(picture: Image.Image) -> bytes:
    """Without metadata: where a photo was taken is nobody's business."""
    picture.info.clear()
    for quality in _QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise UnusableImage("The picture is too large.")
