"""Pictures in and out: opened upright and opaque, written as JPEGs that X takes."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from twbot.lambdas.errors import UnusableImage
from twbot.lambdas.ports import MAX_IMAGE_BYTES

MAX_SIDE = 4096
QUALITIES = (90, 80, 65, 50)


def open_picture(data: bytes) -> Image.Image:
    """The first frame, upright, in RGB; what is transparent becomes white. Raises UnusableImage."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                upright = ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusableImage(f"The picture can't be read ({type(error).__name__}).") from None
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    paper = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(paper, upright.convert("RGBA")).convert("RGB")


def as_jpeg(image: Image.Image, limit: int = MAX_IMAGE_BYTES) -> bytes:
    """As good a JPEG as fits: quality gives way first, then size."""
    image = image.copy() if max(image.size) > MAX_SIDE else image
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    while True:
        for quality in QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality)
            if file.tell() <= limit:
                return file.getvalue()
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))
