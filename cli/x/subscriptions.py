"""A stage's subscriptions: lists, adds and removes them, and moves them from Account Activity to X Activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import say
from twbot.cli.x.client import account_api, activity_api, own_webhook
from twbot.lambdas.errors import XRefused
from twbot.lambdas.x.activity_types import ACTIVITIES, NEEDED

if TYPE_CHECKING:
    from twbot.cli.operations.target import Bot
    from twbot.lambdas.x.webhooks_and_subscriptions import AccountActivity, ActivitySubscription, XManagement

TAG = "twbot"
ACCOUNT = "everything"
# The statuses with which X answers a call that it has switched off.
GONE = (404, 410)


class Row(msgspec.Struct, frozen=True):
    """A subscription of either generation."""

    id: str
    """What `twbot subscription remove` takes: the user's id for Account Activity."""
    api: str
    """`xaa` for X Activity, else the API of Account Activity."""
    event_type: str
    user_id: str | None
    webhook_id: str | None
    usd_per_event: float | None = None
    """None where X names no price."""
    tag: str | None = None


def still_subscribed(x: XManagement, hook: str) -> list[str]:
    """Return the users of a webhook's Account Activity; none once X has switched it off."""
    try:
        return x.account_subscriptions(hook)
    except XRefused as error:
        if error.status not in GONE:
            raise
        return []


def counts_of(x: AccountActivity) -> dict[str, Any]:
    """Return X's counts of Account Activity; none, with a message, once X has switched it off."""
    try:
        return x.count_account_subscriptions()
    except XRefused as error:
        if error.status not in GONE:
            raise
        say("X does not count Account Activity any more.")
        return {}


def move(bot: Bot, x: XManagement, missing: list[str], hook: str, ending: list[Row]) -> list[Row]:
    """Move the bot's account to X Activity without a gap, and return the added subscriptions. Raises CliError.

    The old one is removed only after X lists the new ones, on a webhook that passes X's challenge: meanwhile both
    deliver, and a post that comes twice is answered once (docs/decisions/0003).
    """
    say("1. X challenges the webhook")
    if not x.validate_webhook(hook):
        message = f"X does not get the right answer from the webhook {hook}. Nothing was changed."
        raise CliError(message, hint=f"See why: twbot webhook check{bot.option}", code=Exit.CHECK_FAILED)
    say("2. Adding X Activity")
    added = subscribe(bot, x, missing, hook)
    say("3. Looking whether all are there")
    if left := missing_of(x, list(NEEDED), hook, user_of(bot)):
        message = f"X does not list {', '.join(left)} yet. Account Activity was left in place."
        raise CliError(message, hint=f"Go on with: twbot subscription migrate{bot.option}", code=Exit.CHECK_FAILED)
    say("4. Removing Account Activity")
    for row in ending:
        x.unsubscribe_account(hook, row.id)
    return added


def announce(adding: list[Row], ending: list[Row], others: list[str]) -> None:
    """Print what `move` will do, before it is confirmed."""
    say("This moves the bot's account from Account Activity to X Activity:")
    for row in adding:
        say(f"  + {row.event_type}, {price(row.event_type)}")
    say("  = the X Activity subscriptions are there already" if not adding else "  then, when X lists them all:")
    for row in ending:
        say(f"  - Account Activity of the user {row.id}")
    if not ending:
        say("  = Account Activity is not subscribed (any more)")
    if ending:
        say("  ! likes, follows and messages are not carried over: the bot does without; twbot subscription add TYPE")
    for user in others:
        say(f"  ! Account Activity of the user {user} stays: only with that user's keys can it be moved")


def subscribe(bot: Bot, x: XManagement, types: list[str], hook: str) -> list[Row]:
    """Subscribe the bot's account to activity types."""
    added = []
    for name in types:
        say(f"  {name} …")
        added.append(activity_row(x.subscribe_activity(name, user_of(bot), webhook_id=hook, tag=TAG)))
    return added


def missing_of(x: XManagement, types: list[str], hook: str, user_id: str) -> list[str]:
    """Return those of the activity types to which the account is not subscribed."""
    subscribed = {each.event_type for each in x.activity_subscriptions() if _is_ours(each, hook, user_id)}
    return [name for name in types if name not in subscribed]


def _is_ours(subscription: ActivitySubscription, hook: str, user_id: str) -> bool:
    return subscription.webhook_id == hook and subscription.filter.get("user_id") == user_id


def add_account(bot: Bot, x: AccountActivity, webhook: str | None, api: str, *, dry_run: bool) -> list[Row]:
    """Subscribe the bot's account to Account Activity. Returns what was added: nothing where it is subscribed."""
    hook = own_webhook(bot, x, webhook).id
    if user_of(bot) in x.account_subscriptions(hook):
        return []
    if not dry_run:
        x.subscribe_account(hook)
    return [account_row(user_of(bot), hook, api)]


def rows_of(bot: Bot, api: str, environment: str | None) -> list[Row]:
    """Return the app's subscriptions at an API: `xaa`, `aaa`, `v1.1`, or `all` for both generations of v2."""
    rows = [activity_row(each) for each in activity_api(bot).activity_subscriptions()] if api in {"all", "xaa"} else []
    if api == "xaa":
        return rows
    try:
        return rows + _account_rows(bot, "aaa" if api == "all" else api, environment)
    except XRefused as error:
        if api != "all":
            raise
        say(f"Account Activity is left out: {error}")  # it ends before X Activity does
        return rows


def own_rows(bot: Bot, rows: list[Row], api: str, environment: str | None) -> list[Row]:
    """Return the rows of the stage's webhook: an app may have those of another stage, too. Raises CliError."""
    if not rows:
        return []
    hook = own_webhook(bot, account_api(bot, version(api), environment)).id
    return [row for row in rows if row.webhook_id in {hook, None}]


def _account_rows(bot: Bot, api: str, environment: str | None) -> list[Row]:
    x = account_api(bot, version(api), environment)
    return [account_row(user, hook.id, api) for hook in x.webhooks() for user in x.account_subscriptions(hook.id)]


def remove_rows(bot: Bot, rows: list[Row], environment: str | None) -> None:
    """Remove subscriptions at X, one by one."""
    for row in rows:
        say(f"  {row.id} ({row.event_type}) …")
        if row.api == "xaa":
            activity_api(bot).unsubscribe_activity(row.id)
        else:
            account_api(bot, version(row.api), environment).unsubscribe_account(row.webhook_id or "", row.id)


def activity_row(found: ActivitySubscription) -> Row:
    """Return the row of an X Activity subscription."""
    known = ACTIVITIES.get(found.event_type)
    user = str(found.filter["user_id"]) if "user_id" in found.filter else None
    price = known.price if known else None
    return Row(found.subscription_id, "xaa", found.event_type, user, found.webhook_id, price, found.tag)


def planned(name: str, user_id: str, hook: str) -> Row:
    """Return the row of an X Activity subscription that does not exist yet."""
    return Row("", "xaa", name, user_id, hook, ACTIVITIES[name].price, TAG)


def account_row(user_id: str, hook: str, api: str) -> Row:
    """Return the row of an Account Activity subscription."""
    return Row(user_id, api, ACCOUNT, user_id, hook)


def user_of(bot: Bot) -> str:
    """Return the id of the account that the bot's keys are for."""
    return bot.secrets().keys().user_id


def version(api: str) -> str:
    """Return the version of X's API that has the subscriptions of `api`."""
    return "v1.1" if api == "v1.1" else "v2"


def price(name: str) -> str:
    """Return the price of an activity type in words. https://docs.x.com/x-api/activity/event-pricing"""
    known = ACTIVITIES.get(name)
    if known is None or known.price is None:
        return "price unknown"
    return f"${known.price:g} an event" if known.price else "free"
