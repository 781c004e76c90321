"""Keeps models that were converted from other packages' files in the user's cache, each under its own checksum."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from twbot.lambdas.errors import TwbotError


def converted(name: str, convert: Callable[[], bytes], *, ending: str = "onnx") -> Path:
    """Return the file of the name. Call `convert` where it does not exist or was changed. Raises TwbotError.

    The name holds the conversion's version: increase it with each change of the conversion.
    """
    for folder in (_cache_folder(), Path(tempfile.gettempdir()) / f"twbot-{os.getuid()}"):
        with contextlib.suppress(OSError):
            return _made(name, convert, folder, ending)
    raise TwbotError("There is nowhere to keep the converted model: neither the cache nor the temporary folder.")


def pinned(path: Path, sha256: str) -> Path:
    """Return the path of a file with this checksum. Raises TwbotError for any other content."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise TwbotError(f"{path.name} is not the file that twbot was made for.")
    return path


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twbot"


def _made(name: str, convert: Callable[[], bytes], folder: Path, ending: str) -> Path:
    # The file has its own checksum in its name. So a changed file is found, and two processes that make it at the same
    # time write the same content to the same name.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # In the shared temporary folder, another user could make the folder first and put a model of their own there.
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(folder)
    for old in folder.glob(f"{name}-*.{ending}"):
        if _digest(old.read_bytes()) == old.stem.rpartition("-")[2]:
            return old
    content = convert()
    path = folder / f"{name}-{_digest(content)}.{ending}"
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as fresh:
        fresh.write(content)
    Path(fresh.name).replace(path)
    return path


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
