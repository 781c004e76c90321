"""`twbot bug-report`: what a report of a bug needs, without secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, err, say
from twbot.cli.ui.options import AsJson, targeted


@targeted
def bug_report(
    target: Target,
    file: Annotated[
        Path | None, typer.Argument(help="A file that is not there yet; none: it is printed.", metavar="[FILE]")
    ] = None,
    with_posts: Annotated[
        bool, typer.Option("--with-posts", help="With the texts of the newest posts, which strangers wrote.")
    ] = False,
    json: AsJson = False,
) -> None:
    """What a report of a bug needs: versions, settings, the doctor's checks, the last errors of the log, counts.

    Keys, tokens, addresses and texts of posts are taken out. Look through it before you send it to anybody.

    Example: twbot bug-report

    Example: twbot bug-report report.json
    """
    from twbot.cli.doctor.bug_report import bug_report as made
    from twbot.local.private_files import create_private

    if file is not None and file.exists():
        raise CliError(f"{file} is there already.", hint="Name another file", code=Exit.USAGE)
    with err.status("looking at the bot"):
        report = made(target, with_posts=with_posts)
    if file is None:
        as_json(report)
    else:
        with writing(file), create_private(file) as opened:
            opened.write(msgspec.json.format(msgspec.json.encode(report), indent=2))
        if json:
            as_json({"file": str(file)})
        else:
            say(f"Wrote {file}.")
    say("Look through it before you send it to anybody.")
