"""What is known of a post, of which X sends several events in any order. It only grows.

The first event of a post is published; a later one is published, too, where it knows more, with all that is known:
docs/decisions/0014-what-x-signed-is-kept-and-knowledge-grows.md
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from twbot.lambdas.contracts import Entry, Message

Json = dict[str, Any]
TEXT = "Text"
# What changes how a message is analysed, answered or shown: to learn one of these is worth another event.
_COMPLETING = ("Author", "ImageUrls", "Summoned", TEXT)
# These are added to an event that is published anyway.
_TRAVELLING = ("AccountAgeDays", "Followers", "Kind", "Language", "Thread", "Verified")
_CHAIN = "FirstTweetId"


def known_of(message: Message, missing: Collection[str] = ()) -> Json:
    """Return what a message knows, by the names of its fields. The text itself is left out: it may be long.

    `missing`: fields whose value is only provisional.
    """
    detail: Json = msgspec.to_builtins(message)
    names = {name: detail[name] for name in (*_COMPLETING, *_TRAVELLING) if detail.get(name) and name not in missing}
    if message.author == message.twitter.user_id:
        names.pop("Author", None)
    if TEXT in names:
        names[TEXT] = True
    # False and 0 are known values of these two, unlike those of the others.
    names |= {name: detail[name] for name in ("Followers", "Verified", "AccountAgeDays") if name in detail}
    return names | ({_CHAIN: message.twitter.first_tweet_id} if message.twitter.first_tweet_id else {})


def known_json(entry: Entry) -> str | None:
    """Return what an entry knows as publishers keep it: JSON, None where it says everything."""
    return None if entry.known is None else msgspec.json.encode(entry.known, order="deterministic").decode()


def keys_of(tweet_id: str) -> tuple[str, str, str]:
    """Return the keys with which something is known of a post: two that deduplicate, and that of its reply's words."""
    return f"message:{tweet_id}", f"incomplete:{tweet_id}", f"draft:{tweet_id}"


def completed(entry: Entry, earlier: str) -> tuple[Entry | None, str]:
    """Compare an entry with what the earlier ones of its key knew, which is JSON of `known_json`.

    Return the entry with the union of both, which says in `Completes` what is new; None where nothing is that matters.
    The second value is the JSON of all that is known now.
    """
    before: Json = msgspec.json.decode(earlier)
    own = entry.known or {}
    news = sorted(name for name in _COMPLETING if _knows_more(own.get(name), before.get(name)))
    known = _union(before, own)
    better = msgspec.structs.replace(entry, detail={**_with(entry.detail, known), "Completes": news}, known=known)
    return (better if news else None), known_json(better) or ""


def distinct(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with one for each `dedup_key`: the first, with what the others of the key know besides."""
    found: dict[object, Entry] = {}
    for number, entry in enumerate(entries):
        key = entry.dedup_key or number
        found[key] = _merged(found[key], entry) if key in found else entry
    return list(found.values())


def _merged(first: Entry, second: Entry) -> Entry:
    if first.known is None or second.known is None:
        return first
    union = _union(first.known, second.known)
    detail = second.detail if TEXT in second.known and TEXT not in first.known else first.detail
    return msgspec.structs.replace(first, detail=_with(detail, union), known=union)


def _union(earlier: Json, later: Json) -> Json:
    better = {name: value for name, value in later.items() if name not in earlier or _knows_more(value, earlier[name])}
    return {**earlier, **better}


def _knows_more(later: object, earlier: object) -> bool:
    if isinstance(later, list) and isinstance(earlier, list):
        return len(later) > len(earlier)
    return later is not None and earlier is None


def _with(detail: Json, known: Json) -> Json:
    """Return the detail with all known fields but the text, of which only its presence is known."""
    fields = {name: known[name] for name in (*_COMPLETING, *_TRAVELLING) if name in known and name != TEXT}
    twitter = {**detail["Twitter"], _CHAIN: known[_CHAIN]} if _CHAIN in known else detail["Twitter"]
    return {**detail, **fields, "Twitter": twitter}
