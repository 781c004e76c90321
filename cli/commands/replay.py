"""`twbot replay`: delivers events of the archive again; `twbot replay from-x` has X send its events again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.replays.port import replays_of
from twbot.cli.operations.target import Target
from twbot.cli.screens.replay import follow, progress_text, span, summary
from twbot.cli.screens.replay_request import fitted, replay_request
from twbot.cli.ui.completion import Types, complete_replays, complete_rules
from twbot.cli.ui.console import as_json, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Yes, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.prompts import confirm, is_interactive
from twbot.cli.ui.times import EXAMPLES, Since, Until, Utc, time_cell
from twbot.cli.x.client import Version, WebhookId

if TYPE_CHECKING:
    from twbot.lambdas.replays import ReplayCount

app = typer.Typer(invoke_without_command=True)
Name = Annotated[str, typer.Argument(help="The replay's name.", autocompletion=complete_replays)]
Rules = Annotated[
    list[str] | None,
    typer.Option("--to", help="Only to this rule; may be repeated.", metavar="RULE", autocompletion=complete_rules),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", min=0.1, max=1000, help="At most so many events a second.", show_default="50; AWS's on AWS"),
]
WithReplies = Annotated[bool, typer.Option("--with-replies", help="Reply to the posts that have no reply.")]
Detach = Annotated[bool, typer.Option("--detach", help="Do not wait for its end.")]


@app.callback()
@targeted
def replay(
    target: Target,
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    types: Types = None,
    to: Rules = None,
    rate: Rate = None,
    dry_run: DryRun = False,
    with_replies: WithReplies = False,
    detach: Detach = False,
    yes: Yes = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Deliver the archive's events again: all of them, to all rules, or as chosen. Counts first, and asks.

    Without a terminal it goes on without asking; --with-replies needs --yes then.

    What a replay causes carries its name. Nothing of it is tweeted without --with-replies, and then each post gets one
    reply at most. Ctrl-C cancels it.

    What the bot missed while it was down, X sends again: twbot replay from-x.

    Example: twbot replay --since 2h --type MESSAGE_RECEIVED --dry-run

    Example: twbot replay --since yesterday --until today --to keep-every-event

    Example: twbot replay --since 2h --to analyse-messages --stage prod
    """
    if context.invoked_subcommand is not None:
        return
    if since is None:
        hint = f"For example: twbot replay --since 2h --dry-run{target.option}"
        raise CliError("Since when?", hint=hint, code=Exit.USAGE)
    replays, request = replays_of(target), replay_request(since, until, types or [], to or [], rate, with_replies)
    if rate is not None and not target.is_local:
        hint = "Leave out --rate, and narrow it down: --since, --until, --to"
        raise CliError("EventBridge sets the pace of its replays itself.", hint=hint, code=Exit.USAGE)
    request = fitted(replays, request)
    counted = replays.count(request)
    if not json:
        _show_count(counted)
    if dry_run or not counted.events:
        as_json({**_plain(counted), "dry_run": dry_run, "replay": None}) if json else None
        return
    _ask(target, counted, with_replies=with_replies, yes=yes)
    found = replays.start(request, counted.events)
    found = found if detach else follow(replays, found, target, quiet=json)
    as_json({**_plain(counted), "dry_run": False, "replay": found}) if json else print_line(summary(found, utc))
    if detach:
        say(f"See how far it is: twbot replay show {found.name}{target.option}")
    if found.state == "failed":
        raise CliError(f"The replay failed: {found.error}", hint=f"See: twbot logs{target.option}")
    if found.state in {"cancelled", "interrupted"}:
        hint = f"What it delivered stays delivered. See: twbot replay show {found.name}{target.option}"
        raise CliError(f"The replay was {found.state} before its end.", hint=hint)


@app.command("from-x")
@targeted
def from_x(
    target: Target,
    since: Annotated[str, typer.Option("--since", help=f"From when on: {EXAMPLES}.")],
    until: Until = None,
    webhook: WebhookId = None,
    api: Version = "v2",
    dry_run: DryRun = False,
    yes: Yes = False,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """Have X send again what it sent then, in windows of 24 hours at most: for what the bot missed while it was down.

    What the bot has not seen it answers; what it has seen changes nothing.

    Example: twbot replay from-x --since 3h --dry-run

    Example: twbot replay from-x --since yesterday --dry-run --stage prod
    """
    from twbot.cli.x.replays import ReplayOptions, replay_from_x

    replay_from_x(target, ReplayOptions(since, until, api, webhook, dry_run, yes, utc, json))


@app.command("list")
@targeted
def list_replays(
    target: Target,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The replays, the newest first.

    Example: twbot replay list
    """
    found = replays_of(target).newest(limit)
    if json:
        as_json(found)
    else:
        rows = [
            (
                *(r.name, r.state, progress_text(r)),
                *(time_cell(at, utc=utc) for at in (r.wanted.since, r.wanted.until)),
                ", ".join(r.wanted.rules),
            )
            for r in found
        ]
        with paged():
            table(["replay", "state", "came", "from", "to", "rules"], rows, none="There were no replays.")


@app.command("show")
@targeted
def show(target: Target, name: Name, utc: Utc = False, json: AsJson = False) -> None:
    """One replay: what it was about, and how far it came.

    Example: twbot replay show replay-20261101T100000Z-1a2b
    """
    found = replays_of(target).named(name)
    if found is None:
        raise _unknown(name, target)
    if json:
        as_json(found)
        return
    print_line(summary(found, utc))
    print_line(f"events of {span(found, utc)}: {', '.join(found.wanted.types) or 'every type'}")
    pace = f", at most {found.wanted.rate:g} a second" if found.wanted.rate else ""
    print_line(f"to {', '.join(found.wanted.rules) or 'every rule'}{pace}")
    if found.error:
        print_line(found.error)


@app.command("cancel")
@targeted
def cancel(target: Target, name: Name, json: AsJson = False) -> None:
    """Stop a replay; what it has delivered stays delivered.

    Example: twbot replay cancel replay-20261101T100000Z-1a2b
    """
    replays = replays_of(target)
    before = replays.named(name)
    if before is None:
        raise _unknown(name, target)
    if before.state != "running":
        raise CliError(f"The replay {name} is {before.state} already.")
    found = replays.cancel(name) or before
    as_json(found) if json else print_line(summary(found))


def _plain(counted: ReplayCount) -> dict[str, object]:
    import msgspec

    return dict(msgspec.structs.asdict(counted))


def _show_count(counted: ReplayCount) -> None:
    for note in counted.notes:
        say(note)
    if not counted.events:
        print_line("No event to replay.")
        return
    table(["event", "count"], sorted(counted.by_type.items()))
    table(["goes to", "count"], counted.by_rule.items())
    if counted.reaches_people:
        say("What it causes, at most; who has an alert or a reply to a post gets no second one:")
        table(["reaches people by", "count"], counted.reaches_people.items())


def _ask(target: Target, counted: ReplayCount, *, with_replies: bool, yes: bool) -> None:
    """Ask whoever types it. A script that replays without replies goes on, as it always did."""
    of = f"the bot of the stage {target.stage}"
    events = "1 event" if counted.events == 1 else f"{counted.events:,} events"
    if with_replies:
        confirm(f"{of[:1].upper()}{of[1:]} will reply on X to what {events} ask for.", yes=yes)
    elif is_interactive():
        confirm(f"{events} will be delivered again to {of}.", yes=yes)


def _unknown(name: str, target: Target) -> CliError:
    hint = f"List them: twbot replay list{target.option}"
    return CliError(f"There is no replay {name}.", hint=hint, code=Exit.NOT_FOUND)
