"""What is known of the attempts to post a reply. Powertools forgets an attempt that failed; X may have acted on it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from twbot.lambdas.errors import Temporary, XRefused, XUnavailable
from twbot.lambdas.ports import OwnPost, X
from twbot.lambdas.x.escapes import unescaped
from twbot.lambdas.x.post_ids import first_id

# Seconds that X's timeline may lag behind what was posted. Where it lags longer, X still refuses the same words.
TIMELINE_LAG = 10.0
# Seconds that a request may last, more than the timeouts of lambdas/x/http.py: X may post at its end.
MAX_REQUEST = 25.0
# X does not document for how long it compares posts. Bots report 12 hours.
DUPLICATE_SECONDS = 12 * 3600.0
_NAMES = re.compile(r"^(?:@\w+ )+")
# X keeps uploaded pictures for 24 hours; an hour less, as the reply is posted later than it is checked.
# https://docs.x.com/x-api/media/introduction
MEDIA_SECONDS = 23 * 3600.0


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The attempts to answer one post. Times are epoch seconds."""

    unknown_since: float | None = None
    """Time of the first request whose outcome is unknown; None: there is none."""
    last: float = 0.0
    """Time at which the last request ended; where its end was not heard, at which it must have ended."""
    targets: list[str] = []
    """Ids of the versions of the post that the requests were replies to."""
    media_ids: dict[str, str] = {}
    """X's ids of the pictures that are uploaded, by their keys in the media store."""
    uploaded: float = 0.0
    """Time of the first of these uploads."""


class Attempts(Protocol):
    """The store of attempts, by the id that all versions of the answered post have in common."""

    def get(self, chain: str) -> Attempt | None:
        """Return what is known. Raises Temporary."""

    def put(self, chain: str, attempt: Attempt) -> None:
        """Store what is known. It is durable when this returns. Raises Temporary."""


class OutcomeUnknown(Temporary):
    """X may have posted the reply, and does not say so yet. The reply waits; it is never posted unasked.

    After the hours for which each platform tries again it is a dead letter with this text.
    """

    def __init__(self, why: object, *, retry_at: float | None = None) -> None:
        super().__init__(f"outcome-unknown: X may have posted this reply: {why}", retry_at=retry_at)


def _said(post: OwnPost) -> str:
    """Return the text of a post without the names that X puts in front, and without what it escapes."""
    return unescaped(_NAMES.sub("", post.text))


class Journal:
    """The attempts to answer one post: notes each request before it is made, and finds out what became of it."""

    def __init__(self, store: Attempts, x: X, chain: str, clock: Callable[[], float] = time.time) -> None:
        self._store, self._x, self._chain, self._clock = store, x, chain, clock
        self._attempt = store.get(chain) or Attempt()

    @property
    def media_ids(self) -> dict[str, str]:
        """Return X's ids of the pictures that are uploaded and not expired, by their keys."""
        expired = self._clock() - self._attempt.uploaded > MEDIA_SECONDS
        return {} if expired else self._attempt.media_ids

    def note_upload(self, key: str, media_id: str) -> None:
        known = self.media_ids
        uploaded = self._attempt.uploaded if known else self._clock()
        self._put(media_ids={**known, key: media_id}, uploaded=uploaded)

    @property
    def is_unknown(self) -> bool:
        """Whether an earlier request may have posted the reply."""
        return self._attempt.unknown_since is not None

    def find_posted(self) -> str | None:
        """Return the id of the reply that an earlier request posted; None where none did. Raises OutcomeUnknown."""
        if not self.is_unknown:
            return None
        found = self.ask()
        settled = self._attempt.last + TIMELINE_LAG
        # A clock that was set back must not make the reply wait for the difference.
        if found is None and self._attempt.last - MAX_REQUEST <= self._clock() < settled:
            raise OutcomeUnknown("its timeline may lag.", retry_at=settled)
        return found

    def ask(self) -> str | None:
        """Return the id of the reply that X shows; None where it shows none. Raises OutcomeUnknown."""
        return self._find(lambda post: post.reply_to in self._targets, after=self._chain)

    def said_elsewhere(self, text: str) -> bool:
        """Return whether X shows that the bot said this to somebody else lately. Raises OutcomeUnknown."""
        since = first_id(round((self._clock() - DUPLICATE_SECONDS) * 1000))
        same = self._find(
            lambda post: post.reply_to not in self._targets and _said(post) == text, after=str(max(since, 1))
        )
        return same is not None

    @property
    def _targets(self) -> set[str]:
        return {self._chain, *self._attempt.targets}

    def _find(self, is_it: Callable[[OwnPost], bool], *, after: str) -> str | None:
        try:
            return next((post.id for post in self._x.own_posts(after=after) if is_it(post)), None)
        except XUnavailable as error:
            raise OutcomeUnknown(error, retry_at=error.retry_at) from None
        except XRefused as error:
            raise OutcomeUnknown(error) from None

    def begin(self, target: str) -> None:
        """Note that a request is about to be made. It must not be made where this raises."""
        now = self._clock()
        targets = list(dict.fromkeys([*self._attempt.targets, target]))
        self._put(unknown_since=self._attempt.unknown_since or now, last=now + MAX_REQUEST, targets=targets)

    def ended(self) -> None:
        """Note that the request ended just now, without an outcome."""
        # Not needed: without the note, the reply waits longer.
        with contextlib.suppress(Temporary):
            self._put(last=min(self._clock(), self._attempt.last))

    def was_not_posted(self) -> None:
        """Note that no request can have posted the reply."""
        self._put(unknown_since=None)

    def _put(self, **changes: object) -> None:
        changed = msgspec.structs.replace(self._attempt, **changes)
        self._store.put(self._chain, changed)
        self._attempt = changed
