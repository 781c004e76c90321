"""`twbot subscription`: the subscriptions that decide which events X delivers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, note, out, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Yes, targeted
from twbot.cli.ui.prompts import confirm
from twbot.cli.x.client import Environment, WebhookId, account_api, activity_api, own_webhook
from twbot.cli.x.subscriptions import (
    Row,
    account_row,
    add_account,
    announce,
    counts_of,
    missing_of,
    move,
    own_rows,
    planned,
    price,
    remove_rows,
    rows_of,
    still_subscribed,
    subscribe,
    user_of,
    version,
)
from twbot.lambdas.nearest import did_you_mean
from twbot.lambdas.x.activity_types import ACTIVITIES, NEEDED

app = typer.Typer(help="What X delivers: X Activity, and Account Activity until 2027.", no_args_is_help=True)


def _types(incomplete: str) -> list[tuple[str, str]]:
    return [(name, price(name)) for name in ACTIVITIES if name.startswith(incomplete)]


Api = Annotated[
    Literal["xaa", "aaa", "v1.1"],
    typer.Option("--api", help="X Activity (xaa), or Account Activity v2 (aaa) or v1.1, which end on 1 January 2027."),
]
Types = Annotated[
    list[str] | None,
    typer.Argument(help="Kinds of event; without: what the bot needs.", autocompletion=_types, metavar="TYPE"),
]


@app.command()
@targeted
def add(
    target: Target,
    types: Types = None,
    api: Api = "xaa",
    environment: Environment = None,
    webhook: WebhookId = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Subscribe the bot's account: to what the bot needs, or to the kinds of event you name. What is there stays.

    Example: twbot subscription add

    Example: twbot subscription add like.create follow.follow --dry-run
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    names = _checked(types or [], api)
    with translate_errors(bot.option):
        if api != "xaa":
            added = add_account(bot, account_api(bot, version(api), environment), webhook, api, dry_run=dry_run)
        else:
            x = activity_api(bot)
            hook = own_webhook(bot, x, webhook).id
            missing = missing_of(x, names, hook, user_of(bot))
            added = (
                [planned(name, user_of(bot), hook) for name in missing] if dry_run else subscribe(bot, x, missing, hook)
            )
    _show_changes("would be added" if dry_run else "added", added, json)


@app.command("list")
@targeted
def list_(
    target: Target,
    api: Annotated[
        Literal["all", "xaa", "aaa", "v1.1"], typer.Option("--api", help="X Activity, Account Activity v2 or v1.1.")
    ] = "all",
    environment: Environment = None,
    json: AsJson = False,
) -> None:
    """List the subscriptions, with what X asks for each event.

    Example: twbot subscription list --api xaa --json
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        rows = rows_of(bot, api, environment)
    if json:
        as_json(rows)
        return
    _table(rows)
    if not rows:
        note(f"Subscribe: twbot subscription add{bot.option}")


@app.command()
@targeted
def remove(
    target: Target,
    subscription: Annotated[
        str, typer.Argument(help="A subscription's id (with aaa: the user's), or all.", metavar="ID")
    ],
    api: Api = "xaa",
    environment: Environment = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Remove a subscription, or all of the stage's webhook.

    Example: twbot subscription remove all --api aaa --dry-run
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        existing = rows_of(bot, api, environment)
        if subscription == "all":
            rows = own_rows(bot, existing, api, environment)
        else:
            rows = [row for row in existing if row.id == subscription]
        if not rows and subscription != "all":
            hint = f"See which there are: twbot subscription list --api {api}{bot.option}"
            raise CliError(f"There is no subscription {subscription}.", hint=hint, code=Exit.NOT_FOUND)
        if rows and not dry_run:
            many = f"{len(rows)} subscription{'s' if len(rows) > 1 else ''}"
            confirm(f"{many} of the stage {bot.name} ({api}) will be removed.", yes=yes)
            remove_rows(bot, rows, environment)
    _show_changes("would be removed" if dry_run else "removed", rows, json)


@app.command()
@targeted
def count(
    target: Target,
    environment: Environment = None,
    api: Annotated[Literal["v2", "v1.1"], typer.Option("--api", help="Whose counts.")] = "v2",
    json: AsJson = False,
) -> None:
    """Count the subscriptions: those in use, and how many Account Activity allows.

    Example: twbot subscription count
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        counts = counts_of(account_api(bot, api, environment))
        activities = len(activity_api(bot).activity_subscriptions()) if api == "v2" else None
    used, allowed = _number(counts, "subscriptions_count_all"), _number(counts, "provisioned_count")
    if json:
        as_json({"x_activity": activities, "account_activity": used, "account_activity_allowed": allowed})
        return
    rows = [("Account Activity", used, allowed)]
    table(["api", "subscriptions", "allowed"], [*rows, ("X Activity", activities, None)] if api == "v2" else rows)


@app.command()
@targeted
def migrate(
    target: Target,
    webhook: WebhookId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Move from Account Activity (which ends on 1 January 2027) to X Activity: first both, then only the new.

    What arrives twice meanwhile is answered once: the bot knows a post by its id.

    Example: twbot subscription migrate --dry-run
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        x = activity_api(bot)
        hook = own_webhook(bot, x, webhook).id
        user_id = user_of(bot)
        accounts = still_subscribed(x, hook)
        missing = missing_of(x, list(NEEDED), hook, user_id)
        adding = [planned(name, user_id, hook) for name in missing]
        ending = [account_row(user, hook, "aaa") for user in accounts if user == user_id]
        announce(adding, ending, [user for user in accounts if user != user_id])
        if not dry_run and (adding or ending):
            confirm(f"The stage {bot.name} moves to X Activity.", yes=yes)
            adding = move(bot, x, missing, hook, ending)
    if json:
        as_json({"migrated": not dry_run, "webhook_id": hook, "added": adding, "removed": ending})
    else:
        print_line(
            "Nothing was changed: a dry run." if dry_run else "X Activity delivers now, Account Activity no more."
        )


def _checked(types: list[str], api: str) -> list[str]:
    """Return the kinds of event to subscribe, by default what the bot needs. Raises CliError for an unknown one."""
    if api != "xaa" and types:
        raise CliError("Account Activity always reports everything.", hint="Leave out the types", code=Exit.USAGE)
    for name in types:
        if name not in ACTIVITIES:
            hint = did_you_mean(name, ACTIVITIES) or f"Some are: {', '.join(NEEDED)}"
            raise CliError(f"X has no kind of event {name!r}.", hint=hint, code=Exit.USAGE)
    return list(dict.fromkeys(types)) or list(NEEDED)


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
    """Print the subscriptions. The ids of user and webhook are columns only if they differ between the rows."""
    prices = {name: price(name).removesuffix(" an event") for name in ACTIVITIES}
    shown = [[row.id, row.api, row.event_type, prices.get(row.event_type, "")] for row in rows]
    columns = ["id", "api", "event", "price each"]
    for column, values in (("user", [row.user_id for row in rows]), ("webhook", [row.webhook_id for row in rows])):
        if len(set(values)) != 1 or not out.is_screen:
            columns.append(column)
            shown = [[*cells, value or ""] for cells, value in zip(shown, values, strict=True)]
        else:
            note(f"{column.capitalize()}: {values[0]}")
    table(columns, shown, none="There is none.")
