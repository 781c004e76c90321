"""The bot that a command is about: `local`, or a stage on AWS. One port, two implementations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lambdas.settings import LOCAL

if TYPE_CHECKING:
    from lambdas.ports import Keys

FILE = Path("twbot.toml")


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


class Stage(Protocol):
    """`x_url`: the X that the bot talks to; `account_id`: the bot's, where the stage's settings say it."""

    @property
    def name(self) -> str: ...

    @property
    def x_url(self) -> str: ...

    @property
    def simulated(self) -> bool: ...

    @property
    def account_id(self) -> str | None: ...

    def secrets(self) -> KeyStore: ...

    def webhook_url(self) -> str: ...


def open_stage(name: str, *, profile: str | None, region: str | None, data: Path | None) -> Stage:
    """The stage of that name. Raises CliError where its settings or AWS are not ready."""
    if name == LOCAL:
        from local.home import data_folder
        from local.operate import LocalBot

        return LocalBot(data_folder(data))
    from cli.refusals import explained

    with explained():
        from stacks.operate import AwsBot

        return AwsBot(name, profile=profile, region=region, file=FILE)


def option(stage: Stage) -> str:
    """What a hint's command needs to be about this stage."""
    return "" if stage.name == LOCAL else f" --stage {stage.name}"


def stage_names() -> list[str]:
    """The stages of twbot.toml, for completion; none where it can't be read."""
    import msgspec

    try:
        found = msgspec.toml.decode(FILE.read_bytes(), type=dict[str, dict[str, object]])
    except (OSError, ValueError):
        return [LOCAL]
    return sorted({LOCAL, *found.get("stages", {})})
