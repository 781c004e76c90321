"""`twbot backup` and `twbot restore`: the data folder of this machine's bot in one file, and back."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.operations.errors import translate_errors
from twbot.cli.ui.console import as_json, err, print_line, say
from twbot.cli.ui.options import AsJson, Data
from twbot.cli.ui.times import format_time

if TYPE_CHECKING:
    from twbot.local.backup.restore import Restored
    from twbot.local.backup.write import Written

To = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A file that is not there yet: .tar.gz or .tar.")]
From = Annotated[Path, typer.Argument(metavar="FILE", help="A file that `twbot backup` wrote.")]
Force = Annotated[bool, typer.Option("--force", help="Move what is in the folder aside first, within it.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with what waited: no bot ran on the data since the backup was made.")
]


def backup(file: To = None, data: Data = None, json: AsJson = False) -> None:
    """Write all that this machine's bot keeps into one file, while it runs or not: archive, lake, pictures, settings.

    The file has the bot's keys and what people wrote: its owner alone can read it, and should keep it so. A running
    bot goes on meanwhile. What it acknowledged before the backup began is in it.

    Example: twbot backup

    Example: twbot backup monday.tar.gz --json
    """
    from twbot.local.backup.write import write_backup
    from twbot.local.data_folder import data_folder, data_option

    target = file or Path(f"twbot-backup-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    with translate_errors(data_option(data)), err.status("writing the backup") as status:
        written = write_backup(data_folder(data), target, status.update)
    _report_written(written, json)


def restore(file: From, force: Force = False, resume: Resume = False, data: Data = None, json: AsJson = False) -> None:
    """Put a backup into the data folder, which no bot runs on. Everything is checked before anything is in its place.

    Replies that waited when the backup was made may have been sent since: against X itself they become dead letters,
    unless --resume says that nothing ran in between. A backup with a simulated X goes on where it was.

    Example: twbot restore monday.tar.gz --data restored

    Example: twbot restore monday.tar.gz --force
    """
    from twbot.local.backup.restore import restore_backup
    from twbot.local.data_folder import data_folder, data_option

    folder, option = data_folder(data), data_option(data)
    with translate_errors(option), err.status("reading the backup") as status:
        restored = restore_backup(file, folder, force=force, resume=resume, on_progress=status.update)
    _report_restored(restored, folder, option, json)


def _report_written(written: Written, json: bool) -> None:
    manifest = written.manifest
    if json:
        as_json(
            {
                "file": str(written.file),
                "bytes": written.size,
                "files": len(manifest.files),
                "created": manifest.created,
                "skipped": written.skipped,
            }
        )
        return
    print_line(f"{written.file}: {len(manifest.files):,} files, {written.size:,} bytes")
    for name in written.skipped:
        say(f"Left out, as it is no file: {name}")
    say("It has the bot's keys and what people wrote in it: keep it where nobody else can read it.")


def _report_restored(restored: Restored, folder: Path, option: str, json: bool) -> None:
    manifest = restored.manifest
    if json:
        as_json(
            {
                "folder": str(folder),
                "files": len(manifest.files),
                "created": manifest.created,
                "held": restored.held,
                "aside": str(restored.aside) if restored.aside else None,
            }
        )
        return
    print_line(f"{folder}: {len(manifest.files):,} files, as they were at {format_time(manifest.created)}")
    if restored.aside:
        say(f"What was there before is in {restored.aside}.")
    if restored.held:
        say(f"{restored.held} deliveries waited then, and may have been done since. See: twbot dlq list{option}")
    say(f"Next: twbot up{option}")
