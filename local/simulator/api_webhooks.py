"""The endpoints of v2 webhooks, Account Activity v2 and X Activity subscriptions.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from twbot.local.simulator import problems, webhooks
from twbot.local.simulator.api_posts import Id
from twbot.local.simulator.calls import Answer, Body, Call, Incoming
from twbot.local.simulator.oauth import Caller
from twbot.local.simulator.shapes_v2 import Json, iso
from twbot.local.simulator.store import Row, now_ms
from twbot.local.simulator.world import World

# Subscriptions at most: of Account Activity in the Pay-Per-Use plan, of X Activity in the self-serve plans.
MAX_ACCOUNTS = 3
MAX_ACTIVITY = 1_500
WHEN = Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
# X Activity's event types. Public ones need the app's token; private ones need the token of the user they are about.
PROFILE = "bio profile_picture banner_picture screenname geo url verified_badge affiliate_badge handle"
PUBLIC = {
    *(f"profile.update.{name}" for name in PROFILE.split()),
    *("news.new", "follow.follow", "follow.unfollow", "spaces.start", "spaces.end"),
    *("broadcast.start", "broadcast.end", "post.create", "post.delete"),
}
CHAT = "conversation.join conversation_join conversation.member_added conversation.member_removed"
CHAT += " conversation.admin_added conversation.admin_removed update.group_name update.restrictions received sent"
PRIVATE = {
    *(f"chat.{name}" for name in CHAT.split()),
    *("broadcast.chat", "dm.sent", "dm.received", "dm.indicate_typing", "dm.read"),
    *("post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create", "like.create"),
    *("mute.mute", "mute.unmute", "block.block", "block.unblock"),
}


class NewWebhook(Body, frozen=True):
    url: str


class Replay(Body, frozen=True):
    webhook_id: Id
    from_date: WHEN
    to_date: WHEN


class Filter(Body, frozen=True, omit_defaults=True):
    user_id: Id | None = None
    keyword: str | None = None
    direction: Literal["inbound", "outbound"] | None = None


class NewActivity(Body, frozen=True):
    event_type: str
    filter: Filter
    tag: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    webhook_id: Id | None = None


class ChangedActivity(Body, frozen=True):
    tag: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    webhook_id: Id | None = None


async def register(world: World, _: Caller, incoming: Incoming) -> Answer:
    return Answer({"data": _webhook(await webhooks.register(world, incoming.read(NewWebhook).url))})


async def list_webhooks(world: World, _: Caller, __: Incoming) -> Answer:
    found = webhooks.all_of(world)
    shape: Json = {"data": [_webhook(row) for row in found]} if found else {}
    return Answer({**shape, "meta": {"result_count": len(found)}})


async def validate(world: World, _: Caller, incoming: Incoming) -> Answer:
    return Answer({"data": {"valid": await webhooks.validate(world, incoming.path["id"])}})


async def remove(world: World, _: Caller, incoming: Incoming) -> Answer:
    webhooks.remove(world, incoming.path["id"])
    return Answer({"data": {"deleted": True}})


async def replay(world: World, _: Caller, incoming: Incoming) -> Answer:
    body = incoming.read(Replay)
    return Answer({"data": webhooks.replay(world, body.webhook_id, body.from_date, body.to_date)})


async def subscribe_account(world: World, caller: Caller, incoming: Incoming) -> Answer:
    webhook = webhooks.of_id(world, incoming.path["id"])
    subscribed = world.store.rows("SELECT * FROM account_subscriptions")
    if any(row["webhook_id"] == webhook["id"] and row["user_id"] == caller.user_id for row in subscribed):
        raise problems.invalid("The user is subscribed already.", reason="DuplicateSubscriptionFailed")
    if len({row["user_id"] for row in subscribed} | {caller.user_id}) > MAX_ACCOUNTS:
        raise problems.invalid("No more users can be subscribed.", reason="SubscriptionLimitExceeded")
    world.store.add("account_subscriptions", webhook_id=webhook["id"], user_id=caller.user_id)
    return Answer({"data": {"subscribed": True}})


async def account_subscribed(world: World, caller: Caller, incoming: Incoming) -> Answer:
    webhook = webhooks.of_id(world, incoming.path["id"])
    return Answer({"data": {"subscribed": caller.user_id in subscribers(world, webhook["id"])}})


async def list_accounts(world: World, _: Caller, incoming: Incoming) -> Answer:
    webhook = webhooks.of_id(world, incoming.path["id"])
    users = [{"user_id": user_id} for user_id in subscribers(world, webhook["id"])]
    known = {"application_id": world.app_id, "webhook_id": webhook["id"], "webhook_url": webhook["url"]}
    return Answer({"data": {**known, "subscriptions": users}})


async def unsubscribe_account(world: World, _: Caller, incoming: Incoming) -> Answer:
    webhook = webhooks.of_id(world, incoming.path["id"])
    sql = "DELETE FROM account_subscriptions WHERE webhook_id = ? AND user_id = ?"
    if not world.store.run(sql, webhook["id"], incoming.path["user_id"]):
        raise problems.not_found("subscription", incoming.path["user_id"], reason="SubscriptionNotFound")
    return Answer({"data": {"subscribed": False}})


async def count_accounts(world: World, _: Caller, __: Incoming) -> Answer:
    counted = world.store.row("SELECT count(*) AS n FROM account_subscriptions") or {"n": 0}
    counts = {"subscriptions_count_all": str(counted["n"]), "subscriptions_count_direct_messages": "0"}
    return Answer({"data": {"account_name": "simulated", "provisioned_count": str(MAX_ACCOUNTS), **counts}})


async def subscribe_activity(world: World, caller: Caller, incoming: Incoming) -> Answer:
    body = incoming.read(NewActivity)
    _check_activity(world, caller, body)
    now = now_ms()
    columns = {"event_type": body.event_type, "filter": msgspec.json.encode(body.filter).decode()}
    columns |= {"tag": body.tag, "webhook_id": body.webhook_id}  # type: ignore[dict-item]
    activity_id = world.store.new_id()
    world.store.add("activity_subscriptions", id=activity_id, created_ms=now, updated_ms=now, **columns)
    made = _activity(_activity_of(world, activity_id))
    return Answer({"data": {"subscription": made}, "meta": {"total_subscriptions": _total(world)}})


def _check_activity(world: World, caller: Caller, body: NewActivity) -> None:
    if body.event_type not in PUBLIC | PRIVATE:
        raise problems.invalid(f"event_type [{body.event_type}] is not one of the known event types")
    if not body.filter.user_id and not body.filter.keyword:
        raise problems.invalid("filter needs a user_id or a keyword")
    if body.event_type in PRIVATE and caller.user_id != body.filter.user_id:
        raise problems.forbidden(f"{body.event_type} is private: it needs the user-context token of that user.")
    if body.webhook_id:
        webhooks.of_id(world, body.webhook_id)
    same = "SELECT 1 FROM activity_subscriptions WHERE event_type = ? AND filter = ? AND webhook_id IS ?"
    if world.store.row(same, body.event_type, msgspec.json.encode(body.filter).decode(), body.webhook_id):
        raise problems.invalid("The subscription exists already.", reason="DuplicateSubscriptionFailed")
    if _total(world) >= MAX_ACTIVITY:
        raise problems.invalid("No more subscriptions can be made.", reason="SubscriptionLimitExceeded")


async def list_activity(world: World, _: Caller, incoming: Incoming) -> Answer:
    try:
        size = int(incoming.query.get("max_results", 100))
    except ValueError:
        size = 0
    if not 1 <= size <= 1000:
        raise problems.invalid("The `max_results` query parameter value is not between 1 and 1000")
    sql = "SELECT * FROM activity_subscriptions WHERE id + 0 > ? + 0 ORDER BY id + 0 LIMIT ?"
    found = world.store.rows(sql, incoming.query.get("pagination_token", "0"), size + 1)
    page = found[:size]
    meta: Json = {"result_count": len(page), "total_subscriptions": _total(world)}
    if len(found) > size:
        meta["next_token"] = page[-1]["id"]
    return Answer({"data": [_activity(row) for row in page], "meta": meta})


async def change_activity(world: World, _: Caller, incoming: Incoming) -> Answer:
    activity, body = _activity_of(world, incoming.path["id"]), incoming.read(ChangedActivity)
    if body.webhook_id:
        webhooks.of_id(world, body.webhook_id)
    tag, webhook_id = body.tag or activity["tag"], body.webhook_id or activity["webhook_id"]
    sql = "UPDATE activity_subscriptions SET tag = ?, webhook_id = ?, updated_ms = ? WHERE id = ?"
    world.store.run(sql, tag, webhook_id, now_ms(), activity["id"])
    changed = _activity(_activity_of(world, activity["id"]))
    return Answer({"data": {"subscription": changed, "total_subscriptions": _total(world)}})


async def remove_activity(world: World, _: Caller, incoming: Incoming) -> Answer:
    activity = _activity_of(world, incoming.path["id"])
    world.store.run("DELETE FROM activity_subscriptions WHERE id = ?", activity["id"])
    return Answer({"data": {"deleted": True}, "meta": {"total_subscriptions": _total(world)}})


async def remove_activities(world: World, _: Caller, incoming: Incoming) -> Answer:
    ids = [value for value in incoming.query.get("ids", "").split(",") if value]
    if not 1 <= len(ids) <= 100:
        raise problems.invalid("The `ids` query parameter has 1 to 100 values")
    sql = "DELETE FROM activity_subscriptions WHERE id = ?"
    outcome = {activity_id: bool(world.store.run(sql, activity_id)) for activity_id in ids}
    gone = [{"subscription_id": key, "deleted": True} for key, done in outcome.items() if done]
    errors = [
        {"subscription_id": key, "reason": "SubscriptionNotFound", "message": "There is no such subscription."}
        for key, done in outcome.items()
        if not done
    ]
    return Answer(
        {"data": gone, "meta": {"total_subscriptions": _total(world)}, **({"errors": errors} if errors else {})}
    )


def subscribers(world: World, webhook_id: str) -> list[str]:
    """Return the ids of the users whose account activity the webhook gets."""
    rows = world.store.rows("SELECT user_id FROM account_subscriptions WHERE webhook_id = ?", webhook_id)
    return [row["user_id"] for row in rows]


def _activity_of(world: World, activity_id: str) -> Row:
    found = world.store.row("SELECT * FROM activity_subscriptions WHERE id = ?", activity_id)
    if found is None:
        raise problems.not_found("subscription", activity_id, reason="SubscriptionNotFound")
    return found


def _total(world: World) -> int:
    counted = world.store.row("SELECT count(*) AS n FROM activity_subscriptions")
    return int(counted["n"]) if counted else 0


def _activity(row: Row) -> Json:
    shape = {
        "subscription_id": row["id"],
        "event_type": row["event_type"],
        "filter": msgspec.json.decode(row["filter"]),
        "created_at": iso(row["created_ms"]),
        "updated_at": iso(row["updated_ms"]),
    }
    return {**shape, **{name: row[name] for name in ("tag", "webhook_id") if row[name]}}


def _webhook(row: Row) -> Json:
    return {"id": row["id"], "url": row["url"], "valid": bool(row["valid"]), "created_at": iso(row["created_ms"])}


ACCOUNT = "/2/account_activity/webhooks/{id}/subscriptions"
ACTIVITY = "/2/activity/subscriptions"
CALLS = (
    Call("POST", "/2/webhooks", register),
    Call("GET", "/2/webhooks", list_webhooks, "app"),
    Call("POST", "/2/webhooks/replay", replay, "app", 100),
    Call("PUT", "/2/webhooks/{id}", validate),
    Call("DELETE", "/2/webhooks/{id}", remove),
    Call("POST", f"{ACCOUNT}/all", subscribe_account, "user", 500),
    Call("GET", f"{ACCOUNT}/all", account_subscribed, "user", 500),
    Call("GET", f"{ACCOUNT}/all/list", list_accounts, "app"),
    Call("DELETE", f"{ACCOUNT}/{{user_id}}/all", unsubscribe_account, "app"),
    Call("GET", "/2/account_activity/subscriptions/count", count_accounts, "app"),
    Call("POST", ACTIVITY, subscribe_activity, limit=500),
    Call("GET", ACTIVITY, list_activity, limit=500),
    Call("DELETE", ACTIVITY, remove_activities, "app", 500),
    Call("PUT", f"{ACTIVITY}/{{id}}", change_activity, "app", 500),
    Call("DELETE", f"{ACTIVITY}/{{id}}", remove_activity, "app", 500),
)
