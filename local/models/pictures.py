"""Decodes pictures as Rekognition does: JPEG and PNG only, turned upright, of limited size. Caches the last few."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from PIL import Image

from twbot.lambdas.errors import UnusableImage
from twbot.lambdas.pictures import TooManyPixels, open_picture
from twbot.local.models.errors import ServiceError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from twbot.local.models.faces import Face

    Pixels = npt.NDArray[np.uint8]

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
        image = open_picture(content, formats=("JPEG", "PNG"), side=MAX_SIDE)
    except TooManyPixels as error:
        raise ServiceError("Rekognition.ImageTooLargeException", str(error)) from None
    except UnusableImage as error:
        raise ServiceError(NOT_AN_IMAGE, f"Request has invalid image format: {error}") from None
    if min(image.size) < MIN_SIDE:
        raise ServiceError(NOT_AN_IMAGE, f"Image is {image.width} by {image.height} pixels: too small to see anything")
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return image
