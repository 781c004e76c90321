"""Which events of the lake tell of a post: those to be removed when its author has deleted it."""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec

POST_ID = re.compile(r"[0-9]{1,19}")
_X_EPOCH = datetime.datetime(2010, 11, 4, 1, 42, 54, 657000, datetime.UTC)
_FIRST_SNOWFLAKE = 30_000_000_000
# In our events; X's are searched for the post itself.
_OURS = (("Twitter", "TweetId"), ("TweetId",), ("ReplyToTweetId",), ("Message", "Twitter", "TweetId"))
# What an object with an id has where it is a post, and not a mere reference to one.
_OF_A_POST = frozenset({"text", "full_text", "author_id", "user_id"})


class Forgot(msgspec.Struct, frozen=True):
    """How many events went, of how many files; which files could not be read."""

    events: int = 0
    files: int = 0
    unreadable: list[str] = []

    def __add__(self, other: Forgot) -> Forgot:
        return Forgot(self.events + other.events, self.files + other.files, [*self.unreadable, *other.unreadable])


def tells_of(detail: object, tweet_id: str) -> bool:
    """Whether an event is about the post, or holds it: quoted, reposted or liked. Its mere number is no content."""
    return any(_at(detail, path) == tweet_id for path in _OURS) or _holds(detail, tweet_id)


def without(lines: bytes, tweet_id: str) -> tuple[bytes, int]:
    """The lines of JSON that do not tell of the post, and how many did. Broken lines with its number go, too."""
    every = lines.splitlines(keepends=True)
    kept = [line for line in every if not _tells(line, tweet_id)]
    return b"".join(kept), len(every) - len(kept)


def first_hour(tweet_id: str) -> str:
    """The folder of the lake before which nothing can tell of the post: X's ids hold when they were made."""
    number = int(tweet_id)
    if number < _FIRST_SNOWFLAKE:
        return ""
    try:
        made = _X_EPOCH + datetime.timedelta(milliseconds=number >> 22)
    except OverflowError:
        return ""
    return (made - datetime.timedelta(hours=1)).strftime("%Y/%m/%d/%H")


def _tells(line: bytes, tweet_id: str) -> bool:
    if tweet_id.encode() not in line:
        return False
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return bool(re.search(rb"(?<![0-9])" + tweet_id.encode() + rb"(?![0-9])", line))
    return isinstance(event, dict) and tells_of(event.get("detail"), tweet_id)


def _holds(value: Any, tweet_id: str) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            known = {str(each[name]) for name in ("id", "id_str") if isinstance(each.get(name), str | int)}
            if tweet_id in known and _OF_A_POST & each.keys():
                return True
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def _at(detail: object, path: tuple[str, ...]) -> object:
    for step in path:
        detail = detail.get(step) if isinstance(detail, dict) else None
    return detail
