"""Which events of the lake tell of a post: those to be removed when its author has deleted it."""

from __future__ import annotations

import base64
import datetime
import re
from typing import Any

import msgspec

from twbot.lambdas.x.post_ids import IN_OUR_EVENTS, has_time, posted_at

POST_ID = re.compile(r"[0-9]{1,19}")
_REPLY = ("TweetId",)
# In our events, with the bot's reply; X's are searched for the post itself.
_OURS = (*IN_OUR_EVENTS, _REPLY)
# What an object with an id has where it is a post, and not a mere reference to one.
_OF_A_POST = frozenset({"text", "full_text", "author_id", "user_id"})


class ErasureResult(msgspec.Struct, frozen=True):
    """How many events went, the bot's replies that they told of, and which files could not be read."""

    events: int = 0
    replies: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()

    def __add__(self, other: ErasureResult) -> ErasureResult:
        return ErasureResult(
            self.events + other.events, self.replies | other.replies, (*self.unreadable, *other.unreadable)
        )


class ErasureReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a post's traces. `removed`: how many, by place; `replies`: the bot's, which stay on X.

    `remains`: what could not be removed, and when it goes by itself.
    """

    tweet_id: str
    removed: dict[str, int]
    replies: list[str] = []
    remains: list[str] = []

    @property
    def nothing(self) -> bool:
        return not any(self.removed.values())

    def merged_with(self, reply: ErasureReport) -> ErasureReport:
        """With what was removed of the bot's reply: it may repeat the post."""
        both = {where: count + reply.removed.get(where, 0) for where, count in self.removed.items()}
        return msgspec.structs.replace(self, removed=both)


def is_about(detail: object, *ids: str) -> bool:
    """Whether an event is about one of the posts, or holds it: quoted, reposted or liked. Its mere number is no
    content."""
    return any(_at(detail, path) in ids for path in _OURS) or _holds(detail, ids)


def reply_id(detail: object, *ids: str) -> str | None:
    """The bot's reply to one of the posts, where this is its TWEET_SENT."""
    found = _at(detail, _REPLY)
    return found if _at(detail, ("ReplyToTweetId",)) in ids and isinstance(found, str) else None


def remove_lines(lines: bytes, *ids: str) -> tuple[bytes, ErasureResult]:
    """The lines of JSON that do not tell of the posts, and what the others were. Broken ones with a number go, too."""
    kept, replies, gone = [], set[str](), 0
    for line in lines.splitlines(keepends=True):
        told = _told(line, ids)
        if told is None:
            kept.append(line)
            continue
        gone += 1
        replies |= {told} - {""}
    return b"".join(kept), ErasureResult(gone, frozenset(replies))


def first_hour(tweet_id: str) -> str:
    """The folder of the lake before which nothing can tell of the post: X's ids hold when they were made."""
    if not has_time(tweet_id):
        return ""
    return (posted_at(tweet_id) - datetime.timedelta(hours=1)).strftime("%Y/%m/%d/%H")


def _told(line: bytes, ids: tuple[str, ...]) -> str | None:
    """None where the line does not tell of the posts; else the reply it tells of, or nothing."""
    line = _raw(line)
    if not any(each.encode() in line for each in ids):
        return None
    try:
        event = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return "" if re.search(rb"(?<![0-9])(?:" + "|".join(ids).encode() + rb")(?![0-9])", line) else None
    detail = event.get("detail") if isinstance(event, dict) else None
    return (reply_id(detail, *ids) or "") if is_about(detail, *ids) else None


def _raw(line: bytes) -> bytes:
    """What Firehose could not deliver stands in its line as base64."""
    if b'"rawData"' not in line:
        return line
    try:
        return base64.b64decode(msgspec.json.decode(line, type=_Failed).raw, validate=True)
    except ValueError:
        return line


class _Failed(msgspec.Struct):
    raw: str = msgspec.field(name="rawData")


def _holds(value: Any, ids: tuple[str, ...]) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            known = {str(each[name]) for name in ("id", "id_str") if isinstance(each.get(name), str | int)}
            if known.intersection(ids) and _OF_A_POST & each.keys():
                return True
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def _at(detail: object, path: tuple[str, ...]) -> object:
    for step in path:
        detail = detail.get(step) if isinstance(detail, dict) else None
    return detail
