"""Keeps a running bot's data folder small: joins files, deletes what is too old. Sees whether it is still there."""

from __future__ import annotations

import datetime
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping

from twbot.lambdas.retention import RETENTION_DAYS
from twbot.lambdas.settings import Settings
from twbot.local.clock import Jumps
from twbot.local.database import Moved

INTERVAL = 3600.0  # seconds between two rounds
LOOK = 5.0  # seconds between two looks whether the data folder is there
# Nothing is deleted for so many seconds after the start, or after the clock was set: the clock of a machine that has
# just started may be years ahead, and whoever deletes by it deletes everything.
SETTLING = 300.0
_log = logging.getLogger("twbot.housekeeping")

Work = Callable[[], object]


class Limits:
    """The times before which the stage's settings let things go."""

    def __init__(self, settings: Settings, now: datetime.datetime) -> None:
        def before(days: int | None) -> datetime.datetime | None:
            return None if days is None else now - datetime.timedelta(days=days)

        self.archive = before(settings.archive_days)
        """For events."""
        self.guards = before(None if settings.archive_days is None else max(settings.archive_days, RETENTION_DAYS))
        """For what guards against doing things twice."""
        self.lake = before(settings.lake_days)


class Housekeeping:
    """Runs the rounds in a thread of its own.

    `check` raises Moved where the data folder is gone. `join` is done at the start and each hour, `delete` some minutes
    after the start and then each hour; their keys name the work in the log. A failure of one costs no other.
    """

    def __init__(self, check: Work, join: Mapping[str, Work], delete: Mapping[str, Work]) -> None:
        self._check, self._join, self._delete = check, join, delete
        self._jumps = Jumps()
        self._problem: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Have it end after the work at hand."""
        self._stopping.set()

    def look(self) -> bool:
        """Return whether the data folder is there. Say once when it is gone, and when it is back."""
        try:
            self._check()
        except Moved as gone:
            if self._problem is None:
                hint = (gone.hint or "").replace("{option}", "")
                self._say(f"{gone} X's webhooks are refused until it is there again. {hint}")
            self._problem = str(gone)
            return False
        if self._problem is not None:
            self._say("The data folder is back: X's webhooks are taken again.")
        self._problem = None
        return True

    def round(self, work: Mapping[str, Work]) -> None:
        """Do each piece of work."""
        for name, each in work.items():
            try:
                each()
            except Exception as error:  # of any kind: the others and the next round must not suffer
                _log.exception("housekeeping failed: %s", name, extra={"work": name, "reason": str(error)})

    def _run(self) -> None:
        join_at = time.monotonic()
        delete_at = join_at + SETTLING
        while not self._stopping.is_set():
            is_there, now = self.look(), time.monotonic()
            if self._jumps.seconds():
                delete_at = max(delete_at, now + SETTLING)
            if is_there and now >= join_at:
                self.round(self._join)
                join_at = now + INTERVAL
            if is_there and now >= delete_at:
                self.round(self._delete)
                delete_at = now + INTERVAL
            self._stopping.wait(LOOK)

    @staticmethod
    def _say(message: str) -> None:
        _log.error(message)
        # The log is in the folder that is gone.
        print(message, file=sys.stderr, flush=True)
