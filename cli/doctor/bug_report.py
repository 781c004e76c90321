"""What a report of a bug says: versions, settings, checks, errors and counts, without secrets and texts of posts."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

import twbot
from twbot.cli.doctor.known_secrets import Cleaner, known_secrets
from twbot.cli.doctor.run import run_checks
from twbot.cli.installation import commit, installed_extras
from twbot.cli.operations.logs.port import logs_of
from twbot.cli.operations.logs.records import LogFilter, logger_of
from twbot.cli.operations.settings_in_force import settings_in_force, variables
from twbot.cli.operations.status.port import status_of
from twbot.cli.operations.target import Target
from twbot.cli.screens.status import document

MAX_LINES = 30  # of the log
MAX_POSTS = 20  # that are shown where they are asked for
LOOKED_AT = 2000  # posts whose texts are taken out of all else
MIN_TEXT = 8  # characters of a text that is taken out: a shorter one is a word
# https://packaging.python.org/en/latest/specifications/name-normalization/
_NAME = re.compile(r"[A-Za-z0-9._-]+")
# Settings that are somebody's own: only what kind of value they have is said.
OWN = ("own.", "llm.instructions", "aws.account", "aws.twitter_account_id", "aws.alerts", "aws.alarms")


def bug_report(target: Target, *, with_posts: bool) -> dict[str, Any]:
    """Return the report. A part that can't be made says why; nothing is raised.

    with_posts: whether the texts of the newest posts are in it, which else are taken out of every part
    """
    from twbot.local.data_folder import data_folder

    folder = data_folder(target.data)
    posts = _attempt(lambda: _posts(folder)) if target.is_local else []
    texts = [each["text"] for each in posts] if isinstance(posts, list) else []
    clean = Cleaner(known_secrets(folder), [] if with_posts else (text for text in texts if len(text) >= MIN_TEXT))
    parts: dict[str, Callable[[], Any]] = {
        "twbot": _installation,
        "settings": lambda: [*_settings(target)],
        "environment": lambda: [{"name": each.name, "set": each.set, "value": each.value} for each in variables()],
        "doctor": lambda: list(run_checks(target, models=False)),
        "log": lambda: [*_log(target)],
        "status": lambda: document(status_of(target).read(), None),
        **({"posts": lambda: posts[:MAX_POSTS]} if with_posts else {}),
    }
    made = {name: msgspec.to_builtins(_attempt(make)) for name, make in parts.items()}
    now = datetime.datetime.now(datetime.UTC).isoformat()
    cleaned: dict[str, Any] = clean({"made": now, "stage": target.stage, **made})
    return cleaned


def _attempt(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:  # whatever it is: the report is for what goes wrong
        return {"problem": f"{type(error).__name__}: {error}"}


def _installation() -> dict[str, Any]:
    wanted = importlib.metadata.requires("twbot") or []
    names = sorted({name[0] for each in wanted if (name := _NAME.match(each))})
    return {
        "version": twbot.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "extras": installed_extras(),
        "packages": {name: version for name in names if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _settings(target: Target) -> Iterator[dict[str, Any]]:
    for each in settings_in_force(target, {}):
        value = each.value
        if value is not None and each.name.startswith(OWN):
            value = f"({type(value).__name__})"
        yield {"name": each.name, "value": value, "from": each.source}


def _log(target: Target) -> Iterator[dict[str, Any]]:
    """Yield the last lines from warnings on; of the functions of the bot's folder not what they say."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=7 if target.is_local else 1)
    lines = logs_of(target).lines(LogFilter(level="WARNING", since=since))
    for line in deque(lines, maxlen=MAX_LINES):
        is_own = logger_of(line) == "own" or "function" in line
        shown = ("timestamp", "level", "logger", *(() if is_own else ("message", "exception")))
        yield {name: line[name] for name in shown if name in line}


def _posts(folder: Path) -> list[dict[str, Any]]:
    """Return the newest posts, and the replies to them."""
    from twbot.lambdas.x.post_ids import tweet_of
    from twbot.local.bus.history import History
    from twbot.local.data_folder import DataFolder

    with History(DataFolder(folder).bus) as history:
        return [
            {"id": tweet_of(event), "type": event.detail_type, "text": str(event.detail["Text"])}
            for event in history.events(limit=LOOKED_AT, newest_first=True)
            if event.detail.get("Text")
        ]
