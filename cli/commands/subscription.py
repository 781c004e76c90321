"""`twbot subscription`: what X delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from cli.asking import confirm
from cli.errors import CliError, Exit
from cli.options import AsJson, Data, DryRun, Profile, Region, StageName, Yes
from cli.render import as_json, print_line, say, table
from cli.stage import open_stage, option
from cli.x import Environment, WebhookId, account_api, activity_api, own_webhook
from lambdas.errors import XRefused
from lambdas.x_activities import ACTIVITIES, NEEDED

if TYPE_CHECKING:
    from cli.stage import Stage
    from lambdas.x_management import AccountActivity, ActivitySubscription, XManagement

app = typer.Typer(help="What X delivers: X Activity, and Account Activity until 2027.", no_args_is_help=True)
TAG = "twbot"
ACCOUNT = "everything"
# How X answers a call that it has switched off.
GONE = (404, 410)


def _types(incomplete: str) -> list[tuple[str, str]]:
    return [(name, _price(name)) for name in ACTIVITIES if name.startswith(incomplete)]


Api = Annotated[
    Literal["xaa", "aaa", "v1.1"],
    typer.Option("--api", help="X Activity, Account Activity v2 (both until 2027), or v1.1."),
]
Types = Annotated[
    list[str] | None,
    typer.Argument(help="Kinds of event; without: what the bot needs.", autocompletion=_types, metavar="[TYPE]…"),
]


class Row(msgspec.Struct, frozen=True):
    """One subscription. `id` is what `remove` takes; `usd_per_event`: None where X names no price."""

    id: str
    api: str
    event_type: str
    user_id: str | None
    webhook_id: str | None
    usd_per_event: float | None = None
    tag: str | None = None


@app.command()
def add(
    types: Types = None,
    api: Api = "xaa",
    environment: Environment = None,
    webhook: WebhookId = None,
    dry_run: DryRun = False,
    stage: StageName = "local",
    data: Data = None,
    profile: Profile = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Subscribe the bot's account: to what the bot needs, or to the kinds of event you name. What is there stays.

    Example: twbot subscription add

    Example: twbot subscription add like.create follow.follow --dry-run
    """
    from cli.refusals import explained

    bot = open_stage(stage, profile=profile, region=region, data=data)
    wanted = _checked(types or [], api)
    with explained(bot):
        if api != "xaa":
            added = _add_account(bot, account_api(bot, _version(api), environment), webhook, api, dry_run=dry_run)
        else:
            x = activity_api(bot)
            hook = own_webhook(bot, x, webhook).id
            missing = _missing(x, wanted, hook, _user(bot))
            added = (
                [_planned(name, _user(bot), hook) for name in missing] if dry_run else _subscribe(bot, x, missing, hook)
            )
    _show_changes("would be added" if dry_run else "added", added, json)


@app.command("list")
def list_(
    api: Annotated[
        Literal["all", "xaa", "aaa", "v1.1"], typer.Option("--api", help="X Activity, Account Activity v2 or v1.1.")
    ] = "all",
    environment: Environment = None,
    stage: StageName = "local",
    data: Data = None,
    profile: Profile = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """List the subscriptions, with what X asks for each event.

    Example: twbot subscription list --api xaa --json
    """
    from cli.refusals import explained

    bot = open_stage(stage, profile=profile, region=region, data=data)
    with explained(bot):
        rows = _rows(bot, api, environment)
    if json:
        as_json(rows)
    elif rows:
        _table(rows)
    else:
        print_line(f"There is none. Subscribe: twbot subscription add{option(bot)}")


@app.command()
def remove(
    subscription: Annotated[
        str, typer.Argument(help="A subscription's id (with aaa: the user's), or all.", metavar="ID")
    ],
    api: Api = "xaa",
    environment: Environment = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    stage: StageName = "local",
    data: Data = None,
    profile: Profile = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Remove a subscription, or all of them.

    Example: twbot subscription remove all --api aaa --dry-run
    """
    from cli.refusals import explained

    bot = open_stage(stage, profile=profile, region=region, data=data)
    with explained(bot):
        there = _rows(bot, api, environment)
        rows = there if subscription == "all" else [row for row in there if row.id == subscription]
        if not rows and subscription != "all":
            hint = f"See which there are: twbot subscription list --api {api}{option(bot)}"
            raise CliError(f"There is no subscription {subscription}.", hint=hint, code=Exit.NOT_FOUND)
        if rows and not dry_run:
            many = f"{len(rows)} subscription{'s' if len(rows) > 1 else ''}"
            confirm(f"{many} of the stage {bot.name} ({api}) will be removed.", yes=yes)
            _remove(bot, rows, environment)
    _show_changes("would be removed" if dry_run else "removed", rows, json)


@app.command()
def count(
    environment: Environment = None,
    api: Annotated[Literal["v2", "v1.1"], typer.Option("--api", help="Whose counts.")] = "v2",
    stage: StageName = "local",
    data: Data = None,
    profile: Profile = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Count the subscriptions: those in use, and how many Account Activity allows.

    Example: twbot subscription count
    """
    from cli.refusals import explained

    bot = open_stage(stage, profile=profile, region=region, data=data)
    with explained(bot):
        counts = _counts(account_api(bot, api, environment))
        activities = len(activity_api(bot).activity_subscriptions()) if api == "v2" else None
    used, most = _number(counts, "subscriptions_count_all"), _number(counts, "provisioned_count")
    if json:
        as_json({"x_activity": activities, "account_activity": used, "account_activity_allowed": most})
        return
    rows = [("Account Activity", used, most)]
    table(["api", "subscriptions", "allowed"], [*rows, ("X Activity", activities, None)] if api == "v2" else rows)


@app.command()
def migrate(
    webhook: WebhookId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    stage: StageName = "local",
    data: Data = None,
    profile: Profile = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Move from Account Activity (which ends on 1 January 2027) to X Activity: first both, then only the new.

    What arrives twice meanwhile is answered once: the bot knows a post by its id.

    Example: twbot subscription migrate --dry-run
    """
    from cli.refusals import explained

    bot = open_stage(stage, profile=profile, region=region, data=data)
    with explained(bot):
        x = activity_api(bot)
        hook = own_webhook(bot, x, webhook).id
        user_id = _user(bot)
        accounts = _still_subscribed(x, hook)
        missing = _missing(x, list(NEEDED), hook, user_id)
        adding = [_planned(name, user_id, hook) for name in missing]
        ending = [_account(user, hook, "aaa") for user in accounts if user == user_id]
        _announce(adding, ending, [user for user in accounts if user != user_id])
        if not dry_run and (adding or ending):
            confirm(f"The stage {bot.name} moves to X Activity.", yes=yes)
            adding = _move(bot, x, missing, hook, ending)
    if json:
        as_json({"migrated": not dry_run, "webhook_id": hook, "added": adding, "removed": ending})
    else:
        print_line(
            "Nothing was changed: a dry run." if dry_run else "X Activity delivers now, Account Activity no more."
        )


def _still_subscribed(x: XManagement, hook: str) -> list[str]:
    """The users of Account Activity; none once X has switched it off."""
    try:
        return x.account_subscriptions(hook)
    except XRefused as error:
        if error.status not in GONE:
            raise
        return []


def _counts(x: AccountActivity) -> dict[str, Any]:
    try:
        return x.count_account_subscriptions()
    except XRefused as error:
        if error.status not in GONE:
            raise
        say("X does not count Account Activity any more.")
        return {}


def _move(bot: Stage, x: XManagement, missing: list[str], hook: str, ending: list[Row]) -> list[Row]:
    """The old subscription goes only when the new ones are seen to be there, on a webhook that answers X."""
    say("1. X challenges the webhook")
    if not x.validate_webhook(hook):
        message = f"X does not get the right answer from the webhook {hook}. Nothing was changed."
        raise CliError(message, hint=f"See why: twbot webhook check{option(bot)}", code=Exit.CHECK_FAILED)
    say("2. Adding X Activity")
    added = _subscribe(bot, x, missing, hook)
    say("3. Looking whether all are there")
    if left := _missing(x, list(NEEDED), hook, _user(bot)):
        message = f"X does not list {', '.join(left)} yet. Account Activity was left in place."
        raise CliError(message, hint=f"Go on with: twbot subscription migrate{option(bot)}", code=Exit.CHECK_FAILED)
    say("4. Removing Account Activity")
    for row in ending:
        x.unsubscribe_account(hook, row.id)
    return added


def _announce(adding: list[Row], ending: list[Row], others: list[str]) -> None:
    """Say what will be done, before anything is."""
    say("This moves the bot's account from Account Activity to X Activity:")
    for row in adding:
        say(f"  + {row.event_type}, {_price(row.event_type)}")
    say("  = the X Activity subscriptions are there already" if not adding else "  then, when X lists them all:")
    for row in ending:
        say(f"  - Account Activity of the user {row.id}")
    if not ending:
        say("  = Account Activity is not subscribed (any more)")
    if ending:
        say("  ! likes, follows and messages are not carried over: the bot does without; twbot subscription add TYPE")
    for user in others:
        say(f"  ! Account Activity of the user {user} stays: only with that user's keys can it be moved")


def _subscribe(bot: Stage, x: XManagement, types: list[str], hook: str) -> list[Row]:
    added = []
    for name in types:
        say(f"  {name} …")
        added.append(_activity(x.subscribe_activity(name, _user(bot), webhook_id=hook, tag=TAG)))
    return added


def _missing(x: XManagement, wanted: list[str], hook: str, user_id: str) -> list[str]:
    there = {each.event_type for each in x.activity_subscriptions() if _is_ours(each, hook, user_id)}
    return [name for name in wanted if name not in there]


def _is_ours(subscription: ActivitySubscription, hook: str, user_id: str) -> bool:
    return subscription.webhook_id == hook and subscription.filter.get("user_id") == user_id


def _add_account(bot: Stage, x: AccountActivity, webhook: str | None, api: str, *, dry_run: bool) -> list[Row]:
    hook = own_webhook(bot, x, webhook).id
    if _user(bot) in x.account_subscriptions(hook):
        return []
    if not dry_run:
        x.subscribe_account(hook)
    return [_account(_user(bot), hook, api)]


def _rows(bot: Stage, api: str, environment: str | None) -> list[Row]:
    rows = [_activity(each) for each in activity_api(bot).activity_subscriptions()] if api in {"all", "xaa"} else []
    if api == "xaa":
        return rows
    try:
        return rows + _account_rows(bot, "aaa" if api == "all" else api, environment)
    except XRefused as error:
        if api != "all":
            raise
        say(f"Account Activity is left out: {error}")  # it ends before X Activity does
        return rows


def _account_rows(bot: Stage, api: str, environment: str | None) -> list[Row]:
    x = account_api(bot, _version(api), environment)
    return [_account(user, hook.id, api) for hook in x.webhooks() for user in x.account_subscriptions(hook.id)]


def _remove(bot: Stage, rows: list[Row], environment: str | None) -> None:
    for row in rows:
        say(f"  {row.id} ({row.event_type}) …")
        if row.api == "xaa":
            activity_api(bot).unsubscribe_activity(row.id)
        else:
            account_api(bot, _version(row.api), environment).unsubscribe_account(row.webhook_id or "", row.id)


def _checked(types: list[str], api: str) -> list[str]:
    """The kinds of event that are wanted. Raises CliError for one that X does not have."""
    import difflib

    if api != "xaa" and types:
        raise CliError("Account Activity always reports everything.", hint="Leave out the types", code=Exit.USAGE)
    for name in types:
        if name not in ACTIVITIES:
            near = difflib.get_close_matches(name, ACTIVITIES, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Some are: {', '.join(NEEDED)}"
            raise CliError(f"X has no kind of event {name!r}.", hint=hint, code=Exit.USAGE)
    return list(dict.fromkeys(types)) or list(NEEDED)


def _activity(found: ActivitySubscription) -> Row:
    known = ACTIVITIES.get(found.event_type)
    user = str(found.filter["user_id"]) if "user_id" in found.filter else None
    price = known.price if known else None
    return Row(found.subscription_id, "xaa", found.event_type, user, found.webhook_id, price, found.tag)


def _planned(name: str, user_id: str, hook: str) -> Row:
    return Row("", "xaa", name, user_id, hook, ACTIVITIES[name].price, TAG)


def _account(user_id: str, hook: str, api: str) -> Row:
    return Row(user_id, api, ACCOUNT, user_id, hook)


def _user(bot: Stage) -> str:
    return bot.secrets().keys().user_id


def _version(api: str) -> str:
    return "v1.1" if api == "v1.1" else "v2"


def _price(name: str) -> str:
    known = ACTIVITIES.get(name)
    if known is None or known.price is None:
        return "price unknown"
    return f"${known.price:g} an event" if known.price else "free"


def _number(counts: dict[str, Any], name: str) -> int | None:
    value = str(counts.get(name, ""))
    return int(value) if value.isdecimal() else None


def _show_changes(done: str, rows: list[Row], json: bool) -> None:
    if json:
        as_json({"done": done, "subscriptions": rows})
    elif rows:
        _table(rows)
        say(f"{len(rows)} {done}.")
    else:
        print_line("Nothing to do: it is so already.")


def _table(rows: list[Row]) -> None:
    """Without the ids of user and webhook where they are the same for all, as they mostly are."""
    prices = {name: _price(name).removesuffix(" an event") for name in ACTIVITIES}
    shown = [[row.id, row.api, row.event_type, prices.get(row.event_type, "")] for row in rows]
    columns = ["id", "api", "event", "price each"]
    for column, values in (("user", [row.user_id for row in rows]), ("webhook", [row.webhook_id for row in rows])):
        if len(set(values)) > 1:
            columns.append(column)
            shown = [[*cells, value or ""] for cells, value in zip(shown, values, strict=True)]
        else:
            say(f"{column.capitalize()}: {values[0]}")
    table(columns, shown)
