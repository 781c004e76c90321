"""Puts a backup into a data folder: everything is checked before anything is put in its place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

import msgspec

from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.wiring import rules
from twbot.local.backup.manifest import ASIDE, FORMAT, MANIFEST, STAGING, Manifest, belongs
from twbot.local.bus.lock import Lock
from twbot.local.bus.store import SCHEMA, AlreadyRunning, Store
from twbot.local.data_folder import MIN_FREE_BYTES, DataFolder, make_private
from twbot.local.database import DamagedFile, NewerFile, StorageError, check_integrity, translate_os_errors

CHUNK = 1 << 20
# What these do a second time harms nobody.
HARMLESS = ("lake", "event-log")
REASON = "RestoredFromBackup: it waited when the backup was made, and may have been done since"
OnProgress = Callable[[str], None]


class BadBackup(TwbotError):
    """The file is no backup of ours, or not a complete one."""


class Restored(NamedTuple):
    """What was put in place."""

    manifest: Manifest
    held: int
    """Deliveries that waited when the backup was made, and are dead letters now."""
    aside: Path | None
    """Where what was in the folder is now."""


def restore_backup(file: Path, folder: Path, *, force: bool, resume: bool, on_progress: OnProgress) -> Restored:
    """Put the backup into the folder. With `force`, what is in it is moved aside first.

    What waited when the backup was made goes on where X is the simulated one of the backup, or with `resume`. Else it
    becomes dead letters: X may have the replies by now. Raises TwbotError, and then nothing has changed.
    """
    with contextlib.ExitStack() as at_end:
        source = at_end.enter_context(_opened(file))
        make_private(folder)
        try:
            at_end.callback(Lock(DataFolder(folder).bus.with_name("bus.db.lock")).release)
        except AlreadyRunning as error:
            raise AlreadyRunning(str(error), "Stop it: twbot down{option}; or restore to another folder") from None
        if (present := _present(folder)) and not force:
            message = f"{folder} is not empty: {', '.join(path.name for path in present[:3])} …"
            raise TwbotError(message, "Have it moved aside: --force; or name another: --data", kind=ErrorKind.USAGE)
        staging = folder / STAGING
        with translate_os_errors(folder):
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=0o700)
            at_end.callback(shutil.rmtree, staging, ignore_errors=True)
            manifest = _extract(source, file, staging, on_progress)
            _check(manifest, staging, on_progress)
            held = 0 if resume or manifest.simulated else _hold(staging / DataFolder(staging).bus.name)
            aside = _move_aside(folder)
            _put_in_place(staging, folder)
    return Restored(manifest, held, aside)


@contextlib.contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Turn what reading the backup raises into BadBackup."""
    try:
        yield
    except FileNotFoundError:
        raise TwbotError(f"There is no file {file}.", "Make one: twbot backup", kind=ErrorKind.NOT_FOUND) from None
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        message = f"{file} is no backup of twbot, or a damaged one: {why}."
        raise BadBackup(message, "Take another backup", kind=ErrorKind.USAGE) from None


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    with contextlib.ExitStack() as opened:
        with _readable(file):
            tar = opened.enter_context(tarfile.open(file, mode="r:*"))
        yield tar


def _members(source: tarfile.TarFile, file: Path) -> Iterator[tarfile.TarInfo]:
    while True:
        with _readable(file):
            member = source.next()
        if member is None:
            return
        yield member


def _chunks(content: IO[bytes], file: Path) -> Iterator[bytes]:
    while True:
        with _readable(file):
            data = content.read(CHUNK)
        if not data:
            return
        yield data


def _present(folder: Path) -> list[Path]:
    """Return what is in the folder, but for what this module puts there."""
    ours = (STAGING, "bus.db.lock")
    return sorted(path for path in folder.iterdir() if path.name not in ours and not path.name.startswith(ASIDE))


def _extract(source: tarfile.TarFile, file: Path, staging: Path, on_progress: OnProgress) -> Manifest:
    """Write the members below the staging folder. Raises BadBackup unless they are what the manifest says."""
    found: dict[str, tuple[int, str]] = {}
    room = shutil.disk_usage(staging).free - MIN_FREE_BYTES
    for member in _members(source, file):
        _check_member(member, file, found)
        if (room := room - member.size) < 0:
            raise StorageError(f"The disk of {staging.parent} has no room for {file}.", "Make room, and type it again")
        on_progress(f"reading {member.name}")
        content = source.extractfile(member)
        assert content is not None  # it is a regular file
        found[member.name] = member.size, _write(_chunks(content, file), staging, member)
    try:
        content_of = (staging / MANIFEST).read_bytes() if MANIFEST in found else b""
        manifest = msgspec.json.decode(content_of, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadBackup(f"{file} is no complete backup of twbot: it has no {MANIFEST}.", kind=ErrorKind.USAGE) from None
    (staging / MANIFEST).unlink()
    del found[MANIFEST]
    if manifest.format > FORMAT:
        raise BadBackup(f"{file} was written by a newer twbot ({manifest.twbot}).", "Use the newer twbot")
    if found != {each.name: (each.size, each.sha256) for each in manifest.files}:
        raise BadBackup(f"{file} is damaged: its content is not what its {MANIFEST} says.", kind=ErrorKind.USAGE)
    return manifest


def _check_member(member: tarfile.TarInfo, file: Path, found: dict[str, tuple[int, str]]) -> None:
    """Let nothing but plain files with plain names through: a backup may come from anywhere."""
    path = PurePosixPath(member.name)
    is_plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    is_inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    is_ours = member.name == MANIFEST or belongs(path)
    is_clean = path.as_posix() == member.name and member.name.isprintable() and "\\" not in member.name
    is_new = member.name not in found and not any(parent.as_posix() in found for parent in path.parents)
    if not (is_plain and is_inside and is_ours and is_clean and is_new):
        raise BadBackup(f"{file} is no backup of twbot: it has {member.name[:100]!r} in it.", kind=ErrorKind.USAGE)


def _write(content: Iterator[bytes], staging: Path, member: tarfile.TarInfo) -> str:
    """Write a member, readable by its owner only, and return its SHA-256."""
    for parent in reversed(PurePosixPath(member.name).parents):
        (staging / parent).mkdir(mode=0o700, exist_ok=True)
    path, digest = staging / member.name, hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        for data in content:
            digest.update(data)
            output.write(data)
        output.flush()
        os.fsync(output.fileno())
    # Pictures are deleted by their age.
    os.utime(path, (member.mtime, member.mtime))
    return digest.hexdigest()


def _check(manifest: Manifest, staging: Path, on_progress: OnProgress) -> None:
    """Open each database with what twbot knows of it. Raises StorageError."""
    names = [each.name for each in manifest.files if each.name.endswith(".db")]
    if (bus := DataFolder(staging).bus.name) not in names:
        raise BadBackup(f"The backup has no {bus}.", kind=ErrorKind.USAGE)
    for name in names:
        on_progress(f"checking {name}")
        try:
            schema = SCHEMA if name == bus else None
            check_integrity(staging / name, of=Path(name), schema=schema, thorough=True)
        except (DamagedFile, NewerFile) as error:
            raise BadBackup(f"In the backup, {error}", "Take another backup, or the twbot that wrote it") from None


def _hold(bus: Path) -> int:
    store = Store(bus)
    try:
        with store.transaction():
            return store.hold([rule.name for rule in rules() if rule.target in HARMLESS], time.time(), REASON)
    finally:
        store.close()


def _move_aside(folder: Path) -> Path | None:
    """Move what is in the folder into a folder in it. bus.db goes first: without it, no bot starts on the rest."""
    if not (present := _present(folder)):
        return None
    aside = Path(tempfile.mkdtemp(dir=folder, prefix=time.strftime(f"{ASIDE}%Y%m%dT%H%M%SZ-", time.gmtime())))
    bus = DataFolder(folder).bus
    for path in sorted(present, key=lambda path: not path.name.startswith(bus.name)):
        path.rename(aside / path.name)
    return aside


def _put_in_place(staging: Path, folder: Path) -> None:
    """Move everything up. bus.db comes last: until then no bot starts on the folder."""
    bus = DataFolder(folder).bus
    for path in sorted(staging.iterdir(), key=lambda path: path.name.startswith(bus.name)):
        path.rename(folder / path.name)
    staging.rmdir()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
