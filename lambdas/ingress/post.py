"""A post, read from either of X's JSON shapes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from twbot.lambdas.completion import keys_of, known_of
from twbot.lambdas.contracts import Entry, MessageReceived, PostIncomplete, ThreadPost, Twitter, entry
from twbot.lambdas.ingress.opt_out import opt_out_in
from twbot.lambdas.ingress.shapes import identity, number, table, words
from twbot.lambdas.x.escapes import unescaped

MAX_THREAD, MAX_THREAD_TEXT = 3, 1000
# X allows four photos in a post.
MAX_IMAGES = 4
# More than the 25,000 that X allows: https://docs.x.com/x-api/posts/create-post. There is an end, as a workflow takes
# 256 KiB with the text and its excerpt of 5,000 bytes, and JSON needs up to six bytes for a character.
MAX_TEXT = 30_000
_MAX_URL = 2_000
# Withdrawn ISO 639-1 codes that X still uses, and their successors.
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,50}")
_LINKS = re.compile(r"\s*(https?://t\.co/\w+\s*)+")
_CUT = re.compile(r"…\s?(https?://t\.co/\w+)?$")
_MAX_FOLLOWERS = 2**63 - 1


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post that addresses the bot or is about it."""

    message: MessageReceived
    missing: list[str] = []
    """Fields of the message that X did not send, though the post seems to have them."""

    @property
    def tweet_id(self) -> str:
        return self.message.twitter.tweet_id

    def entry(self, bot_id: str) -> Entry:
        """Return the entry of MESSAGE_RECEIVED; where X has to be asked first, that of POST_INCOMPLETE."""
        if not self.missing:
            return self.message_entry()
        fields = msgspec.structs.asdict(self.message)
        incomplete = PostIncomplete(**fields, missing=self.missing, bot_id=bot_id)
        return entry(incomplete, dedup_key=keys_of(self.tweet_id)[1], known=self._known)

    def message_entry(self) -> Entry:
        """Return the entry of MESSAGE_RECEIVED, with what is known."""
        return entry(self.message, dedup_key=keys_of(self.tweet_id)[0], known=self._known)

    @property
    def _known(self) -> dict[str, Any]:
        return known_of(self.message, self.missing)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What X says of a post's author."""

    username: str | None = None
    followers: int | None = None
    verified: bool | None = None
    account_age_days: int | None = None


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a post, as X shows it."""

    text: str
    shown_from: int = 0
    """Offset at which the shown text begins: X put the names before it there, nobody typed them."""
    shown_until: int | None = None
    """Offset at which it ends."""
    added_links: list[str] = []
    """Links that stand for media."""
    whole: bool = True
    """Whether X did not cut it."""

    @property
    def typed(self) -> str:
        """Return the text as its author typed it. X escapes three characters and appends links."""
        text = self.text
        # An end that is wrong for this text must not cost any of its words.
        if self.shown_until is not None and _LINKS.fullmatch(text[self.shown_until :]):
            text = text[: self.shown_until]
        if not self.whole:
            # The link to the rest of a cut text is no word of its author.
            text = "".join(text.rstrip().rpartition("…")[:2])
        for link in filter(None, self.added_links):
            text = text.replace(link, "")
        return unescaped(text).strip()[:MAX_TEXT]


def make_post(
    tweet: dict[str, Any],
    *,
    user_id: str,
    person: Person,
    wording: Wording,
    summoned: bool | None,
    kind: str,
    image_urls: Iterable[str] = (),
    hints_at_images: bool = False,
    thread: Iterable[ThreadPost] = (),
) -> Post:
    """Put a post together. `summoned` is None where the payload does not tell."""
    urls = [url for url in image_urls if 0 < len(url) <= _MAX_URL][:MAX_IMAGES]
    missing = {
        "Author": person.username is None,
        "ImageUrls": hints_at_images and not urls,
        "Summoned": summoned is None,
        "Text": not wording.whole,
    }
    tweet_id = identity(tweet)
    message = MessageReceived(
        text=wording.typed,
        author=person.username or user_id,
        summoned=bool(summoned),
        twitter=Twitter(tweet_id=tweet_id, user_id=user_id, first_tweet_id=_first_version(tweet_id, tweet)),
        image_urls=urls,
        language=language_of(tweet.get("lang")),
        kind=kind,
        followers=person.followers,
        verified=person.verified,
        account_age_days=person.account_age_days,
        thread=sorted(thread, key=lambda each: int(each.tweet_id))[-MAX_THREAD:],
        opt_out=opt_out_in(wording.typed),
    )
    return Post(message=message, missing=[name for name, is_missing in missing.items() if is_missing])


def thread_post(tweet_id: str, author: str, text: str) -> Iterator[ThreadPost]:
    """Yield a post that another one answers or quotes, where X sent what makes it one."""
    if tweet_id and author and text:
        yield ThreadPost(tweet_id=tweet_id, author=author, text=text[:MAX_THREAD_TEXT])


def _first_version(tweet_id: str, tweet: dict[str, Any]) -> str | None:
    """Return the id of the first version of an edited post, in either shape, whichever of the APIs sent it.

    X counts ids up: the first is the smallest.
    """
    history = table(tweet.get("edit_history"))
    found = (history.get("edit_tweet_ids"), tweet.get("edit_history_tweet_ids"))
    versions = [history.get("initial_tweet_id"), *chain.from_iterable(each for each in found if isinstance(each, list))]
    ids = [each for each in (identity({"id": version}) for version in versions) if each]
    first = min([tweet_id, *ids], key=int)
    return first if first != tweet_id else None


def username(name: object) -> str | None:
    """Return a username; None where it cannot be one."""
    return name if isinstance(name, str) and _USERNAME.fullmatch(name) else None


def followers(count: object) -> int | None:
    found = number(count, -1)
    return found if 0 <= found <= _MAX_FOLLOWERS else None


def age_in_days(created_at: object, now: datetime.datetime | None = None) -> int | None:
    """Return how long ago a time of either generation was; None where it is none. A future one counts as today."""
    text = words(created_at)
    for parse in (datetime.datetime.fromisoformat, _classic_time):
        try:
            days = ((now or datetime.datetime.now(datetime.UTC)) - parse(text)).days
        except (ValueError, TypeError, OverflowError):
            continue
        return max(0, days)
    return None


def _classic_time(text: str) -> datetime.datetime:
    """Parse a time of v1.1: Wed Oct 10 20:19:24 +0000 2018."""
    return datetime.datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")


def language_of(code: object) -> str | None:
    """Return the ISO 639-1 code of X's `lang`; None for und, zxx, qme… by which X means an unknown language."""
    code = words(code).lower().partition("-")[0]
    code = _OLD_CODES.get(code, code)
    return code if re.fullmatch("[a-z]{2}", code) else None


def is_cut(text: str, length: int) -> bool:
    """Return whether X cut this text: it has about the `length` at which X cuts, and ends as X ends a cut one."""
    return len(text) >= length and _CUT.search(text.rstrip()) is not None


def typed_mention(mentions: Iterable[dict[str, Any]], name: str, bot_id: str, shown_from: int) -> bool | None:
    """Return whether the author typed the bot's name, at or after the offset `shown_from`.

    `name`: the bot's username, "" where it is unknown. None: a mention does not say whose it is.
    """
    # X prepends the names of the other participants to a reply and leaves them out of the displayed text.
    shown = [mention for mention in mentions if _start(mention) >= shown_from]
    if any(identity(mention) == bot_id for mention in shown):
        return True
    named = [words(m.get("username")) or words(m.get("screen_name")) for m in shown if not identity(m)]
    if name and any(each.lower() == name.lower() for each in named):
        return True
    return None if any(named) and not name else False


def named_in(text: str, name: str) -> bool | None:
    """Return whether a text without entities names the bot. None: it names somebody, and our name is unknown."""
    if not name:
        return None if "@" in text else False
    return re.search(rf"(?<![\w@])@{re.escape(name)}(?!\w)", text, re.IGNORECASE | re.ASCII) is not None


def shown_range(text_range: object) -> tuple[int, int | None]:
    """Return the offsets of a display_text_range; (0, None) without one."""
    if not isinstance(text_range, list) or not text_range:
        return 0, None
    start, end = number(text_range[0]), number(text_range[-1], -1)
    return max(0, start), end if end >= max(0, start) and len(text_range) > 1 else None


def _start(mention: dict[str, Any]) -> int:
    indices = mention.get("indices")
    return number(indices[0]) if isinstance(indices, list) and indices else number(mention.get("start"))
