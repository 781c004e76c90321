"""`twbot export`: writes the lake's events to Parquet files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.operations.lake.port import lake_of, translate_lake_errors
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import Types, known_types
from twbot.cli.ui.console import as_json, err, print_line, say
from twbot.cli.ui.options import AsJson, targeted
from twbot.cli.ui.times import Since, Until, parse_window
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
    from twbot.local.utf8_path import utf8_path

    event_filter = _filter(since, until, types or [])
    _check(to, force)
    with _unfinished_folder(to) as fresh:
        with translate_lake_errors(), err.status("exporting") as status:
            exported = lake_of(target).export(event_filter, utf8_path(fresh), on_progress=status.update)
        size = sum((fresh / name).stat().st_size for name in exported.files)
        if exported.rows:
            _publish(fresh, exported, to)
    _report(exported, size, to, json)


def _filter(since: str | None, until: str | None, types: list[str]) -> ExportFilter:
    begin, end = parse_window(since, until)
    return ExportFilter(since=begin, until=end, types=known_types(types))


def _check(to: Path, force: bool) -> None:
    """Raise CliError if the export would replace something: an older export without --force, or anything else."""
    # Before the lake is read: on AWS reading costs money.
    is_file = to.suffix == PARQUET
    if to.is_dir():
        others = [each.name for each in to.iterdir() if each.suffix != PARQUET or not each.is_file()]
        if is_file or others:
            raise CliError(f"{to} is a folder with other things in it.", hint="Name another: -o", code=Exit.USAGE)
        exists = any(to.iterdir())
    elif to.exists() and not is_file:
        raise CliError(f"{to} is a file.", hint=f"Name a folder, or a file that ends in {PARQUET}", code=Exit.USAGE)
    else:
        exists = to.exists()
    if exists and not force:
        raise CliError(f"{to} is there already.", hint="Name another, or replace it: --force", code=Exit.USAGE)


@contextmanager
def _unfinished_folder(to: Path) -> Iterator[Path]:
    """Yield a temporary folder beside the export. Raises CliError if it cannot be written."""
    # On the same file system, so that the finished export only has to be renamed.
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}-unfinished-"))
    except OSError as error:
        raise CliError(f"Cannot write to {to.parent}: {error.strerror}.", code=Exit.USAGE) from None
    try:
        with writing(to):
            yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _publish(fresh: Path, exported: Exported, to: Path) -> None:
    """Rename the finished export: its name never leads to half of it."""
    if to.suffix == PARQUET:
        _one_file(fresh, exported.files).replace(to)
        return
    finished = fresh / "made"
    finished.mkdir(mode=0o700)
    for name in exported.files:
        (fresh / name).rename(finished / name)
    # A folder with files in it cannot be renamed over. The old one goes with the temporary folder.
    if to.exists():
        to.rename(fresh / "before")
    finished.rename(to)


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
