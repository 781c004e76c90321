"""Open pictures upright and opaque, and encode them as JPEGs that X accepts."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from twbot.lambdas.errors import UnusableImage
from twbot.lambdas.ports import MAX_IMAGE_BYTES

MAX_SIDE = 4096
QUALITIES = (90, 80, 65, 50)


def open_picture(data: bytes) -> Image.Image:
    """Return the first frame, upright, in RGB, with transparent parts in white. Raises UnusableImage."""
    try:
        with warnings.catch_warnings():
            # A small file can decode to gigabytes. Pillow only warns between one and two times its pixel limit:
            # https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.open
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                # Rekognition's boxes refer to the picture as its Exif orientation turns it:
                # https://docs.aws.amazon.com/rekognition/latest/dg/images-orientation.html
                upright = ImageOps.exif_transpose(image)
    # SyntaxError: Pillow's PNG reader raises it over broken chunks.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusableImage(f"The picture can't be read ({type(error).__name__}).") from None
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    background = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(background, upright.convert("RGBA")).convert("RGB")


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
