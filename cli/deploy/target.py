"""What deploy, diff, synth and destroy share: the stage and its AWS account, the account on X, templates and log."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.text import Text

from twbot.cli.deploy.screen import waiting
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import err
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import LOCAL, settings_file

if TYPE_CHECKING:
    from twbot.cli.deploy.assembly import Assembly
    from twbot.cli.deploy.preflight import Account
    from twbot.cli.operations.aws_stage import AwsBot

PROD = "prod"
AccountId = Annotated[
    str | None,
    typer.Option("--account-id", help="The bot's account on X: its number.", show_default="twbot.toml's"),
]


class Deployment(NamedTuple):
    """A stage on AWS and one run of a command on it."""

    bot: AwsBot
    where: Account
    """The account and region of the credentials."""
    log: Path
    """The log of this run."""
    profile: str | None
    """The AWS profile of the command line."""

    @property
    def stage(self) -> str:
        return self.bot.name

    def cdk(self) -> Any:
        """Return the CDK command for the stage."""
        from twbot.cli.deploy.cdk import Cdk

        profile = self.profile or self.bot.config.aws.profile
        return Cdk(self.stage, self.log, region=self.where.region, profile=profile)


def deployment(verb: str, target: Target) -> Deployment:
    """Return the stage that a command acts on, and show it. Raises CliError."""
    # Before the first call to AWS: the person sees the stage even if that call fails.
    from twbot.cli.operations.errors import translate_errors

    err.print(Text.assemble("Stage ", (on_aws(target.stage), "bold")))
    with translate_errors():
        from twbot.cli.deploy.preflight import account

        bot = target.aws()
        where = account(bot)
    kind = "Production" if bot.config.production else "Not production"
    err.print(Text(f"{kind}, account {where.id}, region {where.region}"))
    return Deployment(bot, where, new_log(verb, bot.name, target.data), target.profile)


def on_aws(stage: str) -> str:
    """Return a valid name of a stage on AWS. Raises CliError for `local` and for invalid names."""
    from twbot.stacks.config import check_name

    if stage == LOCAL:
        hint = "Start it: twbot up; or name a stage on AWS: --stage prod"
        raise CliError("The stage local is the bot of this machine: it is not on AWS.", hint=hint, code=Exit.USAGE)
    try:
        return check_name(stage)
    except TwbotError as error:
        raise CliError(str(error), hint="Name another: --stage prod", code=Exit.USAGE) from None


def new_log(verb: str, stage: str, data: Path | None) -> Path:
    """Return the path of a new log in the data folder."""
    from twbot.local.data_folder import data_folder

    now = datetime.datetime.now().astimezone()
    return data_folder(data) / "logs" / f"{verb}-{stage}-{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"


@contextlib.contextmanager
def logged(log: Path) -> Iterator[None]:
    """Turn any failure inside into a CliError that names the log."""
    from twbot.cli.errors import as_cli_error

    try:
        yield
    except CliError as error:
        raise error if not log.exists() else _with_log(error, log) from None
    except TwbotError as error:
        raise _with_log(as_cli_error(error), log) from None
    except KeyboardInterrupt:
        raise CliError("Interrupted. Nothing was changed.", code=Exit.INTERRUPTED) from None


def _with_log(error: CliError, log: Path) -> CliError:
    if not log.exists() or str(log) in (error.hint or ""):
        return error
    hint = f"{error.hint}\nThe whole log: {log}" if error.hint else f"The whole log: {log}"
    return CliError(str(error), hint=hint, code=error.code)


def account_id(on: Deployment, typed: str | None) -> str:
    """Return the id of the bot's account on X: as typed, from twbot.toml, or as deployed. Raises CliError."""
    from twbot.cli.deploy.deployed_stacks import ON_X, stacks

    known = typed or on.bot.account_id
    known = known or next((each.outputs[ON_X] for each in stacks(on.bot) if ON_X in each.outputs), None)
    if known is None:
        raise no_account_id(on.stage)
    return known


def no_account_id(stage: str) -> CliError:
    """Return the error for an unknown account id."""
    hint = f"Type it: --account-id 999999; or write it down: twbot init --stage {stage}"
    return CliError("The id of the bot's account on X is not known.", hint=hint, code=Exit.NOT_CONFIGURED)


@contextlib.contextmanager
def templates(on: Deployment, account_id: str, region: str | None) -> Iterator[Assembly]:
    """Yield the stage's templates, in a temporary folder."""
    from twbot.cli.deploy.assembly import synthesize

    with tempfile.TemporaryDirectory(prefix="twbot-") as folder:
        with waiting("Making the templates"):
            assembly = synthesize(
                on.stage, Path(folder), log=on.log, config=settings_file(), account_id=account_id, region=region
            )
        yield assembly


def digits(typed: str | None) -> str:
    """Return a valid account id of X unchanged. Raises CliError for anything else."""
    if typed is None or not re.fullmatch("[1-9][0-9]{0,18}", typed):
        hint = "It is digits only; twbot secrets check says it, and X under Settings, Your account"
        raise CliError(f"{typed!r} is no account id of X.", hint=hint, code=Exit.USAGE)
    return typed
