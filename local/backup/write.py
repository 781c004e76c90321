"""Writes a backup of a data folder, also while its bot runs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

import msgspec

from twbot import __version__
from twbot.lambdas.errors import ErrorKind, NotConfigured, TwbotError
from twbot.local.backup.manifest import MANIFEST, Manifest, Stored, belongs
from twbot.local.data_folder import DataFolder
from twbot.local.database import Database, check_integrity, open_snapshot, translate_os_errors

COMPRESSION = 6  # of gzip: most of what is stored is compressed already
SIMULATOR = "x/sim.db"
OnProgress = Callable[[str], None]


class Written(NamedTuple):
    """A finished backup."""

    file: Path
    size: int
    """In bytes."""
    manifest: Manifest
    skipped: list[str]
    """What is in the folder but can't be in a backup: links, sockets."""


def write_backup(folder: Path, file: Path, on_progress: OnProgress) -> Written:
    """Write everything that belongs in a backup into one tar file, readable by its owner only.

    Its name appears when it is complete. It is compressed where the name ends in gz. Raises TwbotError.
    """
    if not DataFolder(folder).bus.exists():
        raise NotConfigured(f"No bot has run on {folder}.", "Name its folder: --data FOLDER")
    if os.path.lexists(file):
        raise _is_there(file)
    # Beside the backup, where there has to be room for it. The scratch folder is its owner's only.
    with (
        translate_os_errors(file),
        tempfile.TemporaryDirectory(dir=file.parent, prefix=".twbot-backup-") as scratch,
    ):
        unfinished = Path(scratch, "backup")
        writer = _Writer(folder, Path(scratch), on_progress)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            manifest = writer.write(output, compressed=file.name.endswith("gz"))
            output.flush()
            os.fsync(output.fileno())
        size = unfinished.stat().st_size
        _publish(unfinished, file)
    return Written(file, size, manifest, writer.skipped)


class _Writer:
    def __init__(self, folder: Path, scratch: Path, on_progress: OnProgress) -> None:
        self._folder, self._scratch, self._on_progress = folder, scratch, on_progress
        self._stored: dict[str, Stored] = {}
        self.skipped: list[str] = []

    def write(self, output: IO[bytes], *, compressed: bool) -> Manifest:
        created = time.time()
        mode = {"mode": "w:gz", "compresslevel": COMPRESSION} if compressed else {"mode": "w"}
        with contextlib.ExitStack() as opened, tarfile.open(fileobj=output, **mode) as tar:
            for name, database in self._snapshots(opened):
                self._add_database(tar, name, database)
            self._add_files(tar)
            manifest = Manifest(
                twbot=__version__,
                created=created,
                simulated=SIMULATOR in self._stored,
                files=list(self._stored.values()),
            )
            self._add(tar, MANIFEST, msgspec.json.encode(manifest), created)
        return manifest

    def _snapshots(self, opened: contextlib.ExitStack) -> list[tuple[str, Database]]:
        """Fix the moment of each database, all within milliseconds, before any is copied.

        The order decides what a bot that is restored believes. The simulated X comes first and the bus second: of each
        reply that X has, and of each that the bus waits to send, the later files know whether it was sent. The other
        way round a reply that was sent in between would wait in the bus, known to nobody.
        """
        first = [SIMULATOR, DataFolder(self._folder).bus.name]
        found = [name for name in self._names() if name.endswith(".db")]
        names = sorted(found, key=lambda name: (first.index(name) if name in first else len(first), name))
        databases = [opened.enter_context(contextlib.closing(open_snapshot(self._folder / name))) for name in names]
        return list(zip(names, databases, strict=True))

    def _add_database(self, tar: tarfile.TarFile, name: str, database: Database) -> None:
        self._on_progress(f"copying {name}")
        copy = self._scratch / "copy.db"
        database.copy_to(copy)
        check_integrity(copy, of=database.path)
        with copy.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            content.seek(0)
            self._store(tar, name, content, copy.stat().st_size, digest, time.time())
        copy.unlink()

    def _add_files(self, tar: tarfile.TarFile) -> None:
        """Add what is no database: after the bus, whose finished deliveries are in the lake by then."""
        is_whole = False
        while not is_whole:
            is_whole = True
            names = [name for name in self._names() if name not in self._stored and not name.endswith(".db")]
            self._on_progress(f"copying {len(names)} files")
            for name in names:
                try:
                    content, modified = _read(self._folder / name)
                except FileNotFoundError:
                    # The running bot has joined it with others of the lake: what is in it is in a file of another name.
                    is_whole = False
                else:
                    self._add(tar, name, content, modified)

    def _add(self, tar: tarfile.TarFile, name: str, content: bytes, modified: float) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self._store(tar, name, io.BytesIO(content), len(content), digest, modified)

    def _store(
        self, tar: tarfile.TarFile, name: str, content: IO[bytes], size: int, digest: str, modified: float
    ) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, modified
        tar.addfile(member, content)
        self._stored[name] = Stored(name, size, digest)

    def _names(self) -> Iterator[str]:
        """Yield the paths in the folder of all files that belong in a backup."""
        self.skipped.clear()
        for entry in sorted(self._folder.iterdir()):
            # The operator may have put the lake on another disk: a link right in the folder is followed, no other.
            yield from self._below(entry, follow=True)

    def _below(self, path: Path, *, follow: bool = False) -> Iterator[str]:
        name = path.relative_to(self._folder)
        if not belongs(PurePosixPath(name.as_posix())):
            return
        with contextlib.suppress(FileNotFoundError):
            mode = path.stat().st_mode if follow else path.lstat().st_mode
            if stat.S_ISREG(mode):
                yield name.as_posix()
            elif stat.S_ISDIR(mode):
                for entry in sorted(path.iterdir()):
                    yield from self._below(entry)
            else:
                self.skipped.append(name.as_posix())


def _read(path: Path) -> tuple[bytes, float]:
    with path.open("rb") as file:
        return file.read(), os.fstat(file.fileno()).st_mtime


def _publish(unfinished: Path, file: Path) -> None:
    """Give the finished backup its name, and never take it from another file."""
    try:
        file.hardlink_to(unfinished)
    except FileExistsError:
        raise _is_there(file) from None
    except OSError:  # not every file system has hard links
        unfinished.rename(file)


def _is_there(file: Path) -> TwbotError:
    return TwbotError(f"{file} is there already.", "Name another file: twbot backup FILE", kind=ErrorKind.USAGE)
