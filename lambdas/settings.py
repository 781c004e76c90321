"""The settings of a bot on either platform: the table [stages.NAME] of `twbot.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import SHIPPED, project
from twbot.lambdas.folder.records import File
from twbot.lambdas.folder.toml_file import convert, read_toml

LOCAL = "local"
FILE = "twbot.toml"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


Days = Annotated[int, msgspec.Meta(ge=1, le=36500)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one stage."""

    replies: bool = True
    """Whether the bot replies at all."""
    blur_strangers: bool = False
    """Whether faces that nobody recognised are blurred in the pictures of replies."""
    highlight_labels: list[str] = []
    """Rekognition labels that are framed in the pictures of replies."""
    quote_pictures: bool = True
    """Whether replies repeat what is written in a picture. Off: strangers cannot put words into the bot's mouth."""
    made_with_ai: bool = False
    """Whether X marks the replies as made with AI. Off: people wrote the jokes, and the pictures are photos."""
    archive_days: Days | None = None
    """Days that events stay in the archive, from which they can be replayed. None: for ever on `local`, 30 on AWS.
    Whatever guards against doing things twice stays for RETENTION_DAYS at least; what waits and dead letters always."""
    lake_days: Days | None = None
    """Days that events stay in the lake, for queries. None: for ever."""
    own: dict[str, Any] = {}
    """Settings of the bot's own functions, which read them in `bot.settings`."""
    aws: dict[str, Any] = {}
    """Settings of the deployment: `[stages.<name>.aws]`."""

    def for_functions(self) -> dict[str, Any]:
        """Return what functions of the bot's folder find in `bot.settings`: their own, and twbot's."""
        ours = {name: value for name, value in msgspec.to_builtins(self).items() if name not in ("own", "aws")}
        return {**ours, **self.own}


def settings_file() -> Path:
    """Return the path of the bot's twbot.toml, whether or not it is there."""
    folder = project()
    return Path(FILE) if folder in (SHIPPED, Path.cwd()) else folder / FILE


def load(path: Path, stage: str = LOCAL) -> Settings:
    """Return a stage's settings; the defaults without a file or, for `local`, without a table. Raises TwbotError."""
    try:
        stages = read_toml(path, File).stages
    except FileNotFoundError:
        return Settings()
    if stage not in stages and stage != LOCAL:
        known = ", ".join(sorted(stages)) or "none"
        raise TwbotError(f"{path} has no table [stages.{stage}]; its stages: {known}.")
    return convert(stages.get(stage, {}), Settings, path, within=f"$.stages.{stage}")


def is_safe_url(url: str) -> bool:
    """Return whether nobody can read what we send there: the URL is https, or http to this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
