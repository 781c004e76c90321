"""The people of the bot's folder: bot/people/<name>/<photo>, a folder for each person."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import msgspec

from twbot.lambdas.errors import TwbotError

SUFFIXES = (".jpg", ".jpeg", ".png")
# The name is part of an id of Rekognition with 255 characters at most (lambdas/aws/face_ids.py).
MAX_NAME_LENGTH, MAX_NAME_BYTES = 60, 180


class NotKnown(TwbotError):
    """The bot knows nobody of that name."""


class BadPhoto(TwbotError):
    """The photo is no picture, or has no face or several."""


class PersonPhoto(msgspec.Struct, frozen=True):
    """A photo of somebody whom the bot is to recognise."""

    name: str
    """The person's."""
    path: Path
    content: bytes

    @property
    def digest(self) -> str:
        """Return what tells this photo from every other: the SHA-256 of its content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def people_folder(project: Path) -> Path:
    """Return the folder of the people of a bot's folder, whether or not it is there."""
    return project / "bot" / "people"


def has_people(project: Path) -> bool:
    """Return whether a bot's folder names people. It reads no photo."""
    return any(_persons(people_folder(project)))


def photos_of_people(project: Path) -> list[PersonPhoto]:
    """Return the photos of the people of a bot's folder, by name and file name.

    Raises TwbotError, which names the file: a person without a photo, a photo that is nobody's, an odd name.
    """
    folder = people_folder(project)
    if not folder.is_dir():
        return []
    if stray := _photos(folder):
        raise TwbotError(f"{stray[0]} is nobody's.", "Put it into a folder that has the person's name")
    return [PersonPhoto(name, path, _content(path)) for person in _persons(folder) for name, path in _of_person(person)]


def photo_in(project: Path, source: str) -> bytes | None:
    """Return a photo of a person of a bot's folder by its path in the folder; None where there is no such photo."""
    photos = (path for person in _persons(people_folder(project)) for path in _photos(person))
    # A path that is compared, and never opened as it was given, leads nowhere else.
    return next((_content(path) for path in photos if path.relative_to(project).as_posix() == source), None)


def checked_name(name: str, place: str = "") -> str:
    """Return a person's name as it is compared and shown. Raises TwbotError; `place`: what the message begins with."""
    # File systems may decompose what somebody typed: https://unicode.org/reports/tr15/
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise TwbotError(f"{place}A name has 1 to {MAX_NAME_LENGTH} characters.")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise TwbotError(f"{place}A name has {MAX_NAME_BYTES} bytes of UTF-8 at most.")
    return name


def folder_hint(name: str) -> str:
    """Return what to do to make the bot forget a person of its folder."""
    return f"Take the folder bot/people/{name} away"


def person_id(name: str) -> str:
    """Return a stable id of the form that Rekognition has: it depends on the name only."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _of_person(folder: Path) -> list[tuple[str, Path]]:
    name = checked_name(folder.name, f"{folder}: ")
    photos = _photos(folder)
    if not photos:
        raise TwbotError(f"{folder} has no photo of {name}.", "Put a JPEG or PNG into it, with the person's face alone")
    return [(name, path) for path in photos]


def _persons(folder: Path) -> list[Path]:
    return [each for each in _visible(folder) if each.is_dir()]


def _photos(folder: Path) -> list[Path]:
    return [each for each in _visible(folder) if each.suffix.lower() in SUFFIXES and each.is_file()]


def _visible(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if not each.name.startswith(".")) if folder.is_dir() else []


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TwbotError(f"{path} can't be read: {error.strerror}.") from None
