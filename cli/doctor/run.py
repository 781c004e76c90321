"""What `twbot doctor` checks: this machine, and the bot on it or the stage on AWS."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from twbot.cli.doctor.check import Check
from twbot.cli.doctor.last_hour import how_it_does
from twbot.cli.doctor.x import checks_of_x
from twbot.cli.operations.target import Place
from twbot.lambdas.errors import TwbotError

if TYPE_CHECKING:
    from twbot.local.home import Run

PYTHON = (3, 11)


def check_up(place: Place, *, models: bool) -> Iterator[Check]:
    """Each check as it is done. What hangs on another is skipped where that one failed."""
    from twbot.cli.doctor.aws import check_stage

    yield _python()
    yield from _check_machine(place, models=models) if place.is_local else check_stage(place)


def _check_machine(place: Place, *, models: bool) -> Iterator[Check]:
    from twbot.cli.doctor.models import check_models
    from twbot.local.home import Home, data_folder, running

    folder, start = data_folder(place.data), f"twbot up{place.option}"
    yield (there := _folder(folder, start))
    if there.state == "wrong":
        yield Check("everything else", "skipped", "not looked at, because of the data folder")
        return
    run = running(folder)
    yield _run(folder, run, start)
    yield (keys := _keys(folder, place.option))
    if keys.state != "ok":
        yield Check("X", "skipped", "not asked, because there are no keys to ask with")
    elif run is None and (folder / "x").exists():
        yield Check("X", "skipped", "not asked: the keys are a simulated X's, which runs beside the bot", start)
    else:
        yield from checks_of_x(place.open(), run.url if run else None, place.option)
    yield _dead_letters(folder, place.option)
    yield from how_it_does(place)
    if models:
        yield check_models(Home(folder).gallery)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        return Check("Python", "wrong", version, "Install Python 3.11 or later")
    return Check("Python", "ok", version)


def _folder(folder: Path, start: str) -> Check:
    """Writable, its owner's alone, on a disk with room. Changes nothing."""
    from twbot.local.home import LOW_DISK

    name = "data folder"
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(name, "wrong", f"{there} cannot be written to", f"chmod u+rwx {there}, or name another: --data")
    if (free := shutil.disk_usage(there).free) < LOW_DISK:
        says = f"the disk of {folder} has {free // 1_000_000} MB left"
        return Check(name, "wrong", says, "Make room: 100 MB at least")
    if not folder.exists():
        return Check(name, "warning", f"{folder} is not there yet", start)
    if (mode := folder.stat().st_mode & 0o077) != 0:
        return Check(name, "warning", f"others may look into {folder} ({mode:o})", f"chmod 700 {folder}")
    return Check(name, "ok", f"{folder}, {free / 1e9:.0f} GB free")


def _run(folder: Path, run: Run | None, start: str) -> Check:
    from twbot.local.home import Home

    if run is not None:
        return Check("bot", "ok", f"runs as process {run.pid}")
    if Home(folder).run.exists():
        return Check("bot", "wrong", "it ended without saying so: killed, or the machine went down", start)
    return Check("bot", "warning", "does not run", start)


def _keys(folder: Path, option: str) -> Check:
    from twbot.local.adapters.secrets import FileSecrets
    from twbot.local.home import Home

    path = Home(folder).secrets
    try:
        FileSecrets(path).keys()
    except TwbotError as error:
        loose = path.exists() and path.stat().st_mode & 0o077
        fix = f"chmod 600 {path}" if loose else f"twbot secrets set{option}; or, with a simulated X: twbot up{option}"
        return Check("keys", "wrong" if path.exists() else "warning", str(error), fix)
    return Check("keys", "ok", f"all there, and {path} is its owner's alone")


def _dead_letters(folder: Path, option: str) -> Check:
    from twbot.cli.operations.status.local import vitals

    try:
        dead = vitals(folder).dead
    except TwbotError as error:
        return Check("dead letters", "wrong", str(error), f"twbot logs --level error{option}")
    if dead:
        said = ", ".join(f"{count} at {rule}" for rule, count in dead.items())
        return Check("dead letters", "wrong", said, f"twbot dlq list{option}")
    return Check("dead letters", "ok", "none")
