"""The data lake: the ports to query and to erase, and the choice of their adapters.

Files and DuckDB on this machine, S3 and Athena on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.lambdas.analytics.results import (
    BadSql,
    Exported,
    ExportFilter,
    OnProgress,
    Result,
    TooDeep,
    TooSlow,
    no_progress,
)

if TYPE_CHECKING:
    from twbot.lambdas.analytics.erasure import ErasureReport

NARROW_HINT = "Ask for less: fewer hours (WHERE datehour >= '2026/11/01/00'), or --since"


class Lake(Protocol):
    """The data lake. Both platforms take the SQL of Athena. Raises BadSql, TooSlow, TwbotError."""

    def query(self, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
        """Run one SELECT and return at most `limit` rows. Each `?` is bound to a parameter."""

    def export(self, events: ExportFilter, folder: Path, *, on_progress: OnProgress = no_progress) -> Exported:
        """Write the events to Parquet files in the folder; no file where there are no events."""


class Erasure(Protocol):
    """The erasure of a post from all that the bot stores, as far as that can be edited. Raises TwbotError."""

    def forget(self, tweet_id: str, *, dry_run: bool, on_progress: OnProgress = no_progress) -> ErasureReport:
        """Erase a post. With `dry_run` only count what would go."""


def lake_of(target: Target, *, timeout: float | None = None) -> Lake:
    """Return the lake of a bot. Raises CliError where the stage can't be opened.

    `timeout`: seconds after which a query is stopped; by default as the platform does it
    """
    if target.is_local:
        from twbot.local.data_folder import DataFolder, data_folder
        from twbot.local.lake.lake import Lake

        return Lake(DataFolder(data_folder(target.data)).lake, timeout=timeout)
    bot = target.aws()
    from twbot.cli.operations.lake.aws import AthenaLake

    return AthenaLake(bot) if timeout is None else AthenaLake(bot, timeout=timeout)


def erasure_of(target: Target) -> Erasure:
    """Return the erasure of a bot. Raises CliError where the stage can't be opened."""
    if target.is_local:
        from twbot.local.lake.erasure import LocalErasure

        return LocalErasure(target.folder())
    bot = target.aws()
    from twbot.cli.operations.lake.aws_erasure import AwsErasure

    return AwsErasure(bot)


@contextmanager
def translate_lake_errors() -> Iterator[None]:
    """Raise a CliError for an error of a lake inside."""
    from twbot.cli.operations.errors import translate_errors

    with translate_errors():
        try:
            yield
        except BadSql as error:
            code = Exit.USAGE if isinstance(error, TooDeep) else Exit.FAILED
            raise CliError(str(error), hint="The table's columns: twbot query --columns", code=code) from None
        except TooSlow as error:
            raise CliError(str(error), hint=NARROW_HINT, code=Exit.TIMED_OUT) from None
