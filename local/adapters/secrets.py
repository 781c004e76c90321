"""The bot's X keys and its own secrets on the local platform: JSON files readable by their owner only.

The field names of the keys are those of the secret `TwitterSecret` on AWS.
"""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from twbot.lambdas.errors import NotConfigured
from twbot.lambdas.ports import Keys
from twbot.lambdas.text_files import decode_text


class NoKeys(NotConfigured):
    """There are no usable keys. The message names the fault of the file, never its content."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "Store them: twbot secrets set{option}")


class FileSecrets:
    """Keys in a file {"ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret", "BearerToken"?}."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: Keys | None = None

    def exists(self) -> bool:
        return self.path.exists()

    def keys(self) -> Keys:
        """Return the keys, read from the file the first time. Raises NoKeys."""
        return self._keys or self.refresh()

    def refresh(self) -> Keys:
        """Read the file again and return the keys. Raises NoKeys."""
        self._keys = _read(self.path)
        return self._keys

    def save(self, keys: Keys) -> None:
        """Write the keys, readable by the owner only, in a folder of the owner only. Raises NoKeys."""
        _replace(self.path, msgspec.json.encode(keys), "keys")
        self._keys = keys


class OwnSecrets:
    """The secrets of the bot's own functions, by name, in a file beside the keys. It is read again when it changed."""

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)
        self._lock = threading.Lock()
        self._version: object = None
        self._values: dict[str, str] = {}

    def values(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of these secrets, without those that nobody stored. Raises NotConfigured."""
        if not names:
            return {}
        found = self._all()
        return {name: found[name] for name in names if name in found}

    def names(self) -> list[str]:
        """Return the names of the stored secrets. Raises NotConfigured."""
        return sorted(self._all())

    def put(self, name: str, value: str) -> None:
        """Store a secret, in place of the one of this name. Raises NotConfigured."""
        self._write({**self._all(), name: value})

    def remove(self, name: str) -> bool:
        """Remove a secret, and return whether it was there. Raises NotConfigured."""
        found = self._all()
        if name not in found:
            return False
        self._write({each: value for each, value in found.items() if each != name})
        return True

    def _all(self) -> dict[str, str]:
        with self._lock:
            try:
                status = self.path.stat()
            except FileNotFoundError:
                return {}
            except OSError as error:
                raise NotConfigured(f"Cannot read the secrets in {self.path}: {error.strerror}.") from None
            if (version := (status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode)) != self._version:
                self._values = _own(_read_private(self.path, "secrets"), self.path)
                self._version = version
            return self._values

    def _write(self, values: dict[str, str]) -> None:
        _replace(self.path, msgspec.json.encode(values), "secrets")


def _read(path: Path) -> Keys:
    try:
        return _decode(_read_private(path, "keys"), path)
    except FileNotFoundError:
        raise NoKeys(f"There are no keys in {path}.") from None


def _read_private(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NoKeys(f"Cannot read the {what} in {path}: {error.strerror}.") from None
    # As ssh does with private keys: keys that others could have read must not be used unnoticed.
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NoKeys(f"Others can read the {what} in {path}: chmod 600 {path}")
    return content


def _replace(path: Path, content: bytes, what: str) -> None:
    """Write a file that is readable by the owner only, in a folder of the owner only. Raises NoKeys."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # made with mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(fresh).replace(path)
    except OSError as error:
        raise NoKeys(f"Cannot write the {what} to {path}: {error.strerror}.") from None


def _own(content: bytes, path: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(decode_text(content), type=dict[str, str])
    except ValueError:  # without its text, which may show a part of the file
        raise NotConfigured(f"The secrets in {path} are not JSON.", "Remove the file, and put them again") from None


def _decode(content: bytes, path: Path) -> Keys:
    try:
        keys = msgspec.json.decode(decode_text(content), type=Keys)
    except msgspec.ValidationError as error:  # names a field, never a value
        raise NoKeys(f"The keys in {path} are not complete: {error}") from None
    except ValueError:
        raise NoKeys(f"The keys in {path} are not JSON.") from None
    if not keys.complete:
        raise NoKeys(f"The keys in {path} are not complete: one is empty.")
    return keys
