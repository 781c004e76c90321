"""Runs the simulated X without a bot, and finds one that runs so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from twbot.local.bus.lock import Lock, holder
from twbot.local.data_folder import DataFolder, SimulatorInfo, check_room, make_private
from twbot.local.private_files import create_private
from twbot.local.simulator.client import Simulator


class Alone(msgspec.Struct, frozen=True):
    """The content of `x/alone.json`: how to reach a simulated X that runs alone."""

    simulator: SimulatorInfo
    instance: str
    """The identity with which it holds the data folder's lock."""


@contextlib.contextmanager
def running(home: DataFolder, *, port: int, bot: str) -> Iterator[Simulator]:
    """Run a simulated X on a data folder. Raises AlreadyRunning where a bot or another one runs there, TwbotError."""
    check_room(make_private(home.folder))
    with Lock(home.lock) as lock, Simulator(home.folder / "x", port=port, bot=bot) as x:
        info = Alone(SimulatorInfo(x.url, x.control_token), lock.identity)
        fresh = home.alone.with_suffix(".new")
        with create_private(fresh) as file:
            file.write(msgspec.json.encode(info))
        fresh.replace(home.alone)
        try:
            yield x
        finally:
            home.alone.unlink(missing_ok=True)


def find(home: DataFolder) -> SimulatorInfo | None:
    """Return the simulated X that runs alone on this data folder, None where none does."""
    try:
        alone = msgspec.json.decode(home.alone.read_bytes(), type=Alone)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return alone.simulator if holder(home.lock) == alone.instance else None
