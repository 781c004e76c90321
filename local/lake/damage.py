"""Looks for files of the lake that can't be read to their end."""

from __future__ import annotations

import time
from pathlib import Path

from twbot.local.lake.parts import newest_first, read_part

Stamp = tuple[Path, int, int]


class DamageSearch:
    """Reads the files of a lake's folder. One that was read to its end is not read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sound: set[Stamp] = set()

    def find(self, seconds: float) -> list[Path]:
        """Return the damaged files, looking for so many seconds at the most, newest first."""
        until, found = time.monotonic() + seconds, []
        for path in newest_first(self._folder):
            if (stamp := _stamp(path)) in self._sound:
                continue
            if time.monotonic() > until:
                break
            part = read_part(path)
            if part is not None and part.problem:
                found.append(path)
            else:
                self._sound.add(stamp)
        return sorted(found)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return path, 0, 0
    return path, status.st_mtime_ns, status.st_size
