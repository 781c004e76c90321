"""The data lake that a command asks: files and DuckDB on this machine, S3 and Athena on AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Place
from twbot.lambdas.analytics.results import BadSql, Exported, Result, Tell, TooSlow, Wanted, untold

if TYPE_CHECKING:
    from twbot.lambdas.analytics.erasure import Report

NARROW = "Ask for less: fewer hours (WHERE datehour >= '2026/11/01/00'), or --since"


class Lake(Protocol):
    """Both read the same SQL: Athena's. Raises BadSql."""

    def query(self, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
        """Each `?` is bound to a parameter."""

    def export(self, wanted: Wanted, folder: Path, *, tell: Tell = untold) -> Exported:
        """Write the events into Parquet files in the folder; no file for no events."""


class Forgetting(Protocol):
    """Removes what tells of a post, as far as that can be."""

    def forget(self, tweet_id: str, *, dry_run: bool, tell: Tell = untold) -> Report: ...


def lake_of(place: Place) -> Lake:
    """Raises CliError where there is no such stage."""
    if place.is_local:
        from twbot.local.home import Home, data_folder
        from twbot.local.lake.lake import Lake

        return Lake(Home(data_folder(place.data)).lake)
    bot = place.aws()
    from twbot.cli.operations.lake.aws import AthenaLake

    return AthenaLake(bot)


def forgetting_of(place: Place) -> Forgetting:
    """Raises CliError where there is no such stage."""
    if place.is_local:
        from twbot.local.lake.erasure import LocalForgetting

        return LocalForgetting(place.folder())
    bot = place.aws()
    from twbot.cli.operations.lake.aws_erasure import AwsForgetting

    return AwsForgetting(bot)


@contextmanager
def asking() -> Iterator[None]:
    """What goes wrong with a lake, as CliErrors."""
    from twbot.cli.operations.problems import explained

    with explained():
        try:
            yield
        except BadSql as error:
            raise CliError(str(error), hint="The table's columns: twbot query --columns") from None
        except TooSlow as error:
            raise CliError(str(error), hint=NARROW, code=Exit.TIMED_OUT) from None
        except ModuleNotFoundError as error:
            extra = "aws" if str(error.name).startswith("boto") else "local"
            message, hint = f"The package {error.name} is not installed.", f"Install it: pip install 'twbot[{extra}]'"
            raise CliError(message, hint=hint, code=Exit.NOT_CONFIGURED) from None
