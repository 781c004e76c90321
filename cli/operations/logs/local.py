"""The log of the bot of this machine: the log files of its data folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from twbot.cli.operations.logs.records import Line, LogFilter
from twbot.local.data_folder import DataFolder
from twbot.local.server.log_files import decode_line, lines_of

POLL_INTERVAL = 0.2


class LocalLogs:
    """Also while the bot writes it."""

    def __init__(self, folder: Path) -> None:
        self._path = DataFolder(folder).log

    def lines(self, wanted: LogFilter) -> Iterator[Line]:
        """The oldest first."""
        return filter(wanted.takes, lines_of(self._path, wanted.tweet_id))

    def follow(self, wanted: LogFilter) -> Iterator[Line]:
        """What is written from now on, through rotations; never ends."""
        return filter(wanted.takes, self._grown(self._path.stat().st_size if self._path.exists() else 0))

    def _grown(self, place: int) -> Iterator[Line]:
        while True:
            with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < place:
                    place = 0  # a new file
                file.seek(place)
                for text in file:
                    if not text.endswith(b"\n"):
                        break
                    place += len(text)
                    if (line := decode_line(text)) is not None:
                        yield line
            time.sleep(POLL_INTERVAL)
