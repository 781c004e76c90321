"""The status of this machine's bot, from its bus, its log and its data folder."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any

import msgspec

from twbot.cli.operations.metrics.local import LocalMetrics
from twbot.cli.operations.status.records import COUNTED, LOGGED, StatusSnapshot, last_hour, the_last_hour
from twbot.lambdas.analysis import languages
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.x.rate_limits import ANSWERED, XLimit, newest_limits
from twbot.local.adapters.replies import LocalReplies
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder, RunInfo, running_bot, sizes
from twbot.local.lake.damage import DamageSearch
from twbot.local.server.log_files import newest_lines

# Each answer of X is logged, so the end of the log has the newest limits.
LAST_BYTES = 1_000_000
LAKE_SECONDS = 0.005  # for looking at the lake's newest files, each of which is read once; `twbot doctor` reads all


class LocalStatusProbe:
    """The status of a data folder, also where the bot is down or has never run. Raises StorageError."""

    poll_interval = 2.0

    def __init__(self, folder: Path) -> None:
        self._folder, self._lake = folder, DamageSearch(DataFolder(folder).lake)

    def read(self) -> StatusSnapshot:
        damaged = [str(path) for path in self._lake.find(LAKE_SECONDS)]
        return msgspec.structs.replace(status_snapshot(self._folder), damaged=damaged)


def status_snapshot(folder: Path, *, now: float | None = None) -> StatusSnapshot:
    """Read the status of a data folder. `now` is in epoch seconds. Raises StorageError."""
    run, now = running_bot(folder), time.time() if now is None else now
    process: dict[str, Any] = {} if run is None else {"pid": run.pid, "url": run.url, "started": run.started}
    waiting, dead = _deliveries(DataFolder(folder).bus)
    return StatusSnapshot(
        place=str(folder),
        running=run is not None,
        waiting=waiting,
        dead=dead,
        last_hour=last_hour(LocalMetrics(folder).series_of(the_last_hour(now), (*COUNTED, *LOGGED))),
        limits=_limits(DataFolder(folder).log, now),
        switch=_switch(DataFolder(folder).replies),
        sizes=sizes(folder),
        reads=languages.LOCAL,
        problem=None if run is None else _problem(run),
        **process,
    )


def _problem(run: RunInfo) -> str | None:
    from twbot.local.server.control import ControlClient

    return ControlClient(run).problem()


def _deliveries(bus: Path) -> tuple[int, dict[str, int]]:
    """Return the number of waiting deliveries, and that of dead letters by rule."""
    if not bus.exists():
        return 0, {}
    with History(bus) as history:
        return history.waiting(), history.dead_by_rule()


def _limits(log: Path, now: float) -> list[XLimit]:
    lines = newest_lines(log, LAST_BYTES, f'"{ANSWERED}"'.encode())
    timed = ((datetime.datetime.fromisoformat(line["timestamp"]).timestamp(), line) for line in lines)
    return newest_limits(timed, now)


def _switch(path: Path) -> Switch:
    store = LocalReplies(path)
    try:
        return store.switch()
    finally:
        store.close()
