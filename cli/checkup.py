"""What `twbot doctor` checks on `local`: the machine, the data folder, the keys, X, the bot, the models."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from lambdas.errors import TwbotError

if TYPE_CHECKING:
    from cli.stage import Stage
    from local.home import Run

State = Literal["ok", "warning", "wrong", "skipped"]
PYTHON = (3, 11)
CLOCK_SECONDS = 60.0


class Check(msgspec.Struct, frozen=True):
    """One check; `fix` is the next thing to type or do."""

    name: str
    state: State
    says: str
    fix: str | None = None


def check_up(folder: Path, *, models: bool) -> Iterator[Check]:
    """Each check as it is done. What hangs on another is skipped where that one failed."""
    from cli.stage import open_stage
    from local.home import running

    yield _python()
    yield (there := _folder(folder))
    if there.state == "wrong":
        return
    run = running(folder)
    yield _run(folder, run)
    stage = open_stage("local", profile=None, region=None, data=folder)
    yield (keys := _keys(folder))
    if keys.state != "ok":
        yield Check("X", "skipped", "not asked, as there are no keys")
    elif run is None and (folder / "x").exists():
        yield Check("X", "skipped", "not asked: the keys are a simulated X's, which runs beside the bot", _START)
    else:
        yield from _x(stage, run)
    yield _dead_letters(folder)
    if models:
        yield _models(folder)


_START = "twbot up"


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        return Check("Python", "wrong", version, "Install Python 3.11 or later")
    return Check("Python", "ok", version)


def _folder(folder: Path) -> Check:
    """Writable, its owner's alone, on a disk with room. Changes nothing."""
    from local.home import LOW_DISK

    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(
            "data folder", "wrong", f"{there} cannot be written to", f"chmod u+rwx {there}, or name another: --data"
        )
    if (free := shutil.disk_usage(there).free) < LOW_DISK:
        return Check(
            "data folder",
            "wrong",
            f"the disk of {folder} has {free // 1_000_000} MB left",
            "Make room: 100 MB at least",
        )
    if not folder.exists():
        return Check("data folder", "warning", f"{folder} is not there yet", _START)
    if (mode := folder.stat().st_mode & 0o077) != 0:
        return Check("data folder", "warning", f"others may look into {folder} ({mode:o})", f"chmod 700 {folder}")
    return Check("data folder", "ok", f"{folder}, {free / 1e9:.0f} GB free")


def _run(folder: Path, run: Run | None) -> Check:
    from local.home import Home

    if run is not None:
        return Check("bot", "ok", f"runs as process {run.pid}")
    if Home(folder).run.exists():
        return Check("bot", "wrong", "it ended without saying so: killed, or the machine went down", _START)
    return Check("bot", "warning", "does not run", _START)


def _keys(folder: Path) -> Check:
    from local.home import Home
    from local.secrets import FileSecrets

    path = Home(folder).secrets
    try:
        FileSecrets(path).keys()
    except TwbotError as error:
        loose = path.exists() and path.stat().st_mode & 0o077
        fix = f"chmod 600 {path}" if loose else "twbot secrets set; or, with a simulated X: twbot up"
        return Check("keys", "wrong" if path.exists() else "warning", str(error), fix)
    return Check("keys", "ok", f"all there, and {path} is its owner's alone")


def _x(stage: Stage, run: Run | None) -> Iterator[Check]:
    yield _clock(stage.x_url)
    yield (accepted := _asked("X's answer to the keys", lambda: _accepted(stage), "twbot secrets check"))
    yield _challenge(stage, run)
    if accepted.state != "ok":
        yield Check("webhook", "skipped", "X does not take the keys")
        return
    yield from _on_x(stage)


def _asked(name: str, ask: Callable[[], str], fix: str) -> Check:
    from cli.errors import CliError
    from cli.refusals import explained

    try:
        with explained():
            return Check(name, "ok", ask())
    except CliError as error:
        return Check(name, "wrong", str(error), error.hint or fix)


def _accepted(stage: Stage) -> str:
    from cli.commands.secrets import accept

    user = accept(stage.secrets(), stage.x_url)
    return f"accepted, for @{user.get('username')}"


def _clock(x_url: str) -> Check:
    """By the date of X's answer."""
    from email.utils import parsedate_to_datetime

    import requests

    try:
        with requests.Session() as session:
            session.trust_env = False
            date = session.head(x_url, timeout=5, allow_redirects=False).headers["date"]
    except (requests.RequestException, KeyError) as error:
        return Check(
            "clock", "warning", f"X does not say what time it is ({type(error).__name__})", "Is there a network?"
        )
    off = time.time() - parsedate_to_datetime(date).timestamp()
    if abs(off) > CLOCK_SECONDS:
        return Check("clock", "wrong", f"{off:+.0f} seconds from X's", "sudo timedatectl set-ntp true")
    return Check("clock", "ok", "as X's, to the minute")


def _challenge(stage: Stage, run: Run | None) -> Check:
    """X's challenge (CRC), asked of the running bot from here."""
    from cli.crc import challenge

    if run is None:
        return Check("challenge", "skipped", "not asked, as no bot runs", _START)
    answered = challenge(run.url, stage.secrets().keys().api_secret)
    if answered.problem is not None:
        return Check("challenge", "wrong", answered.problem, "twbot webhook check")
    state: State = "warning" if answered.slow else "ok"
    return Check("challenge", state, f"the webhook answers rightly in {answered.milliseconds} ms", "twbot logs web")


def _on_x(stage: Stage) -> Iterator[Check]:
    from cli.generations import on_x

    x = on_x(stage)
    if x.problem is not None:
        yield Check("webhook", "wrong", x.problem, "twbot webhook list")
        return
    if x.webhook is None:
        yield Check("webhook", "wrong", "none is registered with X", "twbot webhook register")
        return
    if not x.valid:
        yield Check("webhook", "wrong", f"X holds {x.webhook} for invalid, and delivers nothing", "twbot webhook check")
    else:
        yield Check("webhook", "ok", f"{x.webhook} is valid")
    yield _subscriptions(x.account_activity, x.x_activity, x.ends)


def _subscriptions(account_activity: int, x_activity: int, ends: datetime.date | None) -> Check:
    says = f"Account Activity {account_activity}, X Activity {x_activity}"
    if not account_activity and not x_activity:
        return Check("subscriptions", "wrong", "there are none: X delivers nothing", "twbot subscription add")
    if ends is not None:
        gone = datetime.datetime.now().astimezone().date() >= ends
        says = f"{says}: Account Activity {'ended' if gone else 'ends'} on {ends:%-d %B %Y}"
        return Check("subscriptions", "wrong" if gone else "warning", says, "twbot subscription migrate")
    return Check("subscriptions", "ok", says)


def _dead_letters(folder: Path) -> Check:
    from local.vitals import vitals

    try:
        dead = vitals(folder).dead
    except TwbotError as error:
        return Check("dead letters", "wrong", str(error), "twbot logs --level error")
    if dead:
        said = ", ".join(f"{count} at {rule}" for rule, count in dead.items())
        return Check("dead letters", "wrong", said, "twbot dlq list")
    return Check("dead letters", "ok", "none")


def _models(folder: Path) -> Check:
    """Each model is loaded and asked once."""
    started = time.monotonic()
    try:
        from local.analysers import LocalModels
        from local.home import Home
        from local.media import FileMedia

        with tempfile.TemporaryDirectory() as empty:
            LocalModels(FileMedia(Path(empty)), Home(folder).gallery).warm()
    except Exception as error:
        return Check("models", "wrong", f"{type(error).__name__}: {error}", "pip install 'twbot[local]'")
    return Check("models", "ok", f"loaded and asked in {time.monotonic() - started:.1f} s")
