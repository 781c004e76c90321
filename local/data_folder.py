"""The data folder of the local platform: its files, and the record of the bot that runs on it."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

import msgspec

from twbot.lambdas.environment import HOME
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import SHIPPED, project
from twbot.local.bus.lock import holder
from twbot.local.private_files import check_owner, claim_folder, create_private, refuse_links

# What a bot needs to start: commands that stop or restrict it never ask for it.
MIN_FREE_BYTES = 100_000_000


class DataFolder(msgspec.Struct, frozen=True):
    """The files of one data folder."""

    folder: Path

    @property
    def bus(self) -> Path:
        return self.folder / "bus.db"

    @property
    def lock(self) -> Path:
        """Return the lock's file. Whoever holds the lock works on the folder, and nobody else does."""
        return self.folder / "bus.db.lock"

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
    def own_secrets(self) -> Path:
        """Return the file with the secrets of the bot's own functions."""
        return self.folder / "own-secrets.json"

    @property
    def log(self) -> Path:
        return self.folder / "twbot.log"

    @property
    def alerts(self) -> Path:
        return self.folder / "alerts.db"

    @property
    def subscribers(self) -> Path:
        """Return the file of the alerts' subscribers. Their addresses are secrets."""
        return self.folder / "subscribers.json"

    @property
    def alert_deliveries(self) -> Path:
        """Return the file that records which subscriber has which alert."""
        return self.folder / "told.db"

    @property
    def replies(self) -> Path:
        """Return the file of the replies' switch, opt-out list and counts."""
        return self.folder / "replies.db"

    @property
    def sent(self) -> Path:
        """Return the file of the posts that were answered."""
        return self.folder / "sent.db"

    @property
    def attempts(self) -> Path:
        """Return the file of the attempts to post replies."""
        return self.folder / "attempts.db"

    @property
    def replays(self) -> Path:
        return self.folder / "replays.db"

    @property
    def project(self) -> Path:
        """Return the file that names the folder of the bot that last ran on this data folder."""
        return self.folder / "project"

    @property
    def run(self) -> Path:
        return self.folder / "run.json"

    @property
    def console(self) -> Path:
        """Return the file that says how to reach the console. Its token is a secret."""
        return self.folder / "console.json"

    @property
    def console_lock(self) -> Path:
        """Return the lock's file of the one console."""
        return self.folder / "console.lock"

    @property
    def alone(self) -> Path:
        """Return the file by which a simulated X that runs without a bot is found."""
        return self.folder / "x" / "alone.json"

    @property
    def stopped(self) -> Path:
        """Return the file that says that somebody stopped the bot on purpose: `twbot down`, or Ctrl-C."""
        return self.folder / "stopped"

    @property
    def output(self) -> Path:
        """Return the file with the output of a bot in the background."""
        return self.folder / "up.log"


class SimulatorInfo(msgspec.Struct, frozen=True):
    """The simulated X of a running bot."""

    url: str
    control_token: str
    """The token of its control API."""


class RunInfo(msgspec.Struct, frozen=True):
    """The content of `run.json`: how to reach a running bot."""

    pid: int
    url: str
    """The webhook's URL."""
    started: float
    """Epoch seconds."""
    simulator: SimulatorInfo | None = None
    """The simulated X beside it, None where the bot calls X itself."""
    control_token: str = ""
    """The token of the bot's control API."""
    instance: str = ""
    """The identity with which the bot holds the lock. Empty: an older twbot."""


def data_folder(data: Path | None) -> Path:
    """Return the data folder: the option, else TWBOT_HOME, else `.twbot` in the bot's folder."""
    if data is not None:
        return data
    if chosen := os.environ.get(HOME.name):
        return Path(chosen)
    folder = project()
    return Path(".twbot") if folder in (SHIPPED, Path.cwd()) else folder / ".twbot"


def note_project(home: DataFolder) -> None:
    """Note which bot the data is of. Commands that are called elsewhere then know it."""
    folder = project()
    if folder == SHIPPED:
        home.project.unlink(missing_ok=True)
        return
    fresh = home.project.with_suffix(".new")
    with create_private(fresh) as file:
        file.write(os.fsencode(folder.absolute()))
    fresh.replace(home.project)


def noted_project(home: DataFolder) -> Path | None:
    """Return the folder of the bot that the data is of, whether or not it is still there; None where none is noted."""
    try:
        return Path(os.fsdecode(home.project.read_bytes()))
    except OSError:
        return None


def data_option(data: Path | None) -> str:
    """Return the `--data` option that a suggested command needs for this data folder, empty for the default folder."""
    return "" if data is None or data == data_folder(None) else f" --data {shlex.quote(str(data))}"


def make_private(folder: Path) -> Path:
    """Make the folder, or take the one that is there, for its owner only.

    Raises TwbotError where it can't be written, or is another user's. A full disk is no obstacle: `check_room`.
    """
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_owner(folder)
        refuse_links(folder)  # before the mode changes, which tells who could write here
        claim_folder(folder)
        # Write a file rather than check permissions: a read-only mount shows only when something writes.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise TwbotError(f"Cannot write to the data folder {folder}: {error.strerror}.") from None
    return folder


def check_room(folder: Path) -> None:
    """Raise TwbotError where the disk has too little room for a bot to start."""
    if (free := shutil.disk_usage(folder).free) < MIN_FREE_BYTES:
        raise TwbotError(f"The disk of {folder} is full: {free // 1_000_000} MB left, twbot needs 100.")


def running_bot(folder: Path) -> RunInfo | None:
    """Return the bot that runs on this data folder, None where none does.

    The lock tells: a bot that was killed leaves run.json behind, and its process id may be another's by now.
    """
    home = DataFolder(folder)
    try:
        run = msgspec.json.decode(home.run.read_bytes(), type=RunInfo)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return run if holder(home.lock) == run.instance else None


def write_run_info(folder: Path, run: RunInfo) -> None:
    """Write `run.json`, readable by its owner only."""
    path = DataFolder(folder).run
    # Write beside it and rename: a reader sees the whole file or the former one. The mode is set when the file is
    # made, because the control token must not be readable by others even for a moment.
    fresh = path.with_suffix(".new")
    with create_private(fresh) as file:
        file.write(msgspec.json.encode(run))
    fresh.rename(path)


def sizes(folder: Path) -> dict[str, int]:
    """Return what takes room, in bytes: `archive`, `lake`, `media`, `log`, and what its disk has left as `free`."""
    home = DataFolder(folder)
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return {
        "archive": _size_of(folder.glob(f"{home.bus.name}*")),
        "lake": _size_below(home.lake),
        "media": _size_below(home.media),
        "log": _size_of(folder.glob("*.log*")),
        "free": shutil.disk_usage(nearest).free,
    }


def _size_below(folder: str | Path) -> int:
    total = 0
    # A year has 8,760 files of an hour: this takes a third of rglob()'s time.
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # joined or deleted meanwhile
                if entry.is_dir(follow_symlinks=False):
                    total += _size_below(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _size_of(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):  # joined or deleted meanwhile
            status = path.lstat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total
