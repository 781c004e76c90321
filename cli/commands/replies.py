"""`twbot replies`: the kill switch, the limits, and the people who opted out of replies."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.replies.port import Replies, replies_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, facts, print_line, say, table
from twbot.cli.ui.figures import count_text
from twbot.cli.ui.layout import Fact
from twbot.cli.ui.options import AsJson, DryRun, targeted
from twbot.cli.ui.times import Utc, format_time, parse_duration
from twbot.lambdas.settings import settings_file

if TYPE_CHECKING:
    from twbot.lambdas.egress.permission import Switch

app = typer.Typer(help="Whether the bot may reply, how often, and to whom never.", no_args_is_help=True)
optout = typer.Typer(help="The people who want no replies.", no_args_is_help=True)
app.add_typer(optout, name="optout")

USER_ID = re.compile(r"\d{1,19}")
User = Annotated[str, typer.Argument(help="The user's id on X, digits.", metavar="USER_ID")]
PerPerson = Annotated[int | None, typer.Option("--per-person", min=0, help="Replies to one person in an hour.")]
PerHour = Annotated[int | None, typer.Option("--per-hour", min=0, help="Replies in an hour, to all.")]


@app.command()
@targeted
def status(target: Target, utc: Utc = False, json: AsJson = False) -> None:
    """Whether the bot replies, the limits, and how many people want no replies.

    Example: twbot replies status
    """
    from twbot.lambdas.settings import load

    store = replies_of(target)
    switch, out, configured = store.switch(), store.opted_out_users(), load(settings_file(), target.stage).replies
    answering = configured and not switch.stops(time.time())
    if json:
        as_json(
            {
                "stage": target.stage,
                "replying": answering,
                "configured": configured,
                **_document(switch),
                "opted_out": len(out),
            }
        )
        return
    facts(
        [
            Fact("stage", target.stage),
            Fact("replies", "on" if answering else f"OFF: {_why(switch, configured, utc)}"),
            Fact("a person", _limit(switch.per_person)),
            Fact("in all", _limit(switch.per_hour)),
            Fact("opted out", f"{count_text(len(out))} people" if len(out) != 1 else "1 person"),
        ]
    )


@app.command()
@targeted
def pause(
    target: Target,
    reason: Annotated[str | None, typer.Option("--reason", help="For whoever looks: why.")] = None,
    length: Annotated[str | None, typer.Option("--for", help="Only so long: 30m, 2h.", metavar="TIME")] = None,
    json: AsJson = False,
) -> None:
    """Stop replying, from the next reply on. Messages are still taken in, analysed and kept; alerts are still raised.

    A reply that is withheld ends as TWEET_WITHHELD, with its text, and can be sent later.

    Example: twbot replies pause --reason "it says odd things"

    Example: twbot replies pause --for 2h --stage prod
    """
    now = time.time()
    until = now + parse_duration(length).total_seconds() if length else None
    since = _change(target, json, paused=True, since=now, until=until, reason=reason)
    if not json:
        print_line(f"The bot of the stage {target.stage} does not reply any more{_until(since, utc=False)}.")
        say(f"Go on with: twbot replies resume{target.option}")


@app.command()
@targeted
def resume(target: Target, json: AsJson = False) -> None:
    """Reply again, from the next message on, and say how to answer what came meanwhile.

    Example: twbot replies resume
    """
    before = replies_of(target).switch()
    _change(target, json, paused=False, since=None, until=None, reason=None)
    if json:
        return
    if not before.paused:
        print_line(f"Nothing was changed: the bot of the stage {target.stage} was not paused.")
        return
    print_line(f"The bot of the stage {target.stage} replies again.")
    since = _iso(before.since)
    say(f"Send what was withheld: twbot replay --since {since} --type SEND_TWEET --with-replies{target.option}")


@app.command()
@targeted
def limit(
    target: Target,
    per_person: PerPerson = None,
    per_hour: PerHour = None,
    none: Annotated[bool, typer.Option("--none", help="No limits any more.")] = False,
    json: AsJson = False,
) -> None:
    """Limit the replies in each hour of the clock. What is over the limit is withheld, as with pause.

    Example: twbot replies limit --per-person 5 --per-hour 100

    Example: twbot replies limit --none
    """
    if none == (per_person is not None or per_hour is not None):
        typed = f"twbot replies limit{target.option}"
        hint = f"For example: {typed} --per-person 5, or: {typed} --none"
        raise CliError("Which limit?", hint=hint, code=Exit.USAGE)
    limits = {"per_person": per_person, "per_hour": per_hour}
    switch = _change(target, json, **{name: value for name, value in limits.items() if none or value is not None})
    if not json:
        text = f"to a person {_limit(switch.per_person)}, in all {_limit(switch.per_hour)}"
        print_line(f"Replies of the stage {target.stage}: {text}.")


@optout.command("add")
@targeted
def add(target: Target, user_id: User, json: AsJson = False) -> None:
    """Never reply to this person again.

    Example: twbot replies optout add 2244994945
    """
    replies_of(target).opt_out(_checked(user_id))
    as_json({"opted_out": user_id}) if json else print_line(f"The user {user_id} gets no replies any more.")


@optout.command("list")
@targeted
def list_(target: Target, json: AsJson = False) -> None:
    """Who wants no replies.

    Example: twbot replies optout list
    """
    found = replies_of(target).opted_out_users()
    if json:
        as_json(found)
        return
    rows = [(user, f"https://x.com/i/user/{user}") for user in found]
    table(["user", "profile"], rows, none="Nobody has opted out.")


@optout.command("remove")
@targeted
def remove(target: Target, user_id: User, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Reply to this person again.

    Example: twbot replies optout remove 2244994945
    """
    store = replies_of(target)
    if _checked(user_id) not in store.opted_out_users():
        hint = f"See who has: twbot replies optout list{target.option}"
        raise CliError(f"The user {user_id} has not opted out.", hint=hint, code=Exit.NOT_FOUND)
    if not dry_run:
        store.opt_in(user_id)
    if json:
        as_json({"opted_in": None if dry_run else user_id, "dry_run": dry_run})
    else:
        print_line(f"The user {user_id} {'would get' if dry_run else 'gets'} replies again.")


def _change(target: Target, json: bool, **changes: Any) -> Switch:
    """Change fields of the stored switch, and return it."""
    import msgspec

    store: Replies = replies_of(target)
    switch = msgspec.structs.replace(store.switch(), **changes)
    store.save(switch)
    if json:
        as_json({"stage": target.stage, **_document(switch)})
    return switch


def _document(switch: Switch) -> dict[str, Any]:
    return {
        "paused": switch.stops(time.time()),
        "reason": switch.reason,
        "since": _iso(switch.since),
        "until": _iso(switch.until),
        "per_person": switch.per_person,
        "per_hour": switch.per_hour,
    }


def _iso(at: float | None) -> str | None:
    return format_time(at, utc=True).replace(" ", "T") if at is not None else None


def _why(switch: Switch, configured: bool, utc: bool) -> str:
    if not configured:
        return f"replies = false in {settings_file()}"
    because = f", {switch.reason}" if switch.reason else ""
    return f"paused since {format_time(switch.since, utc=utc)}{_until(switch, utc=utc)}{because}"


def _until(switch: Switch, *, utc: bool) -> str:
    return f" until {format_time(switch.until, utc=utc)}" if switch.until else ""


def _limit(value: int | None) -> str:
    return "no limit" if value is None else f"at most {value} an hour"


def _checked(user_id: str) -> str:
    if not USER_ID.fullmatch(user_id):
        raise CliError(
            f"{user_id!r} is no user id.", hint="It is made of digits: twbot trace POST shows it", code=Exit.USAGE
        )
    return user_id
