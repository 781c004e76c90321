"""The checks of `twbot doctor`: Python, the settings, and this machine's bot or a stage on AWS."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twbot.cli.doctor.connections import check_connections
from twbot.cli.doctor.last_hour import check_last_hour
from twbot.cli.doctor.own_secrets import check_own_secrets
from twbot.cli.doctor.x import check_x
from twbot.cli.errors import system_error
from twbot.cli.operations.target import Target
from twbot.cli.ui.check import Check
from twbot.lambdas.analytics.results import OnProgress, no_progress
from twbot.lambdas.environment import TRACEBACK
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import bot_folder, is_shipped, project, read_folder

if TYPE_CHECKING:
    from twbot.local.data_folder import DataFolder, RunInfo

PYTHON = (3, 11)
LAKE_SECONDS = 10.0  # for looking through the lake
MAX_READ = 1_000_000_000  # bytes of a file that is read to its end, which takes seconds


def run_checks(target: Target, *, models: bool, on_progress: OnProgress = no_progress) -> Iterator[Check]:
    """Yield each check once it is done. A check that depends on a failed one is skipped; one that raises is wrong.

    `on_progress` receives what the next ones wait for.
    """
    for check in _checks(target, models=models, on_progress=on_progress):
        # What is to be typed may come from an error of a module that knows no options.
        fix = check.fix and check.fix.replace("{option}", target.option)
        yield msgspec.structs.replace(check, fix=fix)


def _checks(target: Target, *, models: bool, on_progress: OnProgress) -> Iterator[Check]:
    yield _python()
    if target.is_local:
        yield from attempt("settings", lambda: [_settings(target)])
        yield from _check_machine(target, models=models, on_progress=on_progress)
    else:
        on_progress("asking AWS and X …")
        yield from attempt(f"stage {target.stage}", lambda: _check_aws(target))


def attempt(name: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield these checks, and a wrong one with this name where they raise: the next ones are done all the same."""
    try:
        yield from checks()
    except TwbotError as error:
        yield Check(name, "wrong", str(error), error.hint)
    except OSError as error:
        found = system_error(error)
        yield Check(name, "wrong", str(found or error), found.hint if found else None)
    except Exception as error:  # whatever it is, it is what the doctor was called for
        says = f"could not be looked at: {type(error).__name__}: {error}"
        yield Check(name, "wrong", says, f"See where: {TRACEBACK.name}=1 twbot status")


def _check_aws(target: Target) -> Iterator[Check]:
    from twbot.cli.doctor.aws import check_stage

    return check_stage(target)


def _check_machine(target: Target, *, models: bool, on_progress: OnProgress) -> Iterator[Check]:
    from twbot.local.data_folder import DataFolder, data_folder, running_bot

    folder, start = data_folder(target.data), f"twbot up{target.option}"
    yield from attempt("data folder", lambda: [_folder(folder, start)])
    if folder.exists() and not _is_usable(folder):
        yield Check("everything else", "skipped", "not looked at, because of the data folder")
        return
    run = running_bot(folder)
    yield from attempt("bot", lambda: [_run(DataFolder(folder), run, start)])
    on_progress("asking X …")
    yield from attempt("X", lambda: _check_x(target, folder, run, start))
    on_progress("reading the data folder …")
    if _is_known():
        yield from attempt("folder", _words)
        yield from attempt("code", _code)
        yield from attempt("own secrets", lambda: check_own_secrets(target.open()))
    yield from attempt("files", lambda: _files(folder))
    yield from attempt("dead letters", lambda: [_dead_letters(folder, target.option)])
    yield from attempt("room", lambda: [_room(folder)])
    yield from attempt("lake", lambda: [_lake(folder)])
    yield from attempt("last hour", lambda: check_last_hour(target))
    yield from attempt("connections", lambda: [check_connections(DataFolder(folder).log, target.option)])
    if models:
        on_progress("loading the models, which takes some seconds: --no-models leaves it out …")
        yield from attempt("models", lambda: [_models(folder)])


def _check_x(target: Target, folder: Path, run: RunInfo | None, start: str) -> Iterator[Check]:
    yield (keys := _keys(folder, target.option))
    if keys.state != "ok":
        yield Check("X", "skipped", "not asked, because there are no keys to ask with")
    elif run is None and (folder / "x").exists():
        yield Check("X", "skipped", "not asked: the keys are a simulated X's, which runs beside the bot", start)
    else:
        yield from check_x(target.open(), run.url if run else None, target.option)


def _models(folder: Path) -> Check:
    from twbot.cli.doctor.models import check_models
    from twbot.local.data_folder import DataFolder

    return check_models(DataFolder(folder).gallery)


def _settings(target: Target) -> Check:
    from twbot.lambdas.settings import load, settings_file

    file = settings_file()
    try:
        load(file, target.stage)
    except TwbotError as error:
        return Check("settings", "wrong", str(error), error.hint or f"Mend {file}: twbot starts with no other settings")
    return Check("settings", "ok", f"{file} is as it should be" if file.exists() else f"no {file}: the defaults")


def _words() -> Iterator[Check]:
    """Yield whether the bot could start on its folder: the doctor itself goes on without chatbots and wordings."""
    if is_shipped():
        return
    try:
        read_folder(project())
    except TwbotError as error:
        yield Check("folder", "wrong", str(error), error.hint)
    else:
        yield Check("folder", "ok", f"{project()}: its tables, chatbots and wordings can be read")


def _is_known() -> bool:
    """Return whether the bot's folder can be read; if not, the check of the settings says so."""
    try:
        bot_folder()
    except (TwbotError, OSError):
        return False
    return True


def _code() -> Iterator[Check]:
    """Check who may change what the bot runs."""
    from twbot.local.private_files import check_code

    if is_shipped():
        return
    check_code(project())
    yield Check("code", "ok", f"{project()} and its bot/: nobody else may change it")


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        return Check("Python", "wrong", version, "Install Python 3.11 or later")
    return Check("Python", "ok", version)


def _folder(folder: Path, start: str) -> Check:
    """Check that the folder is writable, private, and on a disk with room. Changes nothing."""
    from twbot.local.data_folder import MIN_FREE_BYTES
    from twbot.local.private_files import OTHERS, check_owner, open_parent

    name = "data folder"
    # A folder that does not exist yet will be made in the nearest parent that does.
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not _is_usable(nearest):
        return Check(name, "wrong", f"{nearest} cannot be written to", _writable(nearest))
    if folder.exists():
        check_owner(folder)
    if (free := shutil.disk_usage(nearest).free) < MIN_FREE_BYTES:
        says = f"the disk of {folder} has {free // 1_000_000} MB left"
        return Check(name, "wrong", says, "Make room: 100 MB at least")
    if not folder.exists():
        return Check(name, "warning", f"{folder} is not there yet", start)
    if (mode := folder.stat().st_mode & OTHERS) != 0:
        return Check(name, "warning", f"others may look into {folder} ({mode:o})", f"chmod 700 {folder}")
    if (parent := open_parent(folder)) is not None:
        says = f"everybody may put another folder in the place of {folder}: they may write to {parent}"
        return Check(name, "warning", says, f"chmod o-w {parent}")
    return Check(name, "ok", f"{folder}, {free / 1e9:.0f} GB free")


def _is_usable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _writable(folder: Path) -> str:
    """Return what to do about a folder that can't be written to."""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return "Its file system is mounted read-only: mount it with rw, or name another folder: --data"
    return f"chmod u+rwx {folder}, or name another: --data"


def _run(home: DataFolder, run: RunInfo | None, start: str) -> Check:
    """Check that a bot runs where one should: it was started, and nobody stopped it on purpose.

    See docs/decisions/0013-this-machine-and-what-comes-from-outside.md.
    """
    from twbot.cli.ui.times import format_time
    from twbot.local.bus.lock import holder
    from twbot.local.server.control import ControlClient

    name = "bot"
    if run is not None:
        if problem := ControlClient(run).problem():
            says = f"runs as process {run.pid}, but refuses X's webhooks: {problem}"
            fix = f"Stop it, put {home.folder} back or restore a backup (twbot restore), then: {start}"
            return Check(name, "wrong", says, fix)
        return Check(name, "ok", f"runs as process {run.pid}")
    if holder(home.lock) is not None:
        return Check(name, "warning", "is not up: it starts, or another command works on the folder")
    if home.stopped.exists():
        when = format_time(home.stopped.stat().st_mtime)
        return Check(name, "warning", f"does not run: it was stopped with `twbot down` or Ctrl-C at {when}", start)
    # A bot that ends by itself removes this file.
    if home.run.exists():
        return Check(name, "wrong", "it ended without saying so: killed, or the machine went down", start)
    if home.bus.exists():
        says = "does not run, and nobody stopped it with `twbot down`: was the machine started anew?"
        return Check(name, "wrong", says, f"{start}; or, if it is to stay down: twbot down")
    return Check(name, "warning", "does not run: it was never started here", start)


def _keys(folder: Path, option: str) -> Check:
    from twbot.local.adapters.secrets import FileSecrets
    from twbot.local.data_folder import DataFolder

    path = DataFolder(folder).secrets
    try:
        FileSecrets(path).keys()
    except TwbotError as error:
        readable = path.exists() and path.stat().st_mode & 0o077
        fix = (
            f"chmod 600 {path}" if readable else f"twbot secrets set{option}; or, with a simulated X: twbot up{option}"
        )
        return Check("keys", "wrong" if path.exists() else "warning", str(error), fix)
    return Check("keys", "ok", f"all there, and {path} is its owner's alone")


def _files(folder: Path) -> Iterator[Check]:
    """Read SQLite's files to their ends: a damaged page shows only where something needs it."""
    from twbot.local.database import DamagedFile, check_readable, size_of

    damaged = False
    files = sorted(path for pattern in ("*.db", "x/*.db") for path in folder.glob(pattern) if size_of(path) <= MAX_READ)
    for path in files:
        try:
            check_readable(path)
        except DamagedFile as error:
            damaged = True
            yield Check("files", "wrong", str(error), error.hint)
    if not damaged:
        yield Check("files", "ok", f"{len(files)} of SQLite, none is damaged")


def _dead_letters(folder: Path, option: str) -> Check:
    from twbot.local.bus.history import History
    from twbot.local.data_folder import DataFolder

    bus = DataFolder(folder).bus
    try:
        with History(bus) if bus.exists() else contextlib.nullcontext() as history:
            dead = history.dead_by_rule() if history else {}
    except TwbotError as error:
        return Check("dead letters", "wrong", str(error), error.hint or f"twbot logs --level error{option}")
    if dead:
        words = ", ".join(f"{count} at {rule}" for rule, count in dead.items())
        return Check("dead letters", "wrong", words, f"twbot dlq list{option}")
    return Check("dead letters", "ok", "none")


def _room(folder: Path) -> Check:
    """Say what takes room. How much of it is too much, the operator knows."""
    from rich.filesize import decimal

    from twbot.local.data_folder import sizes

    found = {name: decimal(size) for name, size in sizes(folder).items()}
    says = f"archive {found['archive']}, lake {found['lake']}, media {found['media']}, log {found['log']}"
    return Check("room", "ok", f"{says}; {found['free']} free")


def _lake(folder: Path) -> Check:
    from twbot.local.data_folder import DataFolder
    from twbot.local.lake.damage import DamageSearch

    if damaged := DamageSearch(DataFolder(folder).lake).find(LAKE_SECONDS):
        says = f"{len(damaged)} damaged, left as they are and left out of queries: {', '.join(map(str, damaged))}"
        fix = "Put back what a backup has of them, or move them out of the lake"
        return Check("lake", "warning", says, fix)
    return Check("lake", "ok", "every file can be read")
