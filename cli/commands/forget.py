"""`twbot forget`: erases a post that its author deleted on X."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.lake.port import erasure_of, translate_lake_errors
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import complete_posts
from twbot.cli.ui.console import as_json, err, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Yes, targeted
from twbot.cli.ui.prompts import confirm

if TYPE_CHECKING:
    from twbot.cli.operations.lake.port import Erasure
    from twbot.lambdas.analytics.erasure import ErasureReport


@targeted
def forget(
    target: Target,
    tweet_id: Annotated[
        str,
        typer.Argument(
            metavar="TWEET_ID", help="The id of the post that its author deleted.", autocompletion=complete_posts
        ),
    ],
    dry_run: DryRun = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Remove a post from lake, archive, pictures, alerts and dead letters, as far as that can be; say what can't.

    What goes: every event about the post or with it inside. Safe beside a running bot, and to run again. The bot's
    reply stays on X: it says which one that is. Counts first, and asks. On AWS every file of the lake is read that is
    not older than the post.

    Example: twbot forget 1050118621198921728 --dry-run

    Example: twbot forget 1050118621198921728 --stage prod --yes
    """
    from twbot.lambdas.analytics.erasure import POST_ID

    if not POST_ID.fullmatch(tweet_id):
        raise CliError(f"{tweet_id!r} is no id of a post: its digits are at the end of its address.", code=Exit.USAGE)
    with translate_lake_errors():
        erasure = erasure_of(target)
    # Counting reads the lake a second time, which costs money on AWS: --yes skips it.
    found = None if yes and not dry_run else _erase(erasure, tweet_id, dry_run=True)
    if found is not None and not json:
        _show(found, "there is")
    if found is not None and (dry_run or found.nothing):
        if json:
            _as_json(found, target, dry_run)
        elif not found.nothing:
            say(f"To remove it: twbot forget {tweet_id}{target.option}")
        return
    confirm(f"The stage {target.stage} will forget the post {tweet_id}; that can't be undone.", yes=yes)
    removed = _erase(erasure, tweet_id, dry_run=False)
    if json:
        _as_json(removed, target, dry_run)
    else:
        _show(removed, "removed")


def _erase(erasure: Erasure, tweet_id: str, *, dry_run: bool) -> ErasureReport:
    activity = "looking for it" if dry_run else "forgetting it"
    with translate_lake_errors(), err.status(activity) as status:
        return erasure.forget(
            tweet_id,
            dry_run=dry_run,
            on_progress=lambda step: status.update(f"{activity}: {step} (Ctrl-C does no harm)"),
        )


def _as_json(report: ErasureReport, target: Target, dry_run: bool) -> None:
    as_json(
        {
            "tweet_id": report.tweet_id,
            "stage": target.stage,
            "dry_run": dry_run,
            "removed": report.removed,
            "replies": report.replies,
            "remains": report.remains,
        }
    )


def _show(report: ErasureReport, heading: str) -> None:
    if report.nothing:
        print_line(f"Nothing of the post {report.tweet_id} is there.")
    else:
        table(["where", heading], [(place, count) for place, count in report.removed.items() if count])
    for reply in report.replies:
        print_line(f"The bot's reply {reply} stays on X. As the bot, delete it there: https://x.com/i/status/{reply}")
    for line in report.remains:
        say(line)
