"""The people whom this machine's bot recognises: its gallery, which a running bot reads again when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twbot.cli.operations.people.records import KnownPerson, KnownPhoto
from twbot.local.data_folder import DataFolder
from twbot.local.models.folder_people import gallery_of
from twbot.local.models.gallery import Person


class LocalPeople:
    """The gallery of a data folder, with the people of the bot's folder."""

    def __init__(self, folder: Path) -> None:
        self._gallery = gallery_of(DataFolder(folder).gallery)

    def people(self) -> list[KnownPerson]:
        return [_known(each) for each in self._gallery.people()]

    def add(self, name: str, photos: Mapping[str, bytes]) -> KnownPerson:
        return _known(self._gallery.add(name, photos))

    def remove(self, name: str) -> None:
        self._gallery.remove(name)


def _known(person: Person) -> KnownPerson:
    photos = [KnownPhoto(source=each.source, licence=each.licence) for each in person.photos]
    return KnownPerson(
        name=person.name, shipped=person.shipped, in_folder=person.in_folder, urls=person.urls, photos=photos
    )
