"""How a bot behaves, on either platform: the table [stages.NAME] of `twbot.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from twbot.lambdas.errors import TwbotError

LOCAL = "local"
FILE = Path("twbot.toml")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage. `aws` is for the stacks, which say what may be in it.

    made_with_ai: mark replies so on X. Off by default: the jokes are people's, the pictures photos with names on them.
    """

    replies: bool = True
    blur_strangers: bool = False
    highlight_labels: list[str] = []
    made_with_ai: bool = False
    aws: dict[str, Any] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    stages: dict[str, dict[str, Any]] = {}


def load(path: Path, stage: str = LOCAL) -> Settings:
    """The settings of a stage; the defaults without a file or, for `local`, a table. Raises TwbotError."""
    try:
        stages = msgspec.toml.decode(path.read_bytes(), type=_File).stages
    except FileNotFoundError:
        return Settings()
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise TwbotError(f"Cannot read {path}: {error}") from None
    if stage not in stages and stage != LOCAL:
        known = ", ".join(sorted(stages)) or "none"
        raise TwbotError(f"{path} has no table [stages.{stage}]; its stages: {known}.")
    try:
        return msgspec.convert(stages.get(stage, {}), Settings)
    except msgspec.ValidationError as error:
        raise TwbotError(f"{path}, [stages.{stage}]: {error}") from None


def is_safe_url(url: str) -> bool:
    """Whether what we send there stays between us and them: https, or this very machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
