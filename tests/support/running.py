"""A data folder on which a bot seems to run, for commands that ask whether one does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from twbot.local.bus.lock import Lock
from twbot.local.data_folder import DataFolder, RunInfo, write_run_info


@contextlib.contextmanager
def pretend_running(folder: Path, run: RunInfo) -> Iterator[RunInfo]:
    """Hold the folder's lock and have `run.json` say so, as a bot does."""
    with Lock(DataFolder(folder).lock) as lock:
        held = msgspec.structs.replace(run, instance=lock.identity)
        write_run_info(folder, held)
        yield held
