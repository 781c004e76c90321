"""`twbot export`: the lake's events as Parquet files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.lake.port import lake_of, translate_lake_errors
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import Types, known_types
from twbot.cli.ui.console import as_json, err, print_line, say
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.times import Since, Until, window
from twbot.lambdas.analytics.results import Exported, ExportFilter

PARQUET = ".parquet"


@targeted
def export(
    target: Target,
    to: Annotated[Path, typer.Option("--to", "-o", help="A file that ends in .parquet, or a folder.")],
    since: Since = None,
    until: Until = None,
    types: Types = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier export left there.")] = False,
    json: AsJson = False,
) -> None:
    """Write the lake's events into Parquet files, with the columns of its table: all of them, or as chosen.

    The name appears when everything is written. On AWS it costs what Athena reads, twice: it counts first.

    Example: twbot export -o events.parquet --since 7d

    Example: twbot export -o november --since 2026-11-01 --type MESSAGE_ANALYSED --stage prod
    """
    wanted = _wanted(since, until, types or [])
    _check(to, force)
    with _beside(to) as fresh:
        with translate_lake_errors(), err.status("exporting") as status:
            exported = lake_of(target).export(wanted, fresh, on_progress=status.update)
        size = sum((fresh / name).stat().st_size for name in exported.files)
        if exported.rows:
            _settle(fresh, exported, to)
    _report(exported, size, to, json)


def _wanted(since: str | None, until: str | None, types: list[str]) -> ExportFilter:
    begin, end = window(since, until)
    return ExportFilter(since=begin, until=end, types=known_types(types))


def _check(to: Path, force: bool) -> None:
    """Before anything is read: nothing is overwritten unasked, and never what is no export."""
    is_file = to.suffix == PARQUET
    if to.is_dir():
        others = [each.name for each in to.iterdir() if each.suffix != PARQUET or not each.is_file()]
        if is_file or others:
            raise CliError(f"{to} is a folder with other things in it.", hint="Name another: -o", code=Exit.USAGE)
        there = any(to.iterdir())
    elif to.exists() and not is_file:
        raise CliError(f"{to} is a file.", hint=f"Name a folder, or a file that ends in {PARQUET}", code=Exit.USAGE)
    else:
        there = to.exists()
    if there and not force:
        raise CliError(f"{to} is there already.", hint="Name another, or replace it: --force", code=Exit.USAGE)


@contextmanager
def _beside(to: Path) -> Iterator[Path]:
    """A folder on the same disk for what is not finished; gone afterwards, however it ends."""
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}-unfinished-"))
    except OSError as error:
        raise CliError(f"Cannot write to {to.parent}: {error.strerror}.") from None
    try:
        yield fresh
    except OSError as error:
        raise CliError(f"Cannot write {to}: {error.strerror}.") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _settle(fresh: Path, exported: Exported, to: Path) -> None:
    """Give it its name, at once."""
    if to.suffix == PARQUET:
        _one_file(fresh, exported.files).replace(to)
        return
    made = fresh / "made"
    made.mkdir(mode=0o700)
    for name in exported.files:
        (fresh / name).rename(made / name)
    if to.exists():
        to.rename(fresh / "before")
    made.rename(to)


def _one_file(fresh: Path, names: list[str]) -> Path:
    if len(names) == 1:
        return fresh / names[0]
    from twbot.local.lake.sql import join

    try:
        return join([fresh / name for name in names], fresh / "joined.parquet")
    except ImportError:
        hint = "Name a folder: -o FOLDER; or: pip install 'twbot[local]'"
        raise CliError(f"Athena wrote {len(names)} files, and DuckDB is not there to join them.", hint=hint) from None


def _report(exported: Exported, size: int, to: Path, json: bool) -> None:
    if json:
        shown = {"rows": exported.rows, "bytes": size, "path": str(to) if exported.rows else None}
        as_json({**shown, "files": len(exported.files), "bytes_scanned": exported.bytes_scanned})
    elif exported.rows:
        print_line(f"{to}: {exported.rows:,} events, {size:,} bytes ({exported.bytes_scanned:,} bytes scanned)")
    else:
        say("No event matches: nothing was written.")
    for path in exported.damaged:
        say(f"Left out, as it is damaged: {path}")
