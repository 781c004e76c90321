"""Decoding pictures as Rekognition does: JPEG and PNG only, upright, bounded; the last few stay at hand."""

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

# More than any camera makes; less than what a bomb would take: 300 MB of pixels.
MAX_PIXELS = 100_000_000
MAX_SIDE = 2000
MIN_SIDE = 8
CACHE_SIZE = 4
NOT_AN_IMAGE = "Rekognition.InvalidImageFormatException"


class Picture:
    """An upright RGB image of at most 2,000 pixels a side, and the faces on it. Threads may share it."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self._looking = threading.Lock()

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
        with self._looking:
            return self._faces


class Pictures:
    """The last few pictures, by their bytes: three detectors look at the same one at the same time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Picture] = OrderedDict()
        self._decoding = threading.Lock()

    def open(self, content: bytes) -> Picture:
        """The picture of these bytes. Raises ServiceError."""
        digest = hashlib.sha256(content).digest()
        with self._decoding:
            picture = self._kept.pop(digest, None) or Picture(decode(content))
            self._kept[digest] = picture
            if len(self._kept) > CACHE_SIZE:
                self._kept.popitem(last=False)
            return picture


def decode(content: bytes) -> Image.Image:
    """The upright, bounded RGB image of a JPEG or PNG file. Raises ServiceError."""
    try:
        # Pillow warns of a bomb at a smaller size than our own limit, and some callers turn warnings into errors.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
            _check_size(image)
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            image.load()
            image = ImageOps.exif_transpose(image)
    except ServiceError:
        raise
    except Image.DecompressionBombError:
        raise _too_large() from None
    except Exception:  # Pillow raises whatever a broken file makes its decoders raise.
        raise ServiceError(NOT_AN_IMAGE, "Request has invalid image format") from None
    flat = flatten(image)
    flat.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return flat


def flatten(image: Image.Image) -> Image.Image:
    """Any colour mode as RGB; what is transparent becomes white."""
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
