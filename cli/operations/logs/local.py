"""The log of this machine's bot: the log files of its data folder."""

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
    """The log files of a data folder, also while the bot writes them."""

    def __init__(self, folder: Path) -> None:
        self._path = DataFolder(folder).log

    def lines(self, log_filter: LogFilter) -> Iterator[Line]:
        """Yield the lines, the oldest first."""
        return filter(log_filter.takes, lines_of(self._path, log_filter.tweet_id))

    def follow(self, log_filter: LogFilter) -> Iterator[Line]:
        """Yield the lines that are written from now on, also after the file was rotated. Never ends."""
        return filter(log_filter.takes, self._lines_from(self._path.stat().st_size if self._path.exists() else 0))

    def _lines_from(self, offset: int) -> Iterator[Line]:
        while True:
            with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < offset:
                    offset = 0  # the file was rotated: this is a new one
                file.seek(offset)
                for text in file:
                    if not text.endswith(b"\n"):
                        break  # half a line: the bot is still writing it
                    offset += len(text)
                    if (line := decode_line(text)) is not None:
                        yield line
            time.sleep(POLL_INTERVAL)
