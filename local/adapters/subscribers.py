"""Who hears of the local platform's alerts: a JSON file that only its owner can read, read again when it changes."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.errors import NotConfigured


class SubscriberFile:
    """No file is nobody. Errors never show what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] | None = None
        self._read: list[Subscription] = []

    def all(self) -> list[Subscription]:
        """Raises NotConfigured."""
        try:
            found = self.path.stat()
            seen = (found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode)
            if seen != self._seen:
                self._read = _decode(self.path.read_bytes(), found.st_mode, self.path)
                self._seen = seen
        except FileNotFoundError:
            return []
        except OSError as error:
            raise NotConfigured(f"Cannot read who hears of alerts in {self.path}: {error.strerror}.") from None
        return self._read

    def add(self, wanted: Subscription) -> None:
        """In the place of the one with the same address, if there is one."""
        self._change(wanted.id, [wanted])

    def remove(self, subscriber: str) -> None:
        self._change(subscriber, [])

    def _change(self, subscriber: str, instead: Sequence[Subscription]) -> None:
        """One process at a time, so that two subscriptions at once are two."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (folder / ".subscribers.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._save(folder, [*(each for each in self.all() if each.id != subscriber), *instead])
        except OSError as error:
            raise NotConfigured(f"Cannot write who hears of alerts to {self.path}: {error.strerror}.") from None

    def _save(self, folder: Path, subscriptions: Sequence[Subscription]) -> None:
        descriptor, fresh = tempfile.mkstemp(dir=folder, prefix=".subscribers-")  # made with mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(subscriptions))
        Path(fresh).replace(self.path)


def _decode(content: bytes, mode: int, path: Path) -> list[Subscription]:
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotConfigured(f"Others can read the addresses in {path}: chmod 600 {path}")
    try:
        return msgspec.json.decode(content, type=list[Subscription])
    except msgspec.ValidationError as error:  # names a field, never a value
        raise NotConfigured(f"{path} does not say who hears of alerts: {error}") from None
    except ValueError:
        raise NotConfigured(f"{path} is not JSON.") from None
