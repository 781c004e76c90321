"""The people whom a bot recognises: the port, and the choice of its adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.people.records import KnownPerson


class People(Protocol):
    """The people whom a bot recognises beside those whom Rekognition knows. Raises TwbotError."""

    def people(self) -> list[KnownPerson]:
        """Return everybody, by name."""

    def add(self, name: str, photos: Mapping[str, bytes]) -> KnownPerson:
        """Add a person, or photos of one. `photos`: contents by file name, with one face each. Raises BadPhoto."""

    def remove(self, name: str) -> None:
        """Forget a person. Raises NotKnown, and TwbotError for a person of the bot's folder."""


def people_of(target: Target) -> People:
    """Return the people of a bot. Raises CliError."""
    if target.is_local:
        from twbot.cli.operations.people.local import LocalPeople
        from twbot.local.data_folder import data_folder

        return LocalPeople(data_folder(target.data))
    from twbot.cli.operations.people.aws import AwsPeople

    return AwsPeople(target.aws())
