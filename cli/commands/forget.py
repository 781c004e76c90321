"""`twbot forget`: what a person deleted on X, removed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.lake.port import asking, forgetting_of
from twbot.cli.operations.target import Place
from twbot.cli.ui.console import as_json, err, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Yes, placed
from twbot.cli.ui.prompts import confirm

if TYPE_CHECKING:
    from twbot.cli.operations.lake.port import Forgetting
    from twbot.lambdas.analytics.erasure import Report


@placed
def forget(
    place: Place,
    tweet_id: Annotated[str, typer.Argument(metavar="TWEET_ID", help="The id of the post that its author deleted.")],
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
    with asking():
        forgetting = forgetting_of(place)
    found = None if yes and not dry_run else _look(forgetting, tweet_id, dry_run=True)
    if found is not None and not json:
        _show(found, "there is")
    if found is not None and (dry_run or found.nothing):
        if json:
            _as_json(found, place, dry_run)
        elif not found.nothing:
            say(f"To remove it: twbot forget {tweet_id}{place.option}")
        return
    confirm(f"The stage {place.stage} will forget the post {tweet_id}; that can't be undone.", yes=yes)
    gone = _look(forgetting, tweet_id, dry_run=False)
    if json:
        _as_json(gone, place, dry_run)
    else:
        _show(gone, "removed")


def _look(forgetting: Forgetting, tweet_id: str, *, dry_run: bool) -> Report:
    words = "looking for it" if dry_run else "forgetting it"
    with asking(), err.status(words) as status:
        return forgetting.forget(
            tweet_id, dry_run=dry_run, tell=lambda said: status.update(f"{words}: {said} (Ctrl-C does no harm)")
        )


def _as_json(report: Report, place: Place, dry_run: bool) -> None:
    as_json(
        {
            "tweet_id": report.tweet_id,
            "stage": place.stage,
            "dry_run": dry_run,
            "removed": report.removed,
            "replies": report.replies,
            "remains": report.remains,
        }
    )


def _show(report: Report, heading: str) -> None:
    if report.nothing:
        print_line(f"Nothing of the post {report.tweet_id} is there.")
    else:
        table(["where", heading], [(where, count) for where, count in report.removed.items() if count])
    for reply in report.replies:
        print_line(f"The bot's reply {reply} stays on X. As the bot, delete it there: https://x.com/i/status/{reply}")
    for line in report.remains:
        say(line)
