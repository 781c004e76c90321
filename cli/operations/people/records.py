"""The people whom a bot recognises. Both platforms return these records."""

from __future__ import annotations

import msgspec


class KnownPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of a person."""

    source: str
    """Where it came from: a file name, its path in the bot's folder, or a package; on AWS the beginning of its digest
    where the file is not known here."""
    licence: str = ""


class KnownPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom the bot recognises."""

    name: str
    shipped: bool = False
    """Whether the person comes with twbot."""
    in_folder: bool = False
    """Whether the person has photos in the bot's folder."""
    urls: list[str] = []
    photos: list[KnownPhoto] = []
