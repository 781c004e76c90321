"""What an X Activity post tells of its photos: it carries no media, but links and keys that hint at some."""

from __future__ import annotations

import re
from typing import Any

from twbot.lambdas.ingress.shapes import rows, table, unwrapped, words

Json = dict[str, Any]

_PHOTO_PAGE = re.compile(r"/photo/\d+/?$|^(https?://)?pic\.(x|twitter)\.com/")
_LAST_LINK = re.compile(r"https://t\.co/\w+$")


def whole(tweet: Json) -> Json:
    """Where the whole of the post is: long ones come in full as `note_tweet`."""
    return table(tweet.get("note_tweet")) or tweet


def links(tweet: Json) -> list[Json]:
    return [url for holder in (tweet, whole(tweet)) for url in rows(table(holder.get("entities")).get("urls"))]


def media_links(tweet: Json) -> list[str]:
    """The links that stand for media: they have a media key, or lead to the page of a photo."""
    return [words(link.get("url")) for link in links(tweet) if link.get("media_key") or _leads_to_photo(link)]


def _leads_to_photo(link: Json) -> bool:
    return any(_PHOTO_PAGE.search(words(link.get(name))) for name in ("expanded_url", "display_url"))


def _media_keys(tweet: Json) -> list[str]:
    keys = table(tweet.get("attachments")).get("media_keys")
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def included_photos(tweet: Json, includes: Json) -> list[str]:
    wanted = set(_media_keys(tweet)) | {words(link.get("media_key")) for link in links(tweet)}
    media = map(unwrapped, rows(includes.get("media")))
    return [
        words(item["url"])
        for item in media
        if item.get("type") == "photo" and words(item.get("url")) and words(item.get("media_key")) in wanted
    ]


def hints_at_photos(tweet: Json, text: str, media_links: list[str]) -> bool:
    """X Activity posts carry no media; a last link that no entity explains is how X shows that there is some."""
    last = _LAST_LINK.search(text.rstrip())
    unexplained = last is not None and last.group() not in {words(link.get("url")) for link in links(tweet)}
    return bool(media_links or _media_keys(tweet) or unexplained)
