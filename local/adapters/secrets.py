"""The bot's X keys on the local platform: a JSON file readable by its owner only.

Its field names are those of the secret `TwitterSecret` on AWS.
"""

from __future__ import annotations

import os
import stat
import tempfile
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
    # As ssh does with private keys: keys that others could have read must not be used unnoticed.
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NoKeys(f"Others can read the keys in {path}: chmod 600 {path}")
    return _decode(content, path)


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
