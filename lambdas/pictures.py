"""Opens pictures from outside, within bounds of time and memory, and encodes JPEGs that X accepts."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps, UnidentifiedImageError

from twbot.lambdas.errors import UnusableImage, is_machine_fault
from twbot.lambdas.ports import MAX_IMAGE_BYTES

MAX_SIDE = 4096
QUALITIES = (90, 80, 65, 50)
# A small file can decode to gigabytes. Within these limits the largest picture of any kind takes 700 MB at most: the
# functions that decode have 1,024. Pillow's WebP reader takes 25 bytes for a pixel, a JPEG's up to 12.
MAX_PIXELS, MAX_JPEG_PIXELS = 25_000_000, 50_000_000
# Of a JPEG, of which cameras and editors write about ten scans and thirty segments. Each scan costs the time of all
# pixels, however few bytes it has, and each segment a copy of the metadata before it.
MAX_SCANS, MAX_SEGMENTS = 100, 2000
_SOI, _TEM, _EOI, _SOS = 0xD8, 0x01, 0xD9, 0xDA
# A marker that ends what a scan has: neither a stuffed zero, a restart nor padding.
# https://www.w3.org/Graphics/JPEG/itu-t81.pdf, section B.1.1
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")


class TooManyPixels(UnusableImage):
    """A picture that would take too much memory or time to decode."""


def open_picture(data: bytes, *, formats: tuple[str, ...] | None = None, side: int = MAX_SIDE) -> Image.Image:
    """Return the first frame, upright, in RGB, with transparent parts in white.

    formats: Pillow's names of those that are taken; None: all. side: the pixels a side that are needed: a larger JPEG
    may be decoded at a fraction of its size. Raises UnusableImage, in words for the picture's author.
    """
    _check_parts(data)
    with warnings.catch_warnings():
        # Pillow warns of fewer pixels than the size check lets pass, and some callers turn warnings into errors.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = _opened(data, formats)
        _check_size(picture)
        try:
            picture.draft("RGB", (side, side))
            picture.load()
            # Rekognition's boxes refer to the picture as its Exif orientation turns it:
            # https://docs.aws.amazon.com/rekognition/latest/dg/images-orientation.html
            ImageOps.exif_transpose(picture, in_place=True)
            return _rgb(picture)
        except Exception as error:  # decoders raise all kinds of exceptions; truncated files fail here
            if is_machine_fault(error):
                raise
            raise UnusableImage("The picture is damaged or incomplete.") from None


def as_jpeg(image: Image.Image, limit: int = MAX_IMAGE_BYTES) -> bytes:
    """Return the best JPEG of at most `limit` bytes: first lower the quality, then halve the size."""
    # `thumbnail` works in place: a copy keeps the caller's picture as it is.
    image = image.copy() if max(image.size) > MAX_SIDE else image
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    while True:
        for quality in QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality)
            if file.tell() <= limit:
                return file.getvalue()
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))


def _check_parts(data: bytes) -> None:
    """Raise UnusableImage for a JPEG of too many scans or segments, before anything decodes it."""
    scans = 0
    for number, marker in enumerate(_jpeg_markers(data) if data.startswith(b"\xff\xd8") else ()):
        scans += marker == _SOS
        if scans > MAX_SCANS or number > MAX_SEGMENTS:
            raise UnusableImage("The picture has too many parts: save it anew and post that.")


def _jpeg_markers(data: bytes) -> Iterator[int]:
    """Yield the markers up to the end of the first picture, as libjpeg finds them."""
    place = 0
    while found := _MARKER.search(data, place):
        marker, place = data[found.end() - 1], found.end()
        if marker == _EOI:
            return
        yield marker
        if marker not in (_SOI, _TEM):
            place += int.from_bytes(data[place : place + 2], "big")


def _opened(data: bytes, formats: tuple[str, ...] | None) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError:
        raise TooManyPixels("The picture has too many pixels.") from None
    except UnidentifiedImageError:
        raise UnusableImage(_no_picture(formats)) from None
    except Exception as error:  # decoders raise all kinds of exceptions over broken headers
        if is_machine_fault(error):
            raise
        raise UnusableImage("The picture is damaged.") from None


def _no_picture(formats: tuple[str, ...] | None) -> str:
    return f"The file is not a {'/'.join(formats)} picture." if formats else "The file is not a picture."


def _check_size(picture: Image.Image) -> None:
    most = MAX_JPEG_PIXELS if picture.format in ("JPEG", "MPO") else MAX_PIXELS
    if picture.width * picture.height > most:
        raise TooManyPixels(f"The picture has too many pixels: {picture.width}×{picture.height}.")


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits a pixel, which `convert` would clip rather than scale
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    overlay = picture.convert("RGBA")
    on_white = Image.new("RGB", overlay.size, "white")
    on_white.paste(overlay, mask=overlay.getchannel("A"))
    return on_white
