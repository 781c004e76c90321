"""Every setting that holds for a stage, with its value and where that comes from: the same on either platform."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from twbot.cli.operations.target import Target
from twbot.cli.spelling import project_option
from twbot.lambdas import environment
from twbot.lambdas.alerting.subscription import masked
from twbot.lambdas.folder.folder import SHIPPED, bot_folder, project
from twbot.lambdas.folder.toml_file import line_of
from twbot.lambdas.own.redaction import HIDDEN
from twbot.lambdas.settings import load, settings_file
from twbot.lambdas.text_files import decode_text

DEFAULT = "default"
# Settings of the bot's own functions that are secrets by their names. They belong to `twbot secrets put`.
_SECRET = re.compile(r"secret|token|passw|credential|api_?key|private", re.IGNORECASE)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting and its value."""

    name: str
    """Its place in the stage's table, such as `aws.region`; in twbot.toml itself, such as `bot.languages`."""
    value: Any
    source: str = msgspec.field(name="from")
    """`default`, FILE:LINE, an option, or an environment variable."""


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable that twbot reads."""

    name: str
    set: bool
    value: str | None
    """Never that of a secret."""
    says: str


def variables() -> list[Variable]:
    """Return every environment variable that twbot reads, set or not."""
    return [
        Variable(
            name=each.name,
            set=bool(os.environ.get(each.name)),
            value=None if each.secret else os.environ.get(each.name) or None,
            says=each.says,
        )
        for each in environment.VARIABLES
    ]


def settings_in_force(target: Target, typed: Mapping[str, str]) -> Iterator[Setting]:
    """Yield the settings. Raises TwbotError for a file that is not in order.

    `typed`: where stage, data, profile and region come from, of those that were given.
    """
    folder, file = bot_folder(), _File()
    yield Setting(name="stage", value=target.stage, source=typed.get("stage", DEFAULT))
    yield _project(target)
    yield from _place(target, typed)
    yield file.setting("bot.languages", folder.languages, ["bot", "languages"])
    llm = msgspec.to_builtins(folder.llm) if folder.llm else {}
    yield from (file.setting(f"llm.{name}", value, ["llm", name]) for name, value in llm.items())
    yield from _of_stage(target, file, typed)


class _File:
    """The bot's twbot.toml, as far as it has been written."""

    def __init__(self) -> None:
        self.path = settings_file()
        self._text = decode_text(self.path.read_bytes()) if self.path.is_file() else ""
        self._tables = tomllib.loads(self._text)

    def setting(self, name: str, value: Any, place: Sequence[str]) -> Setting:
        within: Any = self._tables
        for part in place:
            if not isinstance(within, dict) or part not in within:
                return Setting(name=name, value=value, source=DEFAULT)
            within = within[part]
        return Setting(name=name, value=value, source=f"{self.path}:{line_of(self._text, '$.' + '.'.join(place))}")


def _project(target: Target) -> Setting:
    from twbot.local.data_folder import DataFolder, data_folder, noted_project

    folder = project()
    home = DataFolder(data_folder(target.data))
    source = "this folder"
    if folder == SHIPPED:
        source = "the bot that twbot ships"
    elif project_option.get() is not None:
        source = "--project"
    elif os.environ.get(environment.PROJECT.name):
        # Where the data folder has it noted, it is taken from there: cli/main.py.
        source = str(home.project) if noted_project(home) == folder else environment.PROJECT.name
    return Setting(name="project", value=str(folder), source=source)


def _place(target: Target, typed: Mapping[str, str]) -> Iterator[Setting]:
    if target.is_local:
        from twbot.local.data_folder import data_folder

        yield Setting(name="data", value=str(data_folder(target.data)), source=typed.get("data", DEFAULT))


def _of_stage(target: Target, file: _File, typed: Mapping[str, str]) -> Iterator[Setting]:
    settings = load(file.path, target.stage)
    table = ["stages", target.stage]
    for name, value in msgspec.to_builtins(settings).items():
        if name == "own":
            shown = ((key, HIDDEN if _SECRET.search(key) else each) for key, each in value.items())
            yield from (file.setting(f"own.{key}", each, [*table, "own", key]) for key, each in shown)
        elif name != "aws" and (target.is_local or name != "archive_days"):
            yield file.setting(name, value, [*table, name])
    if not target.is_local:
        yield from _of_aws(target, file, typed)


def _of_aws(target: Target, file: _File, typed: Mapping[str, str]) -> Iterator[Setting]:
    from twbot.stacks.config import stage_config

    stage = stage_config(target.stage, file.path)
    table = ["stages", target.stage]
    older = [*table, "aws", "archive_days"] if stage.aws.archive_days else [*table, "archive_days"]
    yield file.setting("archive_days", stage.archive_days, older)
    # What the code makes of a setting that nobody made.
    made = {"production": stage.production, "secret": stage.secret}
    given = {"profile": target.profile, "region": target.region}
    for name, value in msgspec.to_builtins(stage.aws).items():
        found = file.setting(f"aws.{name}", made.get(name, value), [*table, "aws", name])
        if name == "detectors":
            for key, each in value.items():
                yield file.setting(f"aws.detectors.{key}", each, [*table, "aws", name, key])
        elif name in ("alerts", "alarms"):
            yield msgspec.structs.replace(found, value=[_masked(each) for each in value])
        elif name in typed:
            yield msgspec.structs.replace(found, value=given[name], source=typed[name])
        elif value is None and (variable := _variable(name)):
            yield msgspec.structs.replace(found, value=os.environ[variable], source=variable)
        elif name != "archive_days":
            yield found


def _masked(address: str) -> str:
    from twbot.stacks.config import protocol

    return masked(protocol(address), address)


def _variable(name: str) -> str | None:
    """Return the variable that says what the stage does not."""
    names = {"profile": ("AWS_PROFILE",), "region": ("AWS_REGION", "AWS_DEFAULT_REGION")}.get(name, ())
    return next((each for each in names if os.environ.get(each)), None)
