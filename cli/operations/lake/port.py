"""The data lake that a command asks: files and DuckDB on this machine, S3 and Athena on AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.lambdas.analytics.results import BadSql, Exported, ExportFilter, OnProgress, Result, TooSlow, no_progress

if TYPE_CHECKING:
    from twbot.lambdas.analytics.erasure import ErasureReport

NARROW_HINT = "Ask for less: fewer hours (WHERE datehour >= '2026/11/01/00'), or --since"


class Lake(Protocol):
    """Both read the same SQL: Athena's. Raises BadSql."""

    def query(self, sql: str, parameters: Sequence[str] = (), *, limit: int | None = None) -> Result:
        """Each `?` is bound to a parameter."""

    def export(self, wanted: ExportFilter, folder: Path, *, on_progress: OnProgress = no_progress) -> Exported:
        """Write the events into Parquet files in the folder; no file for no events."""


class Erasure(Protocol):
    """Removes what tells of a post, as far as that can be."""

    def forget(self, tweet_id: str, *, dry_run: bool, on_progress: OnProgress = no_progress) -> ErasureReport: ...


def lake_of(target: Target) -> Lake:
    """Raises CliError where there is no such stage."""
    if target.is_local:
        from twbot.local.data_folder import DataFolder, data_folder
        from twbot.local.lake.lake import Lake

        return Lake(DataFolder(data_folder(target.data)).lake)
    bot = target.aws()
    from twbot.cli.operations.lake.aws import AthenaLake

    return AthenaLake(bot)


def erasure_of(target: Target) -> Erasure:
    """Raises CliError where there is no such stage."""
    if target.is_local:
        from twbot.local.lake.erasure import LocalErasure

        return LocalErasure(target.folder())
    bot = target.aws()
    from twbot.cli.operations.lake.aws_erasure import AwsErasure

    return AwsErasure(bot)


@contextmanager
def translate_lake_errors() -> Iterator[None]:
    """What goes wrong with a lake, as CliErrors."""
    from twbot.cli.operations.errors import translate_errors

    with translate_errors():
        try:
            yield
        except BadSql as error:
            raise CliError(str(error), hint="The table's columns: twbot query --columns") from None
        except TooSlow as error:
            raise CliError(str(error), hint=NARROW_HINT, code=Exit.TIMED_OUT) from None
