"""The names of faces in a collection of Rekognition, which knows no people: who it is, and of which photo.

ExternalImageId has 1 to 255 of [a-zA-Z0-9_.:-]: https://docs.aws.amazon.com/rekognition/latest/APIReference/API_IndexFaces.html
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal, NamedTuple

# Of a photo in the bot's folder, which `deploy` keeps in step; and of one that `twbot celebrities add` brought.
Origin = Literal["folder", "added"]
_LETTERS: dict[Origin, str] = {"folder": "f", "added": "a"}
_ORIGINS = {letter: origin for origin, letter in _LETTERS.items()}
DIGEST_LENGTH = 12


class FaceId(NamedTuple):
    """What the external id of a face says. A name of 180 bytes makes one of 255 characters."""

    name: str
    digest: str
    """The beginning of the SHA-256 of the photo, in hex."""
    origin: Origin

    def __str__(self) -> str:
        name = base64.urlsafe_b64encode(self.name.encode()).decode().rstrip("=")
        return f"{_LETTERS[self.origin]}.{name}.{self.digest}"


def face_id(name: str, digest: str, origin: Origin) -> FaceId:
    """Return the id of the face of a photo. `digest`: of its content, SHA-256 in hex."""
    return FaceId(name, digest[:DIGEST_LENGTH], origin)


def parse(external_id: str) -> FaceId | None:
    """Return what an external id says; None for a face that twbot did not put there."""
    letter, _, rest = external_id.partition(".")
    encoded, _, digest = rest.partition(".")
    if letter not in _ORIGINS or not digest:
        return None
    try:
        name = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return FaceId(name, digest, _ORIGINS[letter])
