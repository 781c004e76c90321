"""The people whom a stage recognises beside celebrities: the faces in its collection of Rekognition."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.people.records import KnownPerson, KnownPhoto
from twbot.lambdas.analysis.picture import normalise
from twbot.lambdas.aws.face_ids import DIGEST_LENGTH, FaceId, Origin, face_id, parse
from twbot.lambdas.errors import TwbotError, UnusableImage
from twbot.lambdas.folder.folder import project
from twbot.lambdas.folder.people import BadPhoto, NotKnown, checked_name, folder_hint, photos_of_people
from twbot.lambdas.pictures import as_jpeg, open_picture
from twbot.stacks.names import collection_name

# Of a picture in a request: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MAX_BYTES = 5_000_000
# DeleteFaces takes 4,096.
MAX_DELETED = 4096


class Changed(NamedTuple):
    """What brought the collection in step with the bot's folder."""

    added: int
    """Number of photos."""
    removed: int
    """Number of photos."""


class _Face(NamedTuple):
    """A face of the collection."""

    face: str
    """Rekognition's own id."""
    id: FaceId


class AwsPeople:
    """The people of a stage's face collection, which it has where the bot's folder has people. Raises AwsError."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot, self._client = bot, bot.client("rekognition")
        self._collection = collection_name(bot.config)

    def people(self) -> list[KnownPerson]:
        files = {each.digest[:DIGEST_LENGTH]: each.path for each in photos_of_people(project())}
        found: dict[str, list[_Face]] = {}
        for face in self._faces():
            found.setdefault(face.id.name, []).append(face)
        return [_person(name, found[name], files) for name in sorted(found)]

    def add(self, name: str, photos: Mapping[str, bytes]) -> KnownPerson:
        """Index the face of each photo. A photo that is there already is not indexed again."""
        name = checked_name(name)
        known = {each.id[:2] for each in self._faces()}
        for source, content in photos.items():
            wanted = face_id(name, hashlib.sha256(content).hexdigest(), "added")
            if wanted[:2] not in known:
                self._index(wanted, source, content)
        return next(each for each in self.people() if each.name == name)

    def remove(self, name: str) -> None:
        """Delete the person's faces. Pictures that were answered already keep the name."""
        faces = [each for each in self._faces() if each.id.name == name]
        if not faces:
            raise NotKnown(f"The stage {self._bot.name} knows no {name!r}.")
        if any(each.id.origin == "folder" for each in faces):
            again = f"{folder_hint(name)}, then: twbot deploy{self._bot.option}"
            raise TwbotError(f"{name} is in the bot's folder.", again)
        self._delete(faces)

    def keep_in_step(self, folder: Path) -> Changed:
        """Index the photos of a bot's folder that are new, and delete the faces of those that are gone.

        Faces of `twbot celebrities add` stay. Raises BadPhoto for photos that are not of one face, after all others.
        """
        there = {each.id: each for each in self._faces() if each.id.origin == "folder"}
        wanted = {face_id(each.name, each.digest, _FOLDER): each for each in photos_of_people(folder)}
        self._delete(there[each] for each in there.keys() - wanted.keys())
        problems = []
        for each in sorted(wanted.keys() - there.keys()):
            try:
                self._index(each, str(wanted[each].path), wanted[each].content)
            except BadPhoto as problem:
                problems.append(str(problem))
        if problems:
            raise BadPhoto(" ".join(problems), f"Take them away or crop them, then: twbot deploy{self._bot.option}")
        return Changed(len(wanted.keys() - there.keys()), len(there.keys() - wanted.keys()))

    def _index(self, wanted: FaceId, source: str, content: bytes) -> None:
        try:
            picture = as_jpeg(open_picture(normalise(content)), MAX_BYTES)
        except UnusableImage as error:
            raise BadPhoto(f"{source}: {error}") from None
        # Two, to see whether there is a second one. The smallest and the most blurred are not taken by themselves.
        answer = self._call(
            "index_faces",
            Image={"Bytes": picture},
            ExternalImageId=str(wanted),
            MaxFaces=2,
            QualityFilter="AUTO",
            DetectionAttributes=[],
        )
        faces = [_Face(each["Face"]["FaceId"], wanted) for each in answer["FaceRecords"]]
        if len(faces) == 1:
            return
        self._delete(faces)
        what = "There is no face that is large and sharp enough" if not faces else "There are several faces"
        raise BadPhoto(f"{what} in {source}.")

    def _delete(self, faces: Iterable[_Face]) -> None:
        ids = [each.face for each in faces]
        for start in range(0, len(ids), MAX_DELETED):
            self._call("delete_faces", FaceIds=ids[start : start + MAX_DELETED])

    def _faces(self) -> list[_Face]:
        """Return the faces that twbot has put there."""
        found = ((each["FaceId"], parse(each.get("ExternalImageId", ""))) for each in self._listed())
        return [_Face(face, id_) for face, id_ in found if id_ is not None]

    def _listed(self) -> Iterator[dict[str, Any]]:
        with self._bot.translate_errors():
            try:
                for page in self._client.get_paginator("list_faces").paginate(CollectionId=self._collection):
                    yield from page["Faces"]
            except self._client.exceptions.ResourceNotFoundException:
                raise self._missing() from None

    def _call(self, name: str, **parameters: Any) -> Any:
        with self._bot.translate_errors():
            try:
                return getattr(self._client, name)(CollectionId=self._collection, **parameters)
            except self._client.exceptions.ResourceNotFoundException:
                raise self._missing() from None

    def _missing(self) -> AwsError:
        hint = "Put a photo into bot/people/<name>/ of the bot's folder, then: twbot deploy"
        return AwsError(
            f"The stage {self._bot.name} has no people of its own: it knows celebrities only.",
            f"{hint}{self._bot.option}",
        )


_FOLDER: Origin = "folder"


def _person(name: str, faces: list[_Face], files: Mapping[str, Path]) -> KnownPerson:
    folder = project()
    return KnownPerson(
        name=name,
        in_folder=any(each.id.origin == _FOLDER for each in faces),
        photos=[KnownPhoto(source=_source(each.id.digest, files, folder)) for each in faces],
    )


def _source(digest: str, files: Mapping[str, Path], folder: Path) -> str:
    return files[digest].relative_to(folder).as_posix() if digest in files else digest
