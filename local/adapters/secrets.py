"""The keys of the local platform: a JSON file that only its owner can read, with the names of `TwitterSecret`."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import msgspec

from twbot.lambdas.errors import NotConfigured
from twbot.lambdas.ports import Keys


class NoKeys(NotConfigured):
    """There are no usable keys; the text says what is wrong with the file, never what is in it."""


class FileSecrets:
    """Secrets in a file {"ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret", "BearerToken"?}."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: Keys | None = None

    def exists(self) -> bool:
        return self.path.exists()

    def keys(self) -> Keys:
        """Raises NoKeys."""
        return self._keys or self.refresh()

    def refresh(self) -> Keys:
        """Read them again. Raises NoKeys."""
        self._keys = _read(self.path)
        return self._keys

    def save(self, keys: Keys) -> None:
        """Keep these keys: a file for its owner only, in a folder for its owner only."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, fresh = tempfile.mkstemp(dir=folder, prefix=".secrets-")  # made with mode 0600
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(keys))
            Path(fresh).replace(self.path)
        except OSError as error:
            raise NoKeys(f"Cannot write the keys to {self.path}: {error.strerror}.") from None
        self._keys = keys


def _read(path: Path) -> Keys:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except FileNotFoundError:
        raise NoKeys(f"There are no keys in {path}.") from None
    except OSError as error:
        raise NoKeys(f"Cannot read the keys in {path}: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NoKeys(f"Others can read the keys in {path}: chmod 600 {path}")
    return _decode(content, path)


def _decode(content: bytes, path: Path) -> Keys:
    try:
        keys = msgspec.json.decode(content, type=Keys)
    except msgspec.ValidationError as error:  # names a field, never a value
        raise NoKeys(f"The keys in {path} are not complete: {error}") from None
    except ValueError:
        raise NoKeys(f"The keys in {path} are not JSON.") from None
    if not keys.complete:
        raise NoKeys(f"The keys in {path} are not complete: one is empty.")
    return keys
