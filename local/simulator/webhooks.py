"""Webhooks, for v2 and v1.1: registration with a CRC challenge, validation, removal and replay.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import datetime
import ipaddress
import urllib.parse

from starlette.concurrency import run_in_threadpool

from twbot.local.simulator import problems
from twbot.local.simulator.shapes_v2 import Json, iso
from twbot.local.simulator.store import Row, now_ms
from twbot.local.simulator.world import World

MAX_WEBHOOKS = 1  # of the Pay-Per-Use plan
FORMAT = "%Y%m%d%H%M"
MINUTE, DAY = datetime.timedelta(minutes=1), datetime.timedelta(days=1)


def of_id(world: World, webhook_id: str) -> Row:
    """Return a webhook. Raises Problem 404."""
    found = world.store.row("SELECT * FROM webhooks WHERE id = ?", webhook_id)
    if found is None:
        raise problems.not_found("webhook", webhook_id, reason="WebhookIdInvalid")
    return found


def all_of(world: World) -> list[Row]:
    """Return all webhooks, oldest first."""
    return world.store.rows("SELECT * FROM webhooks ORDER BY created_ms")


async def register(world: World, url: str, environment: str | None = None) -> Row:
    """Challenge a URL and register it. Raises Problem with X's reason. `environment`: v1.1's, None for v2."""
    if not _allowed(url):
        raise problems.invalid("Webhook URL does not meet the requirements.", reason="UrlValidationFailed")
    webhooks = all_of(world)
    if any(webhook["url"] == url for webhook in webhooks):
        raise problems.invalid("Webhook URL is registered already.", reason="DuplicateUrlFailed")
    if len(webhooks) >= int(world.store.setting("most_webhooks") or MAX_WEBHOOKS):
        raise problems.invalid("Too many resources already created.", reason="WebhookLimitExceeded")
    if wrong := await run_in_threadpool(world.deliveries.challenge, url):
        raise problems.invalid(wrong, reason="CrcValidationFailed")
    webhook_id = world.store.new_id()
    world.store.add("webhooks", id=webhook_id, url=url, valid=1, environment=environment, created_ms=now_ms())
    return of_id(world, webhook_id)


async def validate(world: World, webhook_id: str) -> bool:
    """Challenge a webhook again. Store and return whether it is valid. Raises Problem 404."""
    webhook = of_id(world, webhook_id)
    wrong = await run_in_threadpool(world.deliveries.challenge, webhook["url"])
    world.store.run("UPDATE webhooks SET valid = ? WHERE id = ?", int(wrong is None), webhook_id)
    return wrong is None


def remove(world: World, webhook_id: str) -> None:
    """Remove a webhook and its subscriptions. Raises Problem 404."""
    of_id(world, webhook_id)
    with world.store.transaction():
        world.store.run("DELETE FROM webhooks WHERE id = ?", webhook_id)
        world.store.run("DELETE FROM account_subscriptions WHERE webhook_id = ?", webhook_id)
        world.store.run("DELETE FROM activity_subscriptions WHERE webhook_id = ?", webhook_id)


def replay(world: World, webhook_id: str, from_date: str, to_date: str, keeps: datetime.timedelta = DAY) -> Json:
    """Deliver the events of a window again, each once, and at the end the notice that the job is complete.

    `from_date` and `to_date`: yyyymmddhhmm in UTC, inclusive. `keeps`: how far back a replay may begin. Raises Problem.
    """
    of_id(world, webhook_id)
    start, end = _minute(from_date), _minute(to_date) + MINUTE
    now = datetime.datetime.now(datetime.UTC)
    if start < now - keeps - MINUTE or end <= start or end - start > DAY:
        hours = keeps // datetime.timedelta(hours=1)
        raise problems.invalid(f"from_date must be within the last {hours} hours, and up to 24 hours before to_date.")
    if replaying(world, webhook_id):
        raise problems.conflict("A replay job is already in progress for this webhook.", reason="ReplayConflictError")
    # GROUP BY body: what was delivered more than once is replayed once.
    sql = """SELECT *, min(id) FROM deliveries WHERE webhook_id = ? AND created_ms >= ? AND created_ms < ?
             AND event != 'replay_job_status' GROUP BY body ORDER BY id"""
    milliseconds = (int(start.timestamp() * 1000), int(end.timestamp() * 1000))
    for delivery in world.store.rows(sql, webhook_id, *milliseconds):
        world.deliveries.again(delivery)
    job = {"webhook_id": webhook_id, "job_state": "Complete", "job_id": world.store.new_id()}
    described = {"job_state_description": "Job completed successfully"}
    body = {"replay_job_status": {**job, **described}}
    world.deliveries.queue(webhook_id, "v1.1", "replay_job_status", body, None)
    return {"job_id": job["job_id"], "created_at": iso(now_ms())}


def replaying(world: World, webhook_id: str) -> bool:
    """Return whether a replay is under way: its notice is still to be delivered."""
    sql = "SELECT 1 FROM deliveries WHERE webhook_id = ? AND event = 'replay_job_status' AND state = 'pending'"
    return world.store.row(sql, webhook_id) is not None


def _minute(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.strptime(text, FORMAT).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise problems.invalid(f"{text} is not a date of the form yyyymmddhhmm.") from None


def _allowed(url: str) -> bool:
    """Return whether the URL is https without a port, as X demands, or on loopback, where local bots listen."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not 1 <= len(url) <= 200 or not parts.hostname or parts.username:
        return False
    return _loopback(parts.hostname) or (parts.scheme == "https" and port is None)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
