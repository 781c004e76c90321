"""Where the local platform keeps its things: the data folder and what is in it."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import msgspec

from twbot.lambdas.errors import TwbotError

MIN_FREE_BYTES = 100_000_000


class DataFolder(msgspec.Struct, frozen=True):
    """The files of one data folder."""

    folder: Path

    @property
    def bus(self) -> Path:
        return self.folder / "bus.db"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def gallery(self) -> Path:
        return self.folder / "gallery.json"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def log(self) -> Path:
        return self.folder / "twbot.log"

    @property
    def alerts(self) -> Path:
        return self.folder / "alerts.db"

    @property
    def subscribers(self) -> Path:
        """Who hears of alerts: their addresses are secrets."""
        return self.folder / "subscribers.json"

    @property
    def told(self) -> Path:
        return self.folder / "told.db"

    @property
    def replies(self) -> Path:
        """The switch of replies, who wants none, and how many there were."""
        return self.folder / "replies.db"

    @property
    def replays(self) -> Path:
        return self.folder / "replays.db"

    @property
    def run(self) -> Path:
        return self.folder / "run.json"


class SimulatorInfo(msgspec.Struct, frozen=True):
    """Where the simulated X of a running bot listens, and the word that opens its control API."""

    url: str
    control_token: str


class RunInfo(msgspec.Struct, frozen=True):
    """What `run.json` says of a running bot; `control_token` is the word that opens its own control API."""

    pid: int
    url: str
    started: float
    simulator: SimulatorInfo | None = None
    control_token: str = ""


def data_folder(data: Path | None) -> Path:
    """The data folder: the option, else TWBOT_HOME, else .twbot here."""
    return data or Path(os.environ.get("TWBOT_HOME") or ".twbot")


def data_option(data: Path | None) -> str:
    """What a hint's command needs to be about this data folder."""
    return "" if data is None or data == data_folder(None) else f" --data {shlex.quote(str(data))}"


def make_private(folder: Path) -> Path:
    """Make the folder, for its owner only. Raises TwbotError where that can't be, or the disk is nearly full."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise TwbotError(f"Cannot write to the data folder {folder}: {error.strerror}.") from None
    if (free := shutil.disk_usage(folder).free) < MIN_FREE_BYTES:
        raise TwbotError(f"The disk of {folder} is full: {free // 1_000_000} MB left, twbot needs 100.")
    return folder


def running_bot(folder: Path) -> RunInfo | None:
    """The bot that runs on this data folder, if one does."""
    try:
        run = msgspec.json.decode(DataFolder(folder).run.read_bytes(), type=RunInfo)
        os.kill(run.pid, 0)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    return run


def write_run_info(folder: Path, run: RunInfo) -> None:
    """Write `run.json`, readable by its owner only."""
    path = DataFolder(folder).run
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(run))
    fresh.rename(path)
