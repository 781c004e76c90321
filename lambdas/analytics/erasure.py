"""Finds and removes the lake's events about a post that its author has deleted."""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from twbot.lambdas.analytics.table import OWN
from twbot.lambdas.folder.event_types import OURS
from twbot.lambdas.x.post_ids import IN_OUR_EVENTS, has_time, posted_at

POST_ID = re.compile(r"[0-9]{1,19}")
_REPLY = ("TweetId",)
# Where our own events have the post's id, or the reply's. X's events are searched for the post itself.
_POST_ID_PATHS = (*IN_OUR_EVENTS, _REPLY)
# An object with an id and one of these fields is a post; without them it is a mere reference to one.
_FIELDS_OF_A_POST = frozenset({"text", "full_text", "author_id", "user_id"})


class ErasureResult(msgspec.Struct, frozen=True):
    """The result of removing events from a part of the lake."""

    events: int = 0
    """Number of events removed."""
    replies: frozenset[str] = frozenset()
    """Ids of the bot's replies that these events mention."""
    unreadable: tuple[str, ...] = ()
    """Files that could not be read."""

    def __add__(self, other: ErasureResult) -> ErasureResult:
        return ErasureResult(
            self.events + other.events, self.replies | other.replies, (*self.unreadable, *other.unreadable)
        )


class ErasureReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of erasing a post, for the operator."""

    tweet_id: str
    removed: dict[str, int]
    """Number of records removed from each place."""
    replies: list[str] = []
    """Ids of the bot's replies, which stay on X."""
    remains: list[str] = []
    """Remarks on what could not be removed, and when it expires."""

    @property
    def nothing(self) -> bool:
        """Return whether nothing was removed."""
        return not any(self.removed.values())

    def merged_with(self, reply: ErasureReport) -> ErasureReport:
        """Return this report with the counts of the bot's reply added, which may repeat the post's text."""
        both = {where: count + reply.removed.get(where, 0) for where, count in self.removed.items()}
        return msgspec.structs.replace(self, removed=both)


def is_about(detail: object, *ids: str, kind: str = "") -> bool:
    """Return whether an event is about one of the posts or contains it, as a quote, repost or like does.

    An event of X's that only refers to its id contains nothing to erase. An own event, of a type (`kind`) that is not
    ours, has any shape: it is about the post where one of its values is the id, wherever that stands.
    """
    if kind and kind not in OURS:
        return any(isinstance(each, str | int) and str(each) in ids for each in _values(detail))
    return any(_at(detail, path) in ids for path in _POST_ID_PATHS) or _quotes(detail, ids) or _holds(detail, ids)


def reply_id(detail: object, *ids: str) -> str | None:
    """Return the id of the bot's reply to one of the posts, if the event is the reply's TWEET_SENT."""
    found = _at(detail, _REPLY)
    return found if _at(detail, ("ReplyToTweetId",)) in ids and isinstance(found, str) else None


def remove_lines(lines: bytes, *ids: str) -> tuple[bytes, ErasureResult]:
    """Return the lines of JSON without those about the posts, and what was removed.

    A broken line that contains one of the ids is removed as well.
    """
    remaining, replies, removed = [], set[str](), 0
    for line in lines.splitlines(keepends=True):
        reply = _match(line, ids)
        if reply is None:
            remaining.append(line)
            continue
        removed += 1
        replies |= {reply} - {""}
    return b"".join(remaining), ErasureResult(removed, frozenset(replies))


def first_hour(tweet_id: str) -> str:
    """Return the first folder of the lake (yyyy/MM/dd/HH) that can contain the post, "" for an id without a time."""
    if not has_time(tweet_id):
        return ""
    # An hour of tolerance between X's clock and that of the lake.
    return (posted_at(tweet_id) - datetime.timedelta(hours=1)).strftime("%Y/%m/%d/%H")


def _match(line: bytes, ids: tuple[str, ...]) -> str | None:
    """Return None for a line that is not about the posts, else the id of the reply it mentions, or ""."""
    line = _raw(line)
    # Parsing every line of the lake would be slow: most lines do not contain the digits at all.
    if not any(each.encode() in line for each in ids):
        return None
    try:
        event = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return "" if re.search(rb"(?<![0-9])(?:" + "|".join(ids).encode() + rb")(?![0-9])", line) else None
    if not isinstance(event, dict):
        return None
    detail, kind = _detail(event), str(event.get("detail-type") or "")
    return (reply_id(detail, *ids) or "") if is_about(detail, *ids, kind=kind) else None


def _detail(event: dict[str, Any]) -> object:
    """Return the detail of an event of the lake: an own one's whole is in `own` (lambdas/analytics/lines.py)."""
    if event.get("detail-type") in OURS or not isinstance(event.get(OWN), str):
        return event.get("detail")
    try:
        return msgspec.json.decode(event[OWN])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return event.get("detail")


def _raw(line: bytes) -> bytes:
    # Firehose writes records that it could not deliver in an envelope, in base64.
    if b'"rawData"' not in line:
        return line
    try:
        return base64.b64decode(msgspec.json.decode(line, type=_Failed).raw, validate=True)
    except ValueError:
        return line


class _Failed(msgspec.Struct):
    raw: str = msgspec.field(name="rawData")


def _quotes(detail: object, ids: tuple[str, ...]) -> bool:
    """Return whether a message has one of the posts in its Thread."""
    thread = _at(detail, ("Thread",))
    return isinstance(thread, list) and any(_at(each, _REPLY) in ids for each in thread)


def _holds(value: Any, ids: tuple[str, ...]) -> bool:
    for each in _values(value):
        if isinstance(each, dict):
            known = {str(each[name]) for name in ("id", "id_str") if isinstance(each.get(name), str | int)}
            if known.intersection(ids) and _FIELDS_OF_A_POST & each.keys():
                return True
    return False


def _values(value: Any) -> Iterator[Any]:
    """Yield a value and every value within it."""
    # Not recursive: what X sent may be nested deeply.
    pending = [value]
    while pending:
        each = pending.pop()
        yield each
        if isinstance(each, dict):
            pending += each.values()
        elif isinstance(each, list):
            pending += each


def _at(detail: object, path: tuple[str, ...]) -> object:
    for step in path:
        detail = detail.get(step) if isinstance(detail, dict) else None
    return detail
