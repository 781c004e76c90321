"""Finds the photos of an X Activity post. The post carries no media objects, only links and keys that hint at them."""

from __future__ import annotations

import re
from typing import Any

from twbot.lambdas.ingress.shapes import rows, table, unwrapped, words

Json = dict[str, Any]

_PHOTO_PAGE = re.compile(r"/photo/\d+/?$|^(https?://)?pic\.(x|twitter)\.com/")
_LAST_LINK = re.compile(r"https://t\.co/\w+$")


def whole(tweet: Json) -> Json:
    """Return the object with the full text: X truncates long posts and adds `note_tweet`."""
    return table(tweet.get("note_tweet")) or tweet


def links(tweet: Json) -> list[Json]:
    """Return the link entities of a post, with those that only its full text has."""
    return [url for holder in (tweet, whole(tweet)) for url in rows(table(holder.get("entities")).get("urls"))]


def media_links(tweet: Json) -> list[str]:
    """Return the t.co links that stand for media: they have a media key or lead to the page of a photo."""
    return [words(link.get("url")) for link in links(tweet) if link.get("media_key") or _leads_to_photo(link)]


def _leads_to_photo(link: Json) -> bool:
    return any(_PHOTO_PAGE.search(words(link.get(name))) for name in ("expanded_url", "display_url"))


def _media_keys(tweet: Json) -> list[str]:
    keys = table(tweet.get("attachments")).get("media_keys")
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def included_photos(tweet: Json, includes: Json) -> list[str]:
    """Return the addresses of the post's photos, where X included them."""
    own_keys = set(_media_keys(tweet)) | {words(link.get("media_key")) for link in links(tweet)}
    media = map(unwrapped, rows(includes.get("media")))
    return [
        words(item["url"])
        for item in media
        if item.get("type") == "photo" and words(item.get("url")) and words(item.get("media_key")) in own_keys
    ]


def hints_at_photos(tweet: Json, text: str, media_links: list[str]) -> bool:
    """Return whether the post seems to have photos, which then have to be looked up."""
    # X appends a t.co link for media to the text. An ordinary link has an entity, this one has none.
    last = _LAST_LINK.search(text.rstrip())
    unexplained = last is not None and last.group() not in {words(link.get("url")) for link in links(tweet)}
    return bool(media_links or _media_keys(tweet) or unexplained)
