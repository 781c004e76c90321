"""Turns what happens into deliveries to the subscribers: Account Activity's payloads and X Activity's envelopes."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

import msgspec

from twbot.local.simulator.deliveries import Deliveries
from twbot.local.simulator.people import People
from twbot.local.simulator.posts import Post, Posts
from twbot.local.simulator.shapes_v1 import ShapesV1, classic_time
from twbot.local.simulator.shapes_v2 import Json, ShapesV2, doubled, iso
from twbot.local.simulator.store import Row, Store, now_ms
from twbot.local.simulator.text import MENTION

ACCOUNT_ACTIVITY = "v1.1"
X_ACTIVITY = "x-activity"
INBOUND_BY_DEFAULT = ("post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create")


class Events:
    """One method for each thing that can happen. `generation`: deliver in this generation only."""

    def __init__(
        self,
        store: Store,
        people: People,
        posts: Posts,
        v1: ShapesV1,
        v2: ShapesV2,
        deliveries: Deliveries,
        app_id: str,
    ) -> None:
        self._store, self._people, self._posts, self._v1, self._v2 = store, people, posts, v1, v2
        self._deliveries, self._app_id = deliveries, app_id

    def posted(self, post: Post, generation: str | None = None) -> list[int]:
        """Queue the deliveries of a new post, and return their ids."""
        queued = []
        for subscription in self._subscribed(self._concerned(post), generation):
            blocked = {"user_has_blocked": "false"} if subscription["user_id"] != post.author_id else {}
            body = {"for_user_id": subscription["user_id"], **blocked, "tweet_create_events": [self._v1.post(post)]}
            queued.append(self._account(subscription, "tweet_create_events", body, post.id))
        for event_type, inbound in self._activities(post):
            queued += self._activity(event_type, inbound, [post.author_id], generation, post=post)
        return queued

    def forged(self, post: Post, generation: str | None) -> Json:
        """Return the body that a forger would send about a post."""
        bot = next(iter(set(self._concerned(post)) - {post.author_id}), post.author_id)
        if generation == X_ACTIVITY:
            return self._envelope("post.mention.create", {"user_id": bot}, None, *self._post_payload(post))
        return {"for_user_id": bot, "tweet_create_events": [self._v1.post(post)]}

    def deleted(self, post: Post, generation: str | None = None) -> None:
        status = {"status": {"id": post.id, "user_id": post.author_id}, "timestamp_ms": str(now_ms())}
        self._notify([post.author_id], "tweet_delete_events", [status], generation, post_id=post.id)
        payload = {"id": post.id, "author_id": post.author_id}
        self._activity("post.delete", [], [post.author_id], generation, payload=payload, post_id=post.id)

    def liked(self, user: Row, post: Post, generation: str | None = None) -> None:
        now, like_id = now_ms(), format(int(self._store.new_id()), "032x")
        when = {"timestamp_ms": str(now)}
        like = {"id": like_id, "created_at": classic_time(now), **when, "favorited_status": self._v1.post(post)}
        user_ids = {user["id"], post.author_id}
        self._notify(user_ids, "favorite_events", [{**like, "user": self._v1.user(user)}], generation, post_id=post.id)
        payload = {"id": like_id, "created_at": iso(now), **when}
        payload |= {"liked_tweet_author_id": post.author_id, "liked_tweet_id": post.id}
        self._activity("like.create", [post.author_id], [user["id"]], generation, payload=payload, post_id=post.id)

    def related(self, kind: str, source: Row, target: Row, generation: str | None = None) -> None:
        """Deliver a change between two users. `kind`: follow, unfollow, block, unblock, mute, unmute."""
        family = kind.removeprefix("un")
        event = {"type": kind, "created_timestamp": str(now_ms())}
        event |= {"source": self._v1.user(source), "target": self._v1.user(target)}  # type: ignore[dict-item]
        # Only the account that blocks or mutes gets the event, never the other.
        user_ids = {source["id"], target["id"]} if family == "follow" else {source["id"]}
        self._notify(user_ids, f"{family}_events", [event], generation)
        users = {"source": {"data": self._v2.user(source)}, "target": {"data": self._v2.user(target)}}
        inbound = [target["id"]] if family == "follow" else []
        self._activity(f"{family}.{kind}", inbound, [source["id"]], generation, payload=users)

    def messaged(self, sender: Row, recipient: Row, text: str, generation: str | None = None) -> str:
        dm_id = self._store.new_id()
        entities: Json = {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}
        create = {"target": {"recipient_id": recipient["id"]}, "sender_id": sender["id"]}
        message = {**create, "message_data": {"text": text, "entities": entities}}
        event = {"type": "message_create", "id": dm_id, "created_timestamp": str(now_ms()), "message_create": message}
        self._direct("direct_message_events", "dm.received", "dm.sent", event, sender, recipient, generation)
        return dm_id

    def typing(self, sender: Row, recipient: Row, generation: str | None = None) -> None:
        event = self._direct_event(sender, recipient)
        kind = "dm.indicate_typing"
        self._direct("direct_message_indicate_typing_events", kind, None, event, sender, recipient, generation)

    def read(self, sender: Row, recipient: Row, last_read: str, generation: str | None = None) -> None:
        event = {**self._direct_event(sender, recipient), "last_read_event_id": last_read}
        self._direct("direct_message_mark_read_events", "dm.read", None, event, sender, recipient, generation)

    def revoked(self, user: Row) -> None:
        """Deliver that a user withdraws the app's access."""
        # X sends this without a subscription to it, and in Account Activity without for_user_id.
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        revoke = {"date_time": when, "target": {"app_id": self._app_id}, "source": {"user_id": user["id"]}}
        for subscription in self._subscribed([user["id"]], None):
            self._account(subscription, "user_event", {"user_event": {"revoke": revoke}}, None)
        payload = {"date_time": when, "user_id": user["id"], "app_id": self._app_id}
        sql = """SELECT DISTINCT webhook_id FROM activity_subscriptions
                 WHERE webhook_id IS NOT NULL AND json_extract(filter, '$.user_id') = ?"""
        for row in self._store.rows(sql, user["id"]):
            body = self._envelope("oauth.revoke", {}, None, payload, None)
            self._deliveries.queue(row["webhook_id"], X_ACTIVITY, "oauth.revoke", body, None)

    def _direct_event(self, sender: Row, recipient: Row) -> Json:
        target = {"recipient_id": recipient["id"]}
        return {"created_timestamp": str(now_ms()), "sender_id": sender["id"], "target": target}

    def _direct(
        self, key: str, inbound: str, outbound: str | None, event: Json, sender: Row, recipient: Row, gen: str | None
    ) -> None:
        both = (sender, recipient)
        users = {user["id"]: self._v1.short_user(user) for user in both}
        user_ids = [recipient["id"], sender["id"]] if outbound else [recipient["id"]]
        self._notify(user_ids, key, [event], gen, users=users)
        payload = {key: [event], "users": {user["id"]: {"data": self._v2.user(user)} for user in both}}
        self._activity(inbound, [recipient["id"]], [], gen, payload=payload)
        if outbound:
            self._activity(outbound, [], [sender["id"]], gen, payload=payload)

    def _concerned(self, post: Post) -> list[str]:
        """Return the users whose account activity has the post: its author, and whom it mentions, answers or quotes."""
        others = (self._posts.get(p) for p in (post.reply_to, post.quote_of, post.repost_of) if p)
        named = (self._people.named(name) for name in MENTION.findall(post.text))
        ids = [post.author_id, *(o.author_id for o in others if o), *(user["id"] for user in named if user)]
        return list(dict.fromkeys(ids))

    def _activities(self, post: Post) -> list[tuple[str, list[str]]]:
        """Return X Activity's event types for a post, each with the users towards whom it is inbound."""
        if post.repost_of:
            original = self._posts.get(post.repost_of)
            return [("post.create", []), ("post.repost.create", [original.author_id] if original else [])]
        found: list[tuple[str, list[str]]] = [("post.create", []), ("post.mention.create", self._posts.mentioned(post))]
        for kind, target in (("post.reply.create", post.reply_to), ("post.quote.create", post.quote_of)):
            if target and (other := self._posts.get(target)):
                found.append((kind, [other.author_id]))
        return found

    def _subscribed(self, user_ids: Collection[str], generation: str | None) -> list[Row]:
        if generation not in (None, ACCOUNT_ACTIVITY):
            return []
        subscriptions = self._store.rows("SELECT * FROM account_subscriptions")
        return [row for row in subscriptions if row["user_id"] in user_ids]

    def _notify(
        self,
        user_ids: Collection[str],
        key: str,
        events: list[Json],
        generation: str | None,
        *,
        users: Json | None = None,
        post_id: str | None = None,
    ) -> None:
        for subscription in self._subscribed(user_ids, generation):
            body = {"for_user_id": subscription["user_id"], key: events, **({"users": users} if users else {})}
            self._account(subscription, key, body, post_id)

    def _account(self, subscription: Row, event: str, body: Json, post_id: str | None) -> int:
        return self._deliveries.queue(subscription["webhook_id"], ACCOUNT_ACTIVITY, event, body, post_id)

    def _activity(
        self,
        event_type: str,
        inbound: Collection[str],
        outbound: Collection[str],
        generation: str | None,
        *,
        post: Post | None = None,
        payload: Json | None = None,
        post_id: str | None = None,
    ) -> list[int]:
        if generation not in (None, X_ACTIVITY):
            return []
        queued = []
        for row in self._store.rows("SELECT * FROM activity_subscriptions WHERE event_type = ?", event_type):
            chosen = msgspec.json.decode(row["filter"])
            if not row["webhook_id"] or not _concerns(chosen, event_type, inbound, outbound):
                continue
            shown, includes = self._post_payload(post) if post else (payload or {}, None)
            body = self._envelope(event_type, chosen, row["tag"], shown, includes)
            about = post.id if post else post_id
            queued.append(self._deliveries.queue(row["webhook_id"], X_ACTIVITY, event_type, body, about))
        return queued

    def _post_payload(self, post: Post) -> tuple[Json, Json]:
        """Return X Activity's payload and includes of a post."""
        # X Activity's documented posts have no media: only a link to the photo.
        shape = self._v2.post(post)
        shape.pop("attachments", None)
        people = dict.fromkeys(self._concerned(post))
        users = [self._v2.user(user) for user_id in people if (user := self._people.by_id(user_id))]
        others = (self._posts.get(p) for p in (post.reply_to, post.quote_of, post.repost_of) if p)
        tweets = [self._v2.post(other) for other in others if other]
        return shape, {"users": users, **({"tweets": tweets} if tweets else {})}

    def _envelope(self, event_type: str, chosen: Json, tag: str | None, payload: Json, includes: Json | None) -> Json:
        body: dict[str, Any] = {"event_uuid": self._store.new_id(), "filter": chosen, "event_type": event_type}
        body |= {"tag": tag} if tag else {}
        body["payload"] = payload if "direct_message_events" in payload else doubled(payload)
        return {"data": {**body, "includes": doubled(includes)} if includes else body}


def _concerns(chosen: Json, event_type: str, inbound: Collection[str], outbound: Collection[str]) -> bool:
    user, direction = chosen.get("user_id"), chosen.get("direction")
    if direction is None and event_type in INBOUND_BY_DEFAULT:
        direction = "inbound"
    return (user in inbound and direction != "outbound") or (user in outbound and direction != "inbound")
