"""Decodes pictures as Rekognition does: JPEG and PNG only, turned upright, of limited size. Caches the last few."""

from __future__ import annotations

import functools
import hashlib
import io
import threading
import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from twbot.local.models.errors import ServiceError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from twbot.local.models.faces import Face

    Pixels = npt.NDArray[np.uint8]

# More than cameras make, and at most 300 MB of memory: a small file can decode to far more ("decompression bomb").
# https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.open
MAX_PIXELS = 100_000_000
MAX_SIDE = 2000
MIN_SIDE = 8
CACHE_SIZE = 4
NOT_AN_IMAGE = "Rekognition.InvalidImageFormatException"


class Picture:
    """An upright RGB image of at most 2,000 pixels a side, with its faces. Threads may share it."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self._detecting = threading.Lock()

    @functools.cached_property
    def pixels(self) -> Pixels:
        import numpy as np

        return np.asarray(self.image)

    @functools.cached_property
    def _faces(self) -> list[Face]:
        from twbot.local.models.faces import find_faces

        return find_faces(self.image)

    @property
    def faces(self) -> list[Face]:
        # cached_property has no lock since Python 3.12: two threads would both search.
        # https://docs.python.org/3/library/functools.html#functools.cached_property
        with self._detecting:
            return self._faces


class Pictures:
    """A cache of the last few pictures, by their bytes: three detectors get the same picture at the same time."""

    def __init__(self) -> None:
        self._cache: OrderedDict[bytes, Picture] = OrderedDict()
        self._decoding = threading.Lock()

    def open(self, content: bytes) -> Picture:
        """Return the decoded picture. Raises ServiceError."""
        digest = hashlib.sha256(content).digest()
        with self._decoding:
            picture = self._cache.pop(digest, None) or Picture(decode(content))
            self._cache[digest] = picture
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
            return picture


def decode(content: bytes) -> Image.Image:
    """Decode a JPEG or PNG file to an upright RGB image of at most MAX_SIDE pixels a side. Raises ServiceError."""
    try:
        # Pillow warns below our own limit, and some callers turn warnings into errors.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
            _check_size(image)  # known from the header, before anything is decoded
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # decodes large JPEGs at a fraction of their size
            image.load()
            # Rekognition, too, turns JPEGs by their EXIF orientation: its boxes refer to the upright picture.
            image = ImageOps.exif_transpose(image)
    except ServiceError:
        raise
    except Image.DecompressionBombError:
        raise _too_large() from None
    except Exception:  # on a broken file Pillow's decoders raise many types
        raise ServiceError(NOT_AN_IMAGE, "Request has invalid image format") from None
    flat = flatten(image)
    flat.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return flat


def flatten(image: Image.Image) -> Image.Image:
    """Convert any colour mode to RGB, with transparency on white."""
    # Pillow clips 16-bit greyscale to 255 when it converts it: take the high byte instead.
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.convert("I").point(_high_byte).convert("L").convert("RGB")
    if image.has_transparency_data:
        over = Image.new("RGBA", image.size, "white")
        over.alpha_composite(image.convert("RGBA"))
        return over.convert("RGB")
    return image.convert("RGB")


def _high_byte(value: Any) -> Any:
    return value * (1 / 256)


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    if min(image.size) < MIN_SIDE:
        raise ServiceError(NOT_AN_IMAGE, f"Image is {image.width} by {image.height} pixels: too small to see anything")


def _too_large() -> ServiceError:
    return ServiceError("Rekognition.ImageTooLargeException", f"Image has more than {MAX_PIXELS:,} pixels")
