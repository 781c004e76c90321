"""The JSON of posts, users and media in API v2."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from twbot.local.simulator.media import ENDINGS, Pictures
from twbot.local.simulator.people import People
from twbot.local.simulator.posts import Post, Posts, editable_until
from twbot.local.simulator.store import Row, Store
from twbot.local.simulator.text import entities

Json = dict[str, Any]
POST_DEFAULTS = ("id", "text", "edit_history_tweet_ids")
USER_DEFAULTS = ("id", "name", "username")
MEDIA_DEFAULTS = ("media_key", "type")


def iso(ms: int) -> str:
    """Format epoch milliseconds as v2 does: 2026-07-24T21:23:23.000Z."""
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ShapesV2:
    """Makes API v2's JSON with every field. `only` reduces it to the requested ones."""

    def __init__(self, store: Store, people: People, posts: Posts, pictures: Pictures, base_url: str) -> None:
        self._store, self._people, self._posts, self._pictures = store, people, posts, pictures
        self._base_url = base_url.rstrip("/")

    def post(self, post: Post) -> Json:
        versions = self._posts.versions(post) or [post]
        shape: Json = {
            "id": post.id,
            "text": post.text,
            "edit_history_tweet_ids": [version.id for version in versions],
            "author_id": post.author_id,
            "created_at": iso(post.created_ms),
            "conversation_id": post.conversation_id,
            "display_text_range": [post.prefix, shown_until(post)],
            "edit_controls": {
                "edits_remaining": self._posts.edits_left(post),
                "is_edit_eligible": self._posts.may_be_edited(post),
                "editable_until": iso(editable_until(versions[0])),
            },
            "lang": post.language or "und",
            "paid_partnership": False,
            "possibly_sensitive": False,
            "reply_settings": "everyone",
            "public_metrics": self._counts(post),
        }
        if found := self._entities(post):
            shape["entities"] = found
        if post.media:
            shape["attachments"] = {"media_keys": [f"3_{media_id}" for media_id in post.media]}
        if references := _references(post):
            shape["referenced_tweets"] = references
        if post.reply_to:
            shape["in_reply_to_tweet_id"] = post.reply_to
            shape["in_reply_to_user_id"] = self._author_of(post.reply_to)
        return shape

    def user(self, user: Row) -> Json:
        posts = self._store.row("SELECT count(*) AS n FROM posts WHERE author_id = ? AND deleted = 0", user["id"])
        return {
            "id": user["id"],
            "name": user["name"],
            "username": user["username"],
            "created_at": iso(user["created_ms"]),
            "description": "",
            "protected": False,
            "verified": bool(user["verified"]),
            "verified_type": "blue" if user["verified"] else "none",
            "profile_image_url": f"{self._base_url}/media/default_profile.png",
            "url": "",
            "public_metrics": {
                "followers_count": (
                    self._relations("follow", "target", user["id"]) if user["followers"] is None else user["followers"]
                ),
                "following_count": self._relations("follow", "source", user["id"]),
                "tweet_count": posts["n"] if posts else 0,
                "post_count": posts["n"] if posts else 0,
                "listed_count": 0,
                "like_count": self._relations("like", "source", user["id"]),
                "media_count": 0,
            },
        }

    def media(self, media: Row) -> Json:
        """Return a picture. A photo has a `url`; an animated GIF has only a `preview_image_url`, as on X."""
        animated = media["content_type"] == "image/gif"
        address = "preview_image_url" if animated else "url"
        shape = {
            "media_key": f"3_{media['id']}",
            "type": "animated_gif" if animated else "photo",
            "width": media["width"],
            "height": media["height"],
            address: self.media_url(media),
        }
        return {**shape, "alt_text": media["alt_text"]} if media["alt_text"] else shape

    def media_url(self, media: Row) -> str:
        return f"{self._base_url}/media/3_{media['id']}.{ENDINGS[media['content_type']]}"

    def _entities(self, post: Post) -> Json:
        found = entities(post.text, post.links, self._people.named)
        urls = [
            {
                **{"start": start, "end": end, "url": link.url},
                **{"expanded_url": link.expanded, "display_url": link.display},
                **({"media_key": link.media_key} if link.media_key else {}),
            }
            for start, end, link in found.links
        ]
        shape = {
            "mentions": [
                {"start": start, "end": end, "username": user["username"], "id": user["id"]}
                for start, end, user in found.mentions
            ],
            "hashtags": [{"start": start, "end": end, "tag": tag} for start, end, tag in found.hashtags],
            "urls": urls,
        }
        return {name: values for name, values in shape.items() if values}

    def _counts(self, post: Post) -> Json:
        sql = """SELECT sum(repost_of IS NOT NULL) AS reposts, sum(reply_to IS NOT NULL) AS replies,
                        sum(quote_of IS NOT NULL) AS quotes FROM posts
                 WHERE deleted = 0 AND (reply_to = ?1 OR quote_of = ?1 OR repost_of = ?1)"""
        counted = self._store.row(sql, post.id) or {}
        return {
            "retweet_count": counted["reposts"] or 0,
            "repost_count": counted["reposts"] or 0,
            "reply_count": counted["replies"] or 0,
            "like_count": self._relations("like", "target", post.id),
            "quote_count": counted["quotes"] or 0,
            "bookmark_count": 0,
            "impression_count": 0,
        }

    def _relations(self, kind: str, column: str, value: str) -> int:
        sql = f"SELECT count(*) AS n FROM relations WHERE kind = ? AND {column} = ?"  # noqa: S608
        counted = self._store.row(sql, kind, value)
        return int(counted["n"]) if counted else 0

    def _author_of(self, post_id: str) -> str | None:
        found = self._store.row("SELECT author_id FROM posts WHERE id = ?", post_id)
        return found["author_id"] if found else None


def only(shape: Json, fields: Collection[str], always: Collection[str]) -> Json:
    """Return the requested fields and those that X always sends."""
    return {name: value for name, value in shape.items() if name in fields or name in always}


def doubled(value: Any) -> Any:
    """Add to each integer a copy as a string, as X Activity does: `count` and `count_str`."""
    if isinstance(value, list):
        return [doubled(item) for item in value]
    if not isinstance(value, dict):
        return value
    numbers = {f"{name}_str": str(item) for name, item in value.items() if type(item) is int}
    return {**{name: doubled(item) for name, item in value.items()}, **numbers}


def shown_until(post: Post) -> int:
    """Return the end of `display_text_range`: links that stand for pictures or a quoted post are not displayed."""
    end = len(post.text)
    for link in reversed(post.links):
        appended = link.media_key or (post.quote_of and link.expanded.endswith(f"/status/{post.quote_of}"))
        if not appended or not post.text[:end].endswith(link.url):
            break
        end = max(post.prefix, end - len(link.url) - 1)
    return end


def _references(post: Post) -> list[Json]:
    pairs = (("retweeted", post.repost_of), ("quoted", post.quote_of), ("replied_to", post.reply_to))
    return [{"type": kind, "id": post_id} for kind, post_id in pairs if post_id]
