"""The checks of `twbot doctor`: Python, and this machine's bot or a stage on AWS."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from twbot.cli.doctor.last_hour import check_last_hour
from twbot.cli.doctor.x import check_x
from twbot.cli.operations.target import Target
from twbot.cli.ui.check import Check
from twbot.lambdas.errors import TwbotError

if TYPE_CHECKING:
    from twbot.local.data_folder import RunInfo

PYTHON = (3, 11)
LAKE_SECONDS = 10.0  # for looking through the lake


def run_checks(target: Target, *, models: bool) -> Iterator[Check]:
    """Yield each check once it is done. A check that depends on a failed one is skipped."""
    from twbot.cli.doctor.aws import check_stage

    yield _python()
    yield from _check_machine(target, models=models) if target.is_local else check_stage(target)


def _check_machine(target: Target, *, models: bool) -> Iterator[Check]:
    from twbot.cli.doctor.models import check_models
    from twbot.local.data_folder import DataFolder, data_folder, running_bot

    folder, start = data_folder(target.data), f"twbot up{target.option}"
    yield (checked := _folder(folder, start))
    if checked.state == "wrong":
        yield Check("everything else", "skipped", "not looked at, because of the data folder")
        return
    run = running_bot(folder)
    yield _run(folder, run, start)
    yield (keys := _keys(folder, target.option))
    if keys.state != "ok":
        yield Check("X", "skipped", "not asked, because there are no keys to ask with")
    elif run is None and (folder / "x").exists():
        yield Check("X", "skipped", "not asked: the keys are a simulated X's, which runs beside the bot", start)
    else:
        yield from check_x(target.open(), run.url if run else None, target.option)
    yield _dead_letters(folder, target.option)
    yield _room(folder)
    yield _lake(folder)
    yield from check_last_hour(target)
    if models:
        yield check_models(DataFolder(folder).gallery)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        return Check("Python", "wrong", version, "Install Python 3.11 or later")
    return Check("Python", "ok", version)


def _folder(folder: Path, start: str) -> Check:
    """Check that the folder is writable, private, and on a disk with room. Changes nothing."""
    from twbot.local.data_folder import MIN_FREE_BYTES

    name = "data folder"
    # A folder that does not exist yet will be made in the nearest parent that does.
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Check(
            name, "wrong", f"{nearest} cannot be written to", f"chmod u+rwx {nearest}, or name another: --data"
        )
    if (free := shutil.disk_usage(nearest).free) < MIN_FREE_BYTES:
        says = f"the disk of {folder} has {free // 1_000_000} MB left"
        return Check(name, "wrong", says, "Make room: 100 MB at least")
    if not folder.exists():
        return Check(name, "warning", f"{folder} is not there yet", start)
    if (mode := folder.stat().st_mode & 0o077) != 0:
        return Check(name, "warning", f"others may look into {folder} ({mode:o})", f"chmod 700 {folder}")
    return Check(name, "ok", f"{folder}, {free / 1e9:.0f} GB free")


def _run(folder: Path, run: RunInfo | None, start: str) -> Check:
    from twbot.local.data_folder import DataFolder
    from twbot.local.server.control import ControlClient

    if run is not None:
        if problem := ControlClient(run).problem():
            says = f"runs as process {run.pid}, but refuses X's webhooks: {problem}"
            fix = f"Stop it, put {folder} back or restore a backup (twbot restore), then: {start}"
            return Check("bot", "wrong", says, fix)
        return Check("bot", "ok", f"runs as process {run.pid}")
    # A bot that ends by itself removes this file.
    if DataFolder(folder).run.exists():
        return Check("bot", "wrong", "it ended without saying so: killed, or the machine went down", start)
    return Check("bot", "warning", "does not run", start)


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


def _dead_letters(folder: Path, option: str) -> Check:
    from twbot.cli.operations.status.local import status_snapshot

    try:
        dead = status_snapshot(folder).dead
    except TwbotError as error:
        return Check("dead letters", "wrong", str(error), f"twbot logs --level error{option}")
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
    from twbot.local.lake.lake import Lake

    if damaged := Lake(DataFolder(folder).lake).damaged(LAKE_SECONDS):
        says = f"{len(damaged)} damaged, left as they are and left out of queries: {', '.join(map(str, damaged))}"
        fix = "Put back what a backup has of them, or move them out of the lake"
        return Check("lake", "warning", says, fix)
    return Check("lake", "ok", "every file can be read")
