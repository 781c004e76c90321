"""Folders and files that belong to one user: their owner is checked, their mode set, and links are not followed."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import IO

from twbot.lambdas.errors import ErrorKind, TwbotError

OTHERS = 0o077
SUPERUSER = 0


class NotOurs(TwbotError):
    """The folder is another user's, or everybody's."""

    kind = ErrorKind.USAGE


def check_owner(folder: Path) -> None:
    """Raise NotOurs where a folder is another user's, or everybody's.

    The superuser may use everybody's: a container often runs as root on a volume that another user owns. A folder that
    the superuser owns may be used by a process without its rights, which can't change the mode: Kubernetes makes
    volumes like this, writable by a group (https://kubernetes.io/docs/tasks/configure-pod-container/security-context/).
    """
    found, user = folder.stat(), os.geteuid()
    # A link that somebody else made leads where they want.
    for owner in (found.st_uid, folder.lstat().st_uid):
        if user != SUPERUSER and owner not in (user, SUPERUSER):
            raise NotOurs(f"The data folder {folder} belongs to another user.", "Name one of your own: --data FOLDER")
    if found.st_mode & stat.S_ISVTX or folder.resolve() == Path(folder.anchor or "/"):
        raise NotOurs(f"The data folder {folder} is everybody's.", f"Name one of your own: --data {folder / 'twbot'}")
    if user not in (found.st_uid, SUPERUSER) and found.st_mode & stat.S_IWOTH:
        raise NotOurs(f"Everybody may write to the data folder {folder}.", f"As root: chmod o-w {folder}")


def claim_folder(folder: Path) -> None:
    """Take away what others may do with a folder. Raises NotOurs."""
    check_owner(folder)
    if (mode := folder.stat().st_mode) & OTHERS:
        # Only its owner may, and some file systems have no modes (vfat, Windows' drives): `doctor` warns of that.
        with contextlib.suppress(OSError):
            folder.chmod(stat.S_IMODE(mode) & ~OTHERS)


def refuse_links(folder: Path) -> None:
    """Raise NotOurs for a link in the place of a folder within this one: what is written there would be elsewhere.

    Where others could write to the folder, they may have put links at any depth.
    """
    planted = folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    for path in folder.iterdir():
        found = path if path.is_symlink() and path.is_dir() else None
        if planted and path.is_dir() and found is None:
            found = next((each for each in path.rglob("*") if each.is_symlink()), None)
        if found is not None:
            raise NotOurs(f"{found} is a link, which twbot does not follow.", "Put the folder there, or mount it")


def check_code(folder: Path) -> None:
    """Raise NotOurs where others may change what the bot of a folder runs: twbot.toml and whatever is in bot/.

    A group may write: on many systems each user's files belong to a group of that user alone.
    """
    user = os.geteuid()
    code = folder / "bot"
    for path in (folder, folder / "twbot.toml", code, *sorted(code.rglob("*"))):
        try:
            found = path.stat()
        except OSError:  # not there, or a link to nothing
            continue
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            raise NotOurs(f"Everybody may write to {path}, and so run code as the bot.", f"chmod o-w {path}")
        if user != SUPERUSER and found.st_uid not in (user, SUPERUSER):
            raise NotOurs(
                f"{path} belongs to another user, who may change what the bot runs.", f"sudo chown $USER {path}"
            )


def open_parent(folder: Path) -> Path | None:
    """Return the first folder above that everybody may write to: they could put another in the place of this one."""
    for parent in folder.absolute().parents:
        # In a sticky folder, for temporary files, only the owner may rename what is in it.
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return parent
    return None


def open_private(path: str | Path, flags: int) -> int:
    """Open a file for its owner only, and return the descriptor; an opener for `open`. Raises OSError for a link."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(descriptor).st_mode & OTHERS:
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o600)
    return descriptor


def link_or_reason(path: Path, error: OSError) -> str:
    """Return why `open_private` refused a path."""
    return "it is a link, remove it" if path.is_symlink() else error.strerror or str(error)


def create_private(path: Path) -> IO[bytes]:
    """Make a new file for its owner only, in place of what is there. A link is replaced, not followed."""
    path.unlink(missing_ok=True)
    return os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND), "wb")


def keep_tail(path: Path, *, longer_than: int, tail: int) -> None:
    """Shorten a file that others append to: of one that is longer than so many bytes, only the last `tail` stay."""
    try:
        descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        return
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if (size := os.fstat(file.fileno()).st_size) > longer_than:
            file.seek(size - tail)
            kept = file.read(tail)
            file.truncate(0)
            file.write(kept)
