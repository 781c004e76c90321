"""What an AWS stage is made of: the table [stages.NAME.aws] of `twbot.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import FILE, Settings, is_safe_url, load

PRODUCTION = "prod"
# The retentions that CloudWatch Logs knows, in days.
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653]

# Lex takes no two hyphens in a row.
_STAGE = re.compile(r"(?!.*--)[a-z][a-z0-9-]{0,15}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_ACCOUNT = re.compile(r"[1-9][0-9]{0,18}")


class Detectors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The AI that is asked, and paid for. Off by default: what nothing of the bot uses the answer of.

    sentiment: alerts. language: sentiment and entities, where X did not know it.
    labels, texts, celebrities: what a reply says about a picture. entities: only whoever queries the lake.
    """

    sentiment: bool = True
    entities: bool = False
    language: bool = True
    labels: bool = True
    texts: bool = True
    celebrities: bool = True


class AwsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage on AWS. `production`: its data survives `destroy`; by default only in the stage `prod`.

    alerts: who hears of negative messages: addresses (…@…), phones (+…) or https:// URLs.
    alarms: the same for what goes wrong with the bot itself.
    workflow: EXPRESS is cheaper; STANDARD keeps each execution's history.
    x_url: what stands in for X, to try a stage without it: https://, or this very machine.
    account, region: where to; without them, where the credentials lead.
    """

    twitter_account_id: str | None = None
    account: str | None = None
    region: str | None = None
    profile: str | None = None
    production: bool | None = None
    secret: str | None = None
    x_url: str | None = None
    detectors: Detectors = Detectors()
    workflow: Literal["EXPRESS", "STANDARD"] = "EXPRESS"
    log_days: LogDays = 30
    archive_days: int = 30
    alerts: list[str] = []
    alarms: list[str] = []
    requests_per_second: int = 50
    replies_at_once: int = 2
    query_limit_mb: int = 1000

    def __post_init__(self) -> None:
        for name in ("archive_days", "requests_per_second"):
            _check(getattr(self, name) >= 1, f"{name}: 1 or more")
        _check(self.replies_at_once >= 2, "replies_at_once: 2 or more")  # SQS starts no less
        _check(self.query_limit_mb >= 10, "query_limit_mb: 10 or more")
        account_id = self.twitter_account_id
        _check(account_id is None or bool(_ACCOUNT.fullmatch(account_id)), "twitter_account_id: X's digits")
        _check(self.x_url is None or is_safe_url(self.x_url), "x_url: https:// (http:// only on this machine)")
        for address in (*self.alerts, *self.alarms):
            protocol(address)


def protocol(address: str) -> str:
    """How SNS reaches an address. Raises ValueError where it can't."""
    if address.startswith("https://"):
        return "https"
    if _PHONE.fullmatch(address):
        return "sms"
    _check(
        bool(_EMAIL.fullmatch(address)), f"{address!r}: neither an email address, a phone (+44…) nor an https:// URL"
    )
    return "email"


class StageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A stage by its name: what it is called and made of, and how the bot behaves in it."""

    name: str
    settings: Settings
    aws: AwsConfig

    @property
    def production(self) -> bool:
        return self.name == PRODUCTION if self.aws.production is None else self.aws.production

    @property
    def prefix(self) -> str:
        """What the names of a stage's resources begin with."""
        return f"twbot-{self.name}"

    def named(self, name: str) -> str:
        """A name of the source design: as it is in `prod`, and with the stage's name in all others."""
        return name if self.name == PRODUCTION else f"{name}-{self.name}"

    @property
    def secret(self) -> str:
        return self.aws.secret or self.named("TwitterSecret")

    @property
    def x(self) -> dict[str, str]:
        """What a function is told of X: nothing, unless something stands in for it."""
        return {"X_URL": self.aws.x_url} if self.aws.x_url else {}


def check_name(name: str) -> str:
    """A stage's name is part of the names of queues, roles and URLs. Raises TwbotError."""
    if not _STAGE.fullmatch(name):
        raise TwbotError(f"{name!r} cannot be a stage's name: up to 16 small letters, digits and single hyphens.")
    return name


def load_stage(
    name: str, file: Path = FILE, *, twitter_account_id: str | None = None, region: str | None = None
) -> StageConfig:
    """A stage as the file has it; the defaults where there is no such file. What is given here goes first.

    Raises TwbotError.
    """
    settings = load(file, check_name(name))
    typed = {"twitter_account_id": twitter_account_id, "region": region}
    given = {**settings.aws, **{key: value for key, value in typed.items() if value}}
    try:
        aws = msgspec.convert(given, AwsConfig)
    except msgspec.ValidationError as error:
        raise TwbotError(f"{file}, [stages.{name}.aws]: {error}") from None
    if not aws.twitter_account_id:
        hint = f"twitter_account_id in [stages.{name}.aws] of {file}, or --context twitterAccountId=…"
        raise TwbotError(f"The bot's account id on X is missing: {hint}")
    return StageConfig(name=name, settings=settings, aws=aws)


def _check(fine: bool, problem: str) -> None:
    if not fine:
        raise ValueError(problem)
