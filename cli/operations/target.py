"""The bot that a command is about: the stage `local` on this machine, or a stage on AWS."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.settings import LOCAL, settings_file
from twbot.lambdas.text_files import decode_text

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot
    from twbot.lambdas.ports import Keys


class KeyStore(Protocol):
    """Where a stage's keys are stored."""

    place: str
    """The file or the secret, as people know it."""

    def keys(self) -> Keys:
        """Return the current keys, read once."""

    def refresh(self) -> Keys:
        """Read the current keys again."""

    def save(self, keys: Keys) -> None:
        """Store keys; the current ones become the previous ones."""

    def previous(self) -> Keys | None: ...

    def restore(self) -> None:
        """Make the previous keys the current ones."""


class OwnSecretStore(Protocol):
    """Where a stage's own secrets are stored."""

    @property
    def place(self) -> str:
        """The file or the service, as people know it."""

    def names(self) -> list[str]:
        """Return the names of the stored secrets."""

    def put(self, name: str, value: str) -> None:
        """Store a secret, in place of the one of this name."""

    def remove(self, name: str) -> bool:
        """Remove a secret, and return whether it was there."""


class Bot(Protocol):
    """A bot that can be operated: its name, its keys, its webhook, and its X."""

    @property
    def name(self) -> str:
        """The stage."""

    @property
    def option(self) -> str:
        """The options that make a hint's command about this bot, with a leading blank."""

    @property
    def x_url(self) -> str:
        """The base address of the X that it talks to."""

    @property
    def simulated(self) -> bool:
        """Whether that X is a simulated one."""

    @property
    def account_id(self) -> str | None:
        """The id of the bot's account at X, where the stage's settings name it."""

    def secrets(self) -> KeyStore: ...

    def own_secrets(self) -> OwnSecretStore: ...

    def webhook_url(self) -> str:
        """Return the webhook's address. Raises TwbotError where there is none."""


def open_bot(name: str, *, profile: str | None, region: str | None, data: Path | None) -> Bot:
    """Return the bot of a stage. Raises CliError where its settings or AWS are not ready."""
    if name == LOCAL:
        from twbot.cli.operations.local_stage import LocalBot
        from twbot.local.data_folder import data_folder

        return LocalBot(data_folder(data))
    return Target(name, profile, region).aws()


class Target(NamedTuple):
    """The bot that the options of a command name: that of a data folder, or a stage on AWS."""

    stage: str = LOCAL
    profile: str | None = None
    region: str | None = None
    data: Path | None = None

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def option(self) -> str:
        """The options that make a hint's command about the same bot, with a leading blank."""
        from twbot.local.data_folder import data_option

        if self.is_local:
            return data_option(self.data)
        more = {"--profile": self.profile, "--region": self.region}
        return f" --stage {self.stage}" + "".join(f" {name} {shlex.quote(text)}" for name, text in more.items() if text)

    def open(self) -> Bot:
        """Return the bot. Raises CliError where its settings or AWS are not ready."""
        return open_bot(self.stage, profile=self.profile, region=self.region, data=self.data)

    def aws(self) -> AwsBot:
        """Return the stage on AWS. Raises CliError."""
        from twbot.cli.operations.errors import translate_errors

        with translate_errors():
            from twbot.cli.operations.aws_stage import AwsBot

            return AwsBot(self.stage, profile=self.profile, region=self.region)

    def folder(self) -> Path:
        """Return the data folder. Raises CliError where no bot has run on it."""
        from twbot.local.data_folder import DataFolder, data_folder

        folder = data_folder(self.data)
        if not DataFolder(folder).bus.exists():
            raise CliError(f"No bot has run on {folder}.", hint=start_hint(self.data), code=Exit.NOT_CONFIGURED)
        return folder


def start_hint(data: Path | None) -> str:
    """Return the hint for a data folder on which no bot runs."""
    from twbot.local.data_folder import data_option

    return f"Start it with: twbot up{data_option(data)}"


def stage_names() -> list[str]:
    """Return the stages of twbot.toml, for completion: only `local` where the file can't be read."""
    import msgspec

    try:
        tables: dict[str, Any] = msgspec.toml.decode(decode_text(settings_file().read_bytes()))
        return sorted({LOCAL, *msgspec.convert(tables.get("stages", {}), dict[str, Any])})
    except (OSError, ValueError):
        return [LOCAL]
