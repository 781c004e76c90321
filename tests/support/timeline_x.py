"""X as egress sees it: what it posts stands on a timeline, and each call fails as planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from twbot.lambdas.errors import XUnavailable
from twbot.lambdas.ports import OwnPost


class Reply(NamedTuple):
    """A reply on the timeline."""

    text: str
    to: str
    media_ids: list[str]
    at: float = 0.0


class TimelineX:
    """Posts unless `failures` has something to raise first. It never refuses a duplicate: that would hide a fault.

    lost: how many of the next replies are posted without an answer; lag: seconds until the timeline shows a post
    """

    def __init__(self, *failures: BaseException, clock: Callable[[], float] = lambda: 0.0, lag: float = 0.0) -> None:
        self.failures = list(failures)
        self.lost = 0
        self.lag = lag
        self.is_away = False
        self.replies: list[Reply] = []
        self.uploaded: list[tuple[bytes, str | None]] = []
        self.asked = 0
        self._clock = clock

    @property
    def posted(self) -> list[tuple[str, str, list[str]]]:
        return [each[:3] for each in self.replies]

    def upload_image(self, data: bytes, alt_text: str | None) -> str:
        self._check()
        self.uploaded.append((data, alt_text))
        return f"m{len(self.uploaded)}"

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:
        self._check()
        if self.failures:
            raise self.failures.pop(0)
        self.replies.append(Reply(text, to_tweet_id, list(media_ids), self._clock()))
        if self.lost:
            self.lost -= 1
            raise XUnavailable("X cannot be reached: ReadTimeout.")
        return f"9{len(self.replies)}"

    def own_posts(self, *, after: str) -> Iterator[OwnPost]:
        self._check()
        self.asked += 1
        for number, each in reversed([*enumerate(self.replies, 1)]):
            if each.at + self.lag <= self._clock():
                yield OwnPost(f"9{number}", f"@somebody {each.text}", each.to)

    def _check(self) -> None:
        if self.is_away:
            raise XUnavailable("X cannot be reached: ConnectionError.", may_have_acted=False)
