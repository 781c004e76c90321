"""What a backup holds: its manifest, and which files of a data folder belong in it."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.local.data_folder import DataFolder

FORMAT = 1
MANIFEST = "backup.json"
STAGING = ".restoring"
ASIDE = "before-restore-"
# What only the running process or this machine needs, what is not finished, and copies of what is there already.
_LEFT_OUT = re.compile(
    r"""
    (run|console)\.json | up\.log | .*\.(lock|new|unfinished) | .*-(wal|shm|journal) | .*\.before-v\d+ | \..*
    | before-restore-.* | .*\.(tar|tar\.gz|tgz)
    """,
    re.VERBOSE,
)


class Stored(msgspec.Struct, frozen=True):
    """A file of a backup."""

    name: str
    """Its path in the data folder, with /."""
    size: int
    """In bytes."""
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The last member of a backup: without it, the backup is not complete."""

    format: int = FORMAT
    twbot: str
    """The version that wrote it."""
    created: float
    """Epoch seconds at which it began: everything that was acknowledged before is in it."""
    simulated: bool
    """Whether the bot's X was a simulated one, which is in the backup, too."""
    files: list[Stored]


def refuse_half_restored(folder: Path) -> None:
    """Raise TwbotError where a restore ended before everything was in its place."""
    if (folder / STAGING).exists() and not DataFolder(folder).bus.exists():
        raise TwbotError(f"A restore of {folder} was interrupted.", "Type it again: twbot restore FILE --force{option}")


def belongs(name: PurePosixPath) -> bool:
    """Return whether a file of the data folder belongs in a backup, by its path there."""
    return name.as_posix() != MANIFEST and not any(_LEFT_OUT.fullmatch(part) for part in name.parts)
