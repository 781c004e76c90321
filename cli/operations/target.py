"""The bot that a command is about: `local`, or a stage on AWS. One port, two implementations."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.settings import FILE, LOCAL

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot
    from twbot.lambdas.ports import Keys


class KeyStore(Protocol):
    """Where a stage's keys are; `place` names it for people."""

    place: str

    def keys(self) -> Keys: ...

    def refresh(self) -> Keys: ...

    def save(self, keys: Keys) -> None:
        """What is there becomes the previous keys."""

    def previous(self) -> Keys | None: ...

    def restore(self) -> None:
        """Back to the previous keys."""


class Bot(Protocol):
    """`option`: what a hint's command needs to be about this bot. `x_url`: the X that it talks to.

    `account_id`: the bot's, where the stage's settings say it.
    """

    @property
    def name(self) -> str: ...

    @property
    def option(self) -> str: ...

    @property
    def x_url(self) -> str: ...

    @property
    def simulated(self) -> bool: ...

    @property
    def account_id(self) -> str | None: ...

    def secrets(self) -> KeyStore: ...

    def webhook_url(self) -> str: ...


def open_bot(name: str, *, profile: str | None, region: str | None, data: Path | None) -> Bot:
    """The stage of that name. Raises CliError where its settings or AWS are not ready."""
    if name == LOCAL:
        from twbot.cli.operations.local_stage import LocalBot
        from twbot.local.data_folder import data_folder

        return LocalBot(data_folder(data))
    return Target(name, profile, region).aws()


class Target(NamedTuple):
    """Where a command works: the bot of this machine on a data folder, or a stage on AWS."""

    stage: str = LOCAL
    profile: str | None = None
    region: str | None = None
    data: Path | None = None

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def option(self) -> str:
        """What a hint's command needs to be about the same bot."""
        from twbot.local.data_folder import data_option

        if self.is_local:
            return data_option(self.data)
        more = {"--profile": self.profile, "--region": self.region}
        return f" --stage {self.stage}" + "".join(f" {name} {shlex.quote(each)}" for name, each in more.items() if each)

    def open(self) -> Bot:
        return open_bot(self.stage, profile=self.profile, region=self.region, data=self.data)

    def aws(self) -> AwsBot:
        """The stage on AWS. Raises CliError."""
        from twbot.cli.operations.errors import translate_errors

        with translate_errors():
            from twbot.cli.operations.aws_stage import AwsBot

            return AwsBot(self.stage, profile=self.profile, region=self.region, file=FILE)

    def folder(self) -> Path:
        """The data folder of the bot of this machine. Raises CliError where none has run on it."""
        from twbot.local.data_folder import DataFolder, data_folder

        folder = data_folder(self.data)
        if not DataFolder(folder).bus.exists():
            raise CliError(f"No bot has run on {folder}.", hint=start_hint(self.data), code=Exit.NOT_CONFIGURED)
        return folder


def start_hint(data: Path | None) -> str:
    """The hint where no bot runs on a data folder."""
    from twbot.local.data_folder import data_option

    return f"Start it with: twbot up{data_option(data)}"


def stage_names() -> list[str]:
    """The stages of twbot.toml, for completion; none where it can't be read."""
    import msgspec

    try:
        found = msgspec.toml.decode(FILE.read_bytes(), type=dict[str, dict[str, object]])
    except (OSError, ValueError):
        return [LOCAL]
    return sorted({LOCAL, *found.get("stages", {})})
