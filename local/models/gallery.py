"""The gallery of people to recognise: public figures that ship with twbot, those of the user's file, and those of the
bot's folder."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.people import BadPhoto, NotKnown, checked_name, folder_hint, person_id
from twbot.lambdas.text_files import decode_text
from twbot.local.models.errors import ServiceError

if TYPE_CHECKING:
    from twbot.local.models.faces import Embedding

SHIPPED = Path(__file__).parent / "data" / "gallery.json"
# Euclidean distance of two embeddings: 0.2 to 0.51 for the same person on photos however treated, 0.59 and more for
# two people. docs/understanding.md
MAX_DISTANCE = 0.53


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """One face of a person. The photo itself is not stored."""

    source: str
    """Where the photo came from: a file name or a package."""
    licence: str = ""
    embedding: list[float]
    """128 numbers."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to recognise."""

    name: str
    urls: list[str] = []
    photos: list[Photo]
    shipped: bool = False
    """Whether the person comes with twbot."""
    in_folder: bool = False
    """Whether the person has photos in the bot's folder."""

    @property
    def id(self) -> str:
        """Return a stable id of the form that Rekognition has: it depends on the name only."""
        return person_id(self.name)


class _File(msgspec.Struct, kw_only=True):
    people: list[Person] = []
    hidden: list[str] = []
    """Names of shipped people whom the user removed."""


class Gallery:
    """The shipped people and those of the user's file `path`, which need not exist.

    The file is read again when another process has changed it. folder: the people of the bot's folder, by name
    """

    def __init__(self, path: Path, folder: Mapping[str, Sequence[Photo]] | None = None) -> None:
        self.path = path
        self._folder = folder or {}
        self._reading = threading.Lock()
        self._read_stamp: object = object()
        self._people: list[Person] = []

    def people(self) -> list[Person]:
        """Return everybody, sorted by name. Raises TwbotError for a broken file."""
        with self._reading:
            stamp = _stamp(self.path)
            if stamp != self._read_stamp:
                people = _with_photos(_with_shipped(_read(self.path)), self._folder)
                self._people, self._read_stamp = people, stamp
            return self._people

    def add(self, name: str, photos: Mapping[str, bytes]) -> Person:
        """Add a person, or photos of one. `photos`: contents by file name, with one face each.

        A photo replaces the person's former photo of the same file name. Raises BadPhoto, TwbotError.
        """
        name = checked_name(name)
        # Find the faces before locking the file: that takes seconds.
        added = [Photo(source=source, embedding=only_face(source, content)) for source, content in photos.items()]
        with _changing(self.path) as file:
            known = next((each for each in file.people if each.name == name), Person(name=name, photos=[]))
            sources = {each.source for each in added}
            others = [each for each in known.photos if each.source not in sources]
            person = msgspec.structs.replace(known, photos=others + added)
            file.people = [*(each for each in file.people if each.name != name), person]
            file.hidden = [each for each in file.hidden if each != name]
        return person

    def remove(self, name: str) -> None:
        """Remove a person from the file, and hide a shipped one.

        Raises NotKnown, and TwbotError for a person of the bot's folder.
        """
        if name in self._folder:
            raise TwbotError(f"{name} is in the bot's folder.", folder_hint(name))
        with _changing(self.path) as file:
            if name not in {each.name for each in _with_shipped(file)}:
                raise NotKnown(f"There is no {name!r} in the gallery.")
            file.people = [each for each in file.people if each.name != name]
            if name in {each.name for each in shipped()}:
                file.hidden = sorted({*file.hidden, name})

    def match(self, embedding: Embedding | None) -> tuple[Person, float] | None:
        """Return the person with the nearest photo and its distance, None where none is near enough to be the same."""
        import numpy as np

        if embedding is None:
            return None
        pairs = [(person, photo.embedding) for person in self.people() for photo in person.photos]
        if not pairs:
            return None
        distances = np.linalg.norm(np.array([numbers for _, numbers in pairs]) - embedding, axis=1)
        nearest = int(distances.argmin())
        distance = float(distances[nearest])
        return (pairs[nearest][0], distance) if distance <= MAX_DISTANCE else None


def shipped() -> list[Person]:
    """Return the public figures that ship with twbot."""
    people = msgspec.json.decode(SHIPPED.read_bytes(), type=_File).people
    return [msgspec.structs.replace(each, shipped=True) for each in people]


def _with_shipped(file: _File) -> list[Person]:
    people = {each.name: each for each in shipped() if each.name not in file.hidden}
    for own in file.people:
        known = people.get(own.name)
        people[own.name] = msgspec.structs.replace(known, photos=known.photos + own.photos) if known else own
    return sorted(people.values(), key=lambda each: each.name)


def _with_photos(people: list[Person], folder: Mapping[str, Sequence[Photo]]) -> list[Person]:
    found = {each.name: each for each in people}
    for name, photos in folder.items():
        known = found.get(name, Person(name=name, photos=[]))
        found[name] = msgspec.structs.replace(known, photos=[*known.photos, *photos], in_folder=True)
    return sorted(found.values(), key=lambda each: each.name)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(path: Path) -> _File:
    try:
        file = msgspec.json.decode(decode_text(path.read_bytes()), type=_File)
    except FileNotFoundError:
        return _File()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TwbotError(f"The gallery {path} can't be read: {error}") from None
    if any(len(photo.embedding) != 128 for person in file.people for photo in person.photos):
        raise TwbotError(f"The gallery {path} can't be read: an embedding has 128 numbers.")
    return file


@contextmanager
def _changing(path: Path) -> Iterator[_File]:
    """Yield the user's file to change, to one process at a time. Write it at the end, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            file = _read(path)
            yield file
            write_private(path, msgspec.json.encode(file))
    except OSError as error:
        raise TwbotError(f"The gallery {path} can't be written: {error.strerror}.") from None


def write_private(path: Path, content: bytes) -> None:
    """Write a file of the owner's, whole or not at all. Raises OSError."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    fresh.replace(path)


def only_face(source: str, content: bytes) -> list[float]:
    """Return the embedding of the one face on a photo. `source`: what to call it. Raises BadPhoto."""
    from twbot.local.models.faces import find_faces
    from twbot.local.models.pictures import decode

    try:
        faces = find_faces(decode(content))
    except ServiceError as error:
        raise BadPhoto(f"{source} is not a JPEG or PNG picture: {error.message.rstrip('.')}.") from None
    if not faces:
        raise BadPhoto(f"There is no face in {source}.")
    if len(faces) > 1:
        raise BadPhoto(f"There are {len(faces)} faces in {source}: crop it to the person's.")
    embedding = faces[0].embedding
    if embedding is None:
        raise BadPhoto(f"The face in {source} is seen from the side: take a photo from the front.")
    return [round(float(number), 5) for number in embedding]
