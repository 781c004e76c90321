"""The settings of an AWS stage: the table [stages.NAME.aws] of `twbot.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.records import Function
from twbot.lambdas.folder.toml_file import convert
from twbot.lambdas.settings import Settings, is_safe_url, load, settings_file

PRODUCTION = "prod"
# Bytes of [stages.NAME.own] as JSON. All variables of a Lambda function have 4 KB together:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_OWN = 2500
ARCHIVE_DAYS = 30
# The longest that SQS offers: somebody has to look into dead letters first, and a reply may wait days until X takes it.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
QUEUE_DAYS = 14
# Seconds until an idle session of Lex ends: its own default.
SESSION_TTL = 300
# Query results can be computed again.
RESULTS_DAYS = 7
# The retention periods that CloudWatch Logs accepts, in days:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653]

# Stage names end bot names, and Lex accepts no two hyphens in a row:
# https://docs.aws.amazon.com/lexv2/latest/APIReference/API_CreateBot.html
_STAGE = re.compile(r"(?!.*--)[a-z][a-z0-9-]{0,15}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_ACCOUNT = re.compile(r"[1-9][0-9]{0,18}")


class Detectors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The detectors that the workflow calls. Each call costs money, so a detector that the bot does not use is off."""

    sentiment: bool = True
    """Used by alerts."""
    entities: bool = False
    """Used only by queries of the lake."""
    language: bool = True
    """Used by sentiment and entities, for posts whose language X did not detect."""
    labels: bool = True
    """Used by replies to images."""
    texts: bool = True
    """Used by replies to images."""
    celebrities: bool = True
    """Used by replies to images, and by `bot/people`, whose faces it finds."""


class AwsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one stage on AWS."""

    twitter_account_id: str | None = None
    """The id of the bot's account on X."""
    account: str | None = None
    """The AWS account to deploy to; None for the credentials' own."""
    region: str | None = None
    """The AWS region to deploy to; None for the credentials' own."""
    profile: str | None = None
    """The AWS profile that has the credentials."""
    production: bool | None = None
    """Whether the stage's data survives `twbot destroy`; None means only in the stage `prod`."""
    secret: str | None = None
    """The name of the secret with X's keys; None for the default name."""
    x_url: str | None = None
    """The address of a simulated X, to try a stage without X: https://, or http:// on this machine."""
    detectors: Detectors = Detectors()
    """Which detectors are asked: `[stages.<name>.aws.detectors]`."""
    workflow: Literal["EXPRESS", "STANDARD"] = "EXPRESS"
    """The type of the state machine: EXPRESS is cheaper, STANDARD keeps each execution's history."""
    log_days: LogDays = 30
    """The days that logs are kept, the log of all events included."""
    archive_days: int | None = None
    """The older place of the stage's `archive_days`, which has the same meaning there."""
    alerts: list[str] = []
    """The subscribers of alerts: email addresses (…@…), phones (+…) or https:// URLs."""
    alarms: list[str] = []
    """The subscribers of the bot's own alarms, written like `alerts`."""
    requests_per_second: int = 50
    """The webhooks that are taken in a second, 1 or more; X delivers again what is refused."""
    replies_at_once: int = 2
    """The replies that are posted at the same time, 2 or more."""
    query_limit_mb: int = 1000
    """The megabytes that one Athena query may scan."""
    extra: Function | None = None
    """CDK code of the bot's folder that is deployed beside: module:function, as in infra.stack:add (twbot.infra)."""

    def __post_init__(self) -> None:
        _check(self.archive_days is None or self.archive_days >= 1, "archive_days: 1 or more")
        _check(self.requests_per_second >= 1, "requests_per_second: 1 or more")
        # The smallest concurrency that Lambda accepts for a queue:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        _check(self.replies_at_once >= 2, "replies_at_once: 2 or more")
        # The smallest limit that Athena accepts:
        # https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
        _check(self.query_limit_mb >= 10, "query_limit_mb: 10 or more")
        account_id = self.twitter_account_id
        _check(account_id is None or bool(_ACCOUNT.fullmatch(account_id)), "twitter_account_id: X's digits")
        _check(self.x_url is None or is_safe_url(self.x_url), "x_url: https:// (http:// only on this machine)")
        for address in (*self.alerts, *self.alarms):
            protocol(address)


def protocol(address: str) -> str:
    """Return SNS's protocol for an address: https, sms or email. Raises ValueError for any other address."""
    if address.startswith("https://"):
        return "https"
    if _PHONE.fullmatch(address):
        return "sms"
    _check(
        bool(_EMAIL.fullmatch(address)), f"{address!r}: neither an email address, a phone (+44…) nor an https:// URL"
    )
    return "email"


class StageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A stage and its settings."""

    name: str
    settings: Settings
    """How the bot behaves, on either platform."""
    aws: AwsConfig
    """What is deployed."""

    def __str__(self) -> str:
        return self.name

    @property
    def production(self) -> bool:
        return self.name == PRODUCTION if self.aws.production is None else self.aws.production

    @property
    def archive_days(self) -> int:
        """Return for how many days events stay in the archive. Not for ever by default, as storing costs here."""
        return self.settings.archive_days or self.aws.archive_days or ARCHIVE_DAYS

    @property
    def prefix(self) -> str:
        """Return the prefix of the names of the stage's resources."""
        return f"twbot-{self.name}"

    def named(self, name: str) -> str:
        """Return a name of the source design: unchanged in `prod`, with the stage's name appended in other stages."""
        return name if self.name == PRODUCTION else f"{name}-{self.name}"

    @property
    def secret(self) -> str:
        """Return the name of the secret with X's keys."""
        return self.aws.secret or self.named("TwitterSecret")

    @property
    def x(self) -> dict[str, str]:
        """Return the environment variables that lead a function to a simulated X; empty for X itself."""
        return {"X_URL": self.aws.x_url} if self.aws.x_url else {}


def check_name(name: str) -> str:
    """Return a valid stage name unchanged. Raises TwbotError for any other name."""
    # The name becomes part of the names of queues, roles and URLs: the strictest of their rules holds.
    if not _STAGE.fullmatch(name):
        raise TwbotError(f"{name!r} cannot be a stage's name: up to 16 small letters, digits and single hyphens.")
    return name


def too_long(stage: str, settings: Settings) -> TwbotError | None:
    """Return the fault where the settings of the bot's own functions are too long for Lambda's environment."""
    if (size := len(msgspec.json.encode(settings.own))) <= MAX_OWN:
        return None
    says = f"[stages.{stage}.own] has {size:,} bytes as JSON; a Lambda function has room for {MAX_OWN:,}."
    return TwbotError(says, "Put what is long into a file of bot/, which the functions can read")


def stage_config(name: str, file: Path, **given: str | None) -> StageConfig:
    """Return what the file says of a stage, or `given` where it is not None. Raises TwbotError: file, line, fault.

    Unlike `load_stage` it needs no account id: only deploying does.
    """
    settings = load(file, name)
    merged = {**settings.aws, **{key: value for key, value in given.items() if value}}
    aws = convert(merged, AwsConfig, file, within=f"$.stages.{name}.aws")
    return StageConfig(name=name, settings=settings, aws=aws)


def load_stage(
    name: str, file: Path | None = None, *, twitter_account_id: str | None = None, region: str | None = None
) -> StageConfig:
    """Load a stage from the file (None: the bot's twbot.toml), or the defaults if the file does not exist.

    The arguments override the file. Raises TwbotError for invalid settings and for a missing account id.
    """
    file = file or settings_file()
    stage = stage_config(check_name(name), file, twitter_account_id=twitter_account_id, region=region)
    settings, aws = stage.settings, stage.aws
    if settings.archive_days and aws.archive_days:
        raise TwbotError(f"{file}: archive_days is in [stages.{name}] and in [stages.{name}.aws]; keep the first.")
    if fault := too_long(name, settings):
        raise TwbotError(f"{file}: {fault}", fault.hint)
    if not aws.twitter_account_id:
        hint = f"twitter_account_id in [stages.{name}.aws] of {file}, or --context twitterAccountId=…"
        raise TwbotError(f"The bot's account id on X is missing: {hint}")
    return stage


def _check(valid: bool, problem: str) -> None:
    if not valid:
        raise ValueError(problem)
