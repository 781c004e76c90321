"""`twbot replay`: events of the archive, delivered again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asking import confirm
from cli.commands.dlq import complete_rules
from cli.commands.tail import complete_types
from cli.errors import CliError, Exit
from cli.operations import Replaying, replaying
from cli.options import AsJson, DryRun, Yes, placed
from cli.render import as_json, err, print_line, say, table
from cli.stage import START, Place
from cli.times import Since, Until, Utc, shown, window

if TYPE_CHECKING:
    from local.replays import Replay, Wanted

app = typer.Typer(invoke_without_command=True)
EVERY = 0.1
Name = Annotated[str, typer.Argument(help="The replay's name.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this type; may be repeated.", autocompletion=complete_types),
]
Rules = Annotated[
    list[str] | None,
    typer.Option("--to", help="Only to this rule; may be repeated.", metavar="RULE", autocompletion=complete_rules),
]
Rate = Annotated[float, typer.Option("--rate", min=0.1, max=1000, help="At most so many events a second.")]
WithReplies = Annotated[bool, typer.Option("--with-replies", help="Reply to the posts that have no reply.")]


@app.callback()
@placed
def replay(
    place: Place,
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    types: Types = None,
    to: Rules = None,
    rate: Rate = 50.0,
    dry_run: DryRun = False,
    with_replies: WithReplies = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Deliver the archive's events again: all of them, to all rules, or as chosen. Counts first.

    What a replay causes carries its name. Nothing of it is tweeted without --with-replies, and then each post gets one
    reply at most. Ctrl-C cancels it.

    Example: twbot replay --since 2h --type MESSAGE_RECEIVED --dry-run

    Example: twbot replay --since yesterday --until today --to keep-every-event
    """
    if context.invoked_subcommand is not None:
        return
    if since is None:
        raise CliError("Since when?", hint="For example: twbot replay --since 2h --dry-run", code=Exit.USAGE)
    wanted = _wanted(since, until, types or [], to or [], rate, with_replies)
    replays = replaying(place)
    counted = _count(replays, wanted)
    if not json:
        _show_count(counted)
    if dry_run or not counted["events"]:
        if json:
            as_json({**counted, "dry_run": dry_run, "replay": None})
        return
    if with_replies:
        confirm(f"The bot of the stage local will reply on X to what {counted['events']} events ask for.", yes=yes)
    found = _follow(replays, _start(replays, wanted), quiet=json)
    as_json({**counted, "dry_run": False, "replay": found}) if json else print_line(_said(found))
    if found.state == "failed":
        raise CliError(f"The replay failed: {found.error}", hint="See: twbot logs")


@app.command("list")
@placed
def list_replays(
    place: Place,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The replays, the newest first.

    Example: twbot replay list
    """
    found = replaying(place).newest(limit)
    if json:
        as_json(found)
    elif not found:
        print_line("There were no replays.")
    else:
        rows = [(r.name, r.state, f"{r.replayed}/{r.chosen}", _span(r, utc), ", ".join(r.wanted.rules)) for r in found]
        table(["replay", "state", "events", "from … to", "rules"], rows)


@app.command("show")
@placed
def show(place: Place, name: Name, utc: Utc = False, json: AsJson = False) -> None:
    """One replay: what it was about, and how far it came.

    Example: twbot replay show replay-20261101T100000Z-1a2b
    """
    found = replaying(place).named(name)
    if found is None:
        raise _unknown(name)
    if json:
        as_json(found)
        return
    print_line(_said(found))
    print_line(f"events of {_span(found, utc)}: {', '.join(found.wanted.types) or 'every type'}")
    print_line(f"to {', '.join(found.wanted.rules) or 'every rule'}, at most {found.wanted.rate:g} a second")


@app.command("cancel")
@placed
def cancel(place: Place, name: Name, json: AsJson = False) -> None:
    """Stop a replay; what it has delivered stays delivered.

    Example: twbot replay cancel replay-20261101T100000Z-1a2b
    """
    replays = replaying(place)
    before = replays.named(name)
    if before is None:
        raise _unknown(name)
    if before.state != "running":
        raise CliError(f"The replay {name} is {before.state} already.")
    found = replays.cancel(name) or before
    as_json(found) if json else print_line(_said(found))


def _wanted(since: str, until: str | None, types: list[str], to: list[str], rate: float, with_replies: bool) -> Wanted:
    import datetime

    from lambdas.contracts import DETAILS, RAW_TYPES
    from local.replays import Wanted, rules_named

    rules_named(to)
    names = [name.upper() for name in types]
    if unknown := [name for name in names if name not in {*DETAILS, *RAW_TYPES}]:
        hint = f"There are: {', '.join((*DETAILS, *RAW_TYPES))}"
        raise CliError(f"There is no event type {unknown[0]}.", hint=hint, code=Exit.USAGE)
    now = datetime.datetime.now().astimezone()
    begin, end = window(since, until, now=now)
    assert begin is not None
    return Wanted(since=begin, until=end or now, types=names, rules=to, rate=rate, with_replies=with_replies)


def _count(replays: Replaying, wanted: Wanted) -> dict[str, Any]:
    """How many events by type, and how many of them go to each rule."""
    by_type: dict[str, int] = {}
    by_rule: dict[str, int] = {}
    for event, rules in replays.choose(wanted):
        by_type[event.detail_type] = by_type.get(event.detail_type, 0) + 1
        for rule in rules:
            by_rule[rule] = by_rule.get(rule, 0) + 1
    return {"events": sum(by_type.values()), "by_type": by_type, "by_rule": by_rule}


def _show_count(counted: dict[str, Any]) -> None:
    if not counted["events"]:
        print_line("No event to replay.")
        return
    table(["event", "count"], sorted(counted["by_type"].items()))
    table(["goes to", "count"], counted["by_rule"].items())


def _start(replays: Replaying, wanted: Wanted) -> Replay:
    from local.operate import NotRunning

    try:
        return replays.start(wanted)
    except NotRunning as error:
        raise CliError(str(error), hint=START, code=Exit.NOT_CONFIGURED) from None


def _follow(replays: Replaying, found: Replay, *, quiet: bool) -> Replay:
    """Until it has ended. Ctrl-C cancels it, and then says how far it came."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(found.name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, disable=quiet or not err.is_terminal) as progress:
            task = progress.add_task("", total=found.chosen)
            while found.state == "running":
                time.sleep(EVERY)
                found = replays.named(found.name) or found
                progress.update(task, completed=found.replayed)
    except KeyboardInterrupt:
        found = replays.cancel(found.name) or found
        say(_said(found))
        raise
    return found


def _said(found: Replay) -> str:
    return f"{found.name}: {found.state}, {found.replayed} of {found.chosen} events delivered again."


def _span(found: Replay, utc: bool) -> str:
    return f"{shown(found.wanted.since, utc=utc)} … {shown(found.wanted.until, utc=utc)}"


def _unknown(name: str) -> CliError:
    return CliError(f"There is no replay {name}.", hint="List them: twbot replay list", code=Exit.NOT_FOUND)
