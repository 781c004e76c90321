"""The subscribers of the local platform's alerts: a JSON file readable by its owner only, read again on changes."""

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
from twbot.local.reserve import with_reserve


class SubscriberFile:
    """The subscriptions in a file; a missing file means none. No error message shows its content.

    Addresses of chats' webhooks are secrets: docs/decisions/0006-who-hears-of-alerts-is-no-setting.md.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, ...] | None = None
        self._read: list[Subscription] = []

    def all(self) -> list[Subscription]:
        """Return all subscriptions. Raises NotConfigured where the file can't be read, or others can read it."""
        try:
            status = self.path.stat()
            # With the inode: two changes within the clock's resolution still make two files.
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size, status.st_mode)
            if stamp != self._stamp:
                self._read = _decode(self.path.read_bytes(), status.st_mode, self.path)
                self._stamp = stamp
        except FileNotFoundError:
            return []
        except OSError as error:
            raise NotConfigured(f"Cannot read who hears of alerts in {self.path}: {error.strerror}.") from None
        return self._read

    def add(self, subscription: Subscription) -> None:
        """Add a subscription, or replace the one with the same id. Raises NotConfigured."""
        self._change(subscription.id, [subscription])

    def remove(self, subscriber: str) -> None:
        """Remove a subscription by its id. Raises NotConfigured."""
        self._change(subscriber, [])

    def _change(self, subscriber: str, replacement: Sequence[Subscription]) -> None:
        # One process at a time: else the later of two commands would overwrite what the earlier one added.
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (folder / ".subscribers.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                fresh = [*(each for each in self.all() if each.id != subscriber), *replacement]
                # Whoever wants to hear no more must be able to say so on a full disk.
                with_reserve(folder, lambda: self._save(folder, fresh))
        except OSError as error:
            raise NotConfigured(f"Cannot write who hears of alerts to {self.path}: {error.strerror}.") from None

    def _save(self, folder: Path, subscriptions: Sequence[Subscription]) -> None:
        descriptor, fresh = tempfile.mkstemp(dir=folder, prefix=".subscribers-")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(subscriptions))
            Path(fresh).replace(self.path)
        except OSError:
            Path(fresh).unlink()
            raise


def _decode(content: bytes, mode: int, path: Path) -> list[Subscription]:
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotConfigured(f"Others can read the addresses in {path}: chmod 600 {path}")
    try:
        return msgspec.json.decode(content, type=list[Subscription])
    except msgspec.ValidationError as error:  # names a field, never a value
        raise NotConfigured(f"{path} does not say who hears of alerts: {error}") from None
    except ValueError:
        raise NotConfigured(f"{path} is not JSON.") from None
