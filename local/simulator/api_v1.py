"""The endpoints of v1.1's Account Activity API: premium (with environments) and enterprise.

https://docs.x.com/x-api/enterprise-gnip-2.0/fundamentals/account-activity
"""

from __future__ import annotations

import datetime

from twbot.local.simulator import problems, webhooks
from twbot.local.simulator.api_webhooks import MAX_ACCOUNTS, subscribers
from twbot.local.simulator.calls import Answer, Call, Incoming
from twbot.local.simulator.oauth import Caller
from twbot.local.simulator.shapes_v2 import Json, iso
from twbot.local.simulator.store import Row
from twbot.local.simulator.world import World

ENVIRONMENTS = ("prod", "dev")
NO_CONTENT = Answer(None, 204)


async def register(world: World, _: Caller, incoming: Incoming) -> Answer:
    environment = _environment(incoming)
    url = incoming.query.get("url", "")
    if not url:
        async with incoming.request.form() as form:
            url = str(form.get("url", ""))
    return Answer(_shape(await webhooks.register(world, url, environment)))


async def list_webhooks(world: World, _: Caller, incoming: Incoming) -> Answer:
    environment = _environment(incoming)
    return Answer([_shape(row) for row in webhooks.all_of(world) if row["environment"] == environment])


async def list_environments(world: World, _: Caller, __: Incoming) -> Answer:
    found = webhooks.all_of(world)
    return Answer(
        {
            "environments": [
                {"environment_name": name, "webhooks": [_shape(row) for row in found if row["environment"] == name]}
                for name in ENVIRONMENTS
            ]
        }
    )


async def validate(world: World, _: Caller, incoming: Incoming) -> Answer:
    if not await webhooks.validate(world, _webhook(world, incoming)["id"]):
        raise problems.v1(403, 214, "Invalid CRC token or json response format")
    return NO_CONTENT


async def remove(world: World, _: Caller, incoming: Incoming) -> Answer:
    webhooks.remove(world, _webhook(world, incoming)["id"])
    return NO_CONTENT


async def subscribe(world: World, caller: Caller, incoming: Incoming) -> Answer:
    webhook = _webhook(world, incoming)
    if caller.user_id in subscribers(world, webhook["id"]):
        raise problems.v1(409, 355, "Subscription already exists.")
    if len(subscribers(world, webhook["id"])) >= MAX_ACCOUNTS:
        raise problems.v1(403, 261, "Too many subscriptions.")
    world.store.add("account_subscriptions", webhook_id=webhook["id"], user_id=caller.user_id)
    return NO_CONTENT


async def subscribed(world: World, caller: Caller, incoming: Incoming) -> Answer:
    if caller.user_id not in subscribers(world, _webhook(world, incoming)["id"]):
        raise problems.v1(404, 34, "Sorry, that page does not exist.")
    return NO_CONTENT


async def unsubscribe(world: World, caller: Caller, incoming: Incoming) -> Answer:
    user_id = incoming.path.get("user_id") or caller.user_id
    sql = "DELETE FROM account_subscriptions WHERE webhook_id = ? AND user_id = ?"
    if not world.store.run(sql, _webhook(world, incoming)["id"], user_id):
        raise problems.v1(404, 34, "Sorry, that page does not exist.")
    return NO_CONTENT


async def list_subscriptions(world: World, _: Caller, incoming: Incoming) -> Answer:
    webhook = _webhook(world, incoming)
    users = [{"user_id": user_id} for user_id in subscribers(world, webhook["id"])]
    where: Json = {"webhook_id": webhook["id"], "webhook_url": webhook["url"]}
    if name := incoming.path.get("environment"):
        where = {"environment": name}
    return Answer({**where, "application_id": world.app_id, "subscriptions": users})


async def count(world: World, _: Caller, __: Incoming) -> Answer:
    counted = world.store.row("SELECT count(*) AS n FROM account_subscriptions") or {"n": 0}
    counts = {"subscriptions_count_all": str(counted["n"]), "subscriptions_count_direct_messages": "0"}
    return Answer({"account_name": "simulated", **counts, "provisioned_count": str(MAX_ACCOUNTS)})


async def replay(world: World, _: Caller, incoming: Incoming) -> Answer:
    """Replay events of the last five days, as the enterprise API does."""
    webhook, since, until = _webhook(world, incoming), incoming.query.get("from_date"), incoming.query.get("to_date")
    if webhooks.replaying(world, webhook["id"]):
        raise problems.v1(409, 355, "A replay job is already in progress for this webhook.")
    return Answer(webhooks.replay(world, webhook["id"], since or "", until or "", 5 * webhooks.DAY), 202)


def _environment(incoming: Incoming) -> str | None:
    name = incoming.path.get("environment")
    if name is not None and name not in ENVIRONMENTS:
        raise problems.v1(403, 214, "Environment does not exist.")
    return name


def _webhook(world: World, incoming: Incoming) -> Row:
    """Return the path's webhook: by id, or the only one of its environment. Raises Problem 404."""
    environment, webhook_id = _environment(incoming), incoming.path.get("id")
    for row in webhooks.all_of(world):
        if row["environment"] == environment and webhook_id in (None, row["id"]):
            return row
    raise problems.v1(404, 34, "Sorry, that page does not exist.")


def _shape(row: Row) -> Json:
    shape = {"id": row["id"], "url": row["url"], "valid": bool(row["valid"])}
    if row["environment"] is None:
        return {**shape, "created_at": iso(row["created_ms"])}
    created = datetime.datetime.fromtimestamp(row["created_ms"] / 1000, datetime.UTC)
    return {**shape, "created_timestamp": f"{created:%Y-%m-%d %H:%M:%S %z}"}


ENTERPRISE = "/1.1/account_activity"
PREMIUM = "/1.1/account_activity/all/{environment}"
CALLS = (
    Call("POST", f"{ENTERPRISE}/webhooks.json", register, "user", 15),
    Call("GET", f"{ENTERPRISE}/webhooks.json", list_webhooks, "app", 15),
    Call("PUT", f"{ENTERPRISE}/webhooks/{{id}}.json", validate, "user", 15),
    Call("DELETE", f"{ENTERPRISE}/webhooks/{{id}}.json", remove, "user", 15),
    Call("POST", f"{ENTERPRISE}/webhooks/{{id}}/subscriptions/all.json", subscribe, "user", 500),
    Call("GET", f"{ENTERPRISE}/webhooks/{{id}}/subscriptions/all.json", subscribed, "user", 500),
    Call("GET", f"{ENTERPRISE}/webhooks/{{id}}/subscriptions/all/list.json", list_subscriptions, "app", 50),
    Call("DELETE", f"{ENTERPRISE}/webhooks/{{id}}/subscriptions/{{user_id}}/all.json", unsubscribe, "app", 500),
    Call("POST", f"{ENTERPRISE}/replay/webhooks/{{id}}/subscriptions/all.json", replay, "app", 5),
    Call("GET", f"{ENTERPRISE}/subscriptions/count.json", count, "app", 15),
    Call("GET", f"{ENTERPRISE}/all/webhooks.json", list_environments, "app", 15),
    Call("GET", f"{ENTERPRISE}/all/subscriptions/count.json", count, "app", 15),
    Call("GET", f"{ENTERPRISE}/all/count.json", count, "app", 15),
    Call("POST", f"{PREMIUM}/webhooks.json", register, "user", 15),
    Call("GET", f"{PREMIUM}/webhooks.json", list_webhooks, "app", 15),
    Call("PUT", f"{PREMIUM}/webhooks/{{id}}.json", validate, limit=15),
    Call("DELETE", f"{PREMIUM}/webhooks/{{id}}.json", remove, "user", 15),
    Call("POST", f"{PREMIUM}/subscriptions.json", subscribe, "user", 500),
    Call("GET", f"{PREMIUM}/subscriptions.json", subscribed, "user", 500),
    Call("DELETE", f"{PREMIUM}/subscriptions.json", unsubscribe, "user", 500),
    Call("GET", f"{PREMIUM}/subscriptions/list.json", list_subscriptions, "app", 50),
    Call("DELETE", f"{PREMIUM}/subscriptions/{{user_id}}.json", unsubscribe, "app", 500),
)
