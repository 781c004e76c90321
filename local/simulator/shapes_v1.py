"""The JSON of posts and users in API v1.1 and the Account Activity API."""

from __future__ import annotations

import datetime
from typing import Any

from twbot.local.simulator.media import Pictures
from twbot.local.simulator.people import People
from twbot.local.simulator.posts import Post, Posts, editable_until
from twbot.local.simulator.shapes_v2 import Json, ShapesV2, shown_until
from twbot.local.simulator.store import Row
from twbot.local.simulator.text import Link, entities, short_link

# Characters: a longer text is truncated, and stands in full in `extended_tweet`.
CLASSIC_LENGTH = 140
CUT_AT = 115


def classic_time(ms: int) -> str:
    """Format epoch milliseconds as v1.1 does: Wed Oct 10 20:19:24 +0000 2018."""
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%a %b %d %H:%M:%S +0000 %Y")


class ShapesV1:
    """Makes v1.1's JSON."""

    def __init__(self, people: People, posts: Posts, pictures: Pictures, v2: ShapesV2) -> None:
        self._people, self._posts, self._pictures, self._v2 = people, posts, pictures, v2

    def user(self, user: Row) -> Json:
        counts = self._v2.user(user)["public_metrics"]
        return {
            "id": int(user["id"]),
            "id_str": user["id"],
            "name": user["name"],
            "screen_name": user["username"],
            "location": None,
            "url": None,
            "description": None,
            "protected": False,
            "verified": bool(user["verified"]),
            "followers_count": counts["followers_count"],
            "friends_count": counts["following_count"],
            "statuses_count": counts["tweet_count"],
            "created_at": classic_time(user["created_ms"]),
            "default_profile": True,
            "profile_image_url_https": self._v2.user(user)["profile_image_url"],
        }

    def short_user(self, user: Row) -> Json:
        """Return a user as in the `users` of direct messages."""
        return {
            "id": user["id"],
            "created_timestamp": str(user["created_ms"]),
            "name": user["name"],
            "screen_name": user["username"],
            "protected": False,
            "verified": False,
            "followers_count": 0,
            "friends_count": 0,
            "statuses_count": 0,
        }

    def post(self, post: Post, *, depth: int = 2) -> Json:
        target = self._posts.get(post.reply_to) if post.reply_to else None
        replied = self._people.by_id(target.author_id) if target else None
        shape: Json = {
            "created_at": classic_time(post.created_ms),
            "id": int(post.id),
            "id_str": post.id,
            **self._text(post),
            "source": '<a href="https://x.com" rel="nofollow">X</a>',
            "in_reply_to_status_id": int(post.reply_to) if post.reply_to else None,
            "in_reply_to_status_id_str": post.reply_to,
            "in_reply_to_user_id": int(replied["id"]) if replied else None,
            "in_reply_to_user_id_str": replied["id"] if replied else None,
            "in_reply_to_screen_name": replied["username"] if replied else None,
            "user": self.user(self._people.by_id(post.author_id) or {}),
            "is_quote_status": post.quote_of is not None,
            "favorited": False,
            "retweeted": False,
            "lang": post.language or "und",
            "timestamp_ms": str(post.created_ms),
        }
        return {**shape, **self._edits(post), **self._others(post, depth)}

    def _edits(self, post: Post) -> Json:
        versions = self._posts.versions(post) or [post]
        return {
            "edit_history": {"initial_tweet_id": post.chain, "edit_tweet_ids": [version.id for version in versions]},
            "edit_controls": {
                "editable_until_ms": editable_until(versions[0]),
                "edits_remaining": self._posts.edits_left(post),
            },
            "editable": self._posts.may_be_edited(post),
        }

    def _others(self, post: Post, depth: int) -> Json:
        shape: Json = {}
        if post.repost_of and depth and (original := self._posts.get(post.repost_of)):
            shape["retweeted_status"] = self.post(original, depth=depth - 1)
        if post.quote_of:
            shape |= {"quoted_status_id": int(post.quote_of), "quoted_status_id_str": post.quote_of}
            if depth and (quoted := self._posts.get(post.quote_of)):
                shape["quoted_status"] = self.post(quoted, depth=depth - 1)
        return shape

    def _text(self, post: Post) -> Json:
        """Return text and entities, truncated with an `extended_tweet` above 140 characters."""
        shown = [post.prefix, shown_until(post)]
        whole = self._entities(post.text, post)
        if len(post.text) <= CLASSIC_LENGTH:
            ranged = {"display_text_range": shown} if shown != [0, len(post.text)] else {}
            return {"text": post.text, "truncated": False, **ranged, **whole}
        address = f"https://x.com/i/web/status/{post.id}"
        link = Link(short_link(), address, address.partition("://")[2])
        cut = f"{post.text[:CUT_AT].rstrip()}… {link.url}"
        short = self._entities(cut, post, link)
        short.pop("extended_entities", None)
        extended = {"full_text": post.text, "display_text_range": shown, **whole}
        return {"text": cut, "truncated": True, **short, "extended_tweet": extended}

    def _entities(self, text: str, post: Post, more: Link | None = None) -> Json:
        found = entities(text, [*post.links, *([more] if more else [])], self._people.named)
        shape: Json = {
            "hashtags": [{"text": tag, "indices": [start, end]} for start, end, tag in found.hashtags],
            "symbols": [],
            "urls": [_url(link, start, end) for start, end, link in found.links if not link.media_key],
            "user_mentions": [_mention(user, start, end) for start, end, user in found.mentions],
        }
        pictures = [
            self._media(media_id, link, start, end)
            for start, end, link in found.links
            if link.media_key
            for media_id in post.media
        ]
        if not pictures:
            return {"entities": shape}
        return {"entities": {**shape, "media": pictures[:1]}, "extended_entities": {"media": pictures}}

    def _media(self, media_id: str, link: Link, start: int, end: int) -> Json:
        media = self._pictures.get(media_id) or {}
        address = self._v2.media_url(media)
        size = {"w": media["width"], "h": media["height"], "resize": "fit"}
        return {
            "id": int(media_id),
            "id_str": media_id,
            **_url(link, start, end),
            "media_url": address,
            "media_url_https": address,
            "type": "animated_gif" if media["content_type"] == "image/gif" else "photo",
            "sizes": {"large": size},
            "ext_alt_text": media["alt_text"],
        }


def _url(link: Link, start: int, end: int) -> Json:
    return {"url": link.url, "expanded_url": link.expanded, "display_url": link.display, "indices": [start, end]}


def _mention(user: dict[str, Any], start: int, end: int) -> Json:
    name = {"screen_name": user["username"], "name": user["name"]}
    return {**name, "id": int(user["id"]), "id_str": user["id"], "indices": [start, end]}
