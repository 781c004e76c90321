"""Two rules and an event, for the tests of the bus."""

from __future__ import annotations

from twbot.lambdas.contracts import Entry
from twbot.lambdas.wiring import Rule

RULES = (Rule("s", "greetings", {"detail-type": ["HELLO"]}, "t"), Rule("s", "everything", {"source": ["BOT"]}, "t"))


def hello(number: int = 0, *, kind: str = "HELLO", dedup_key: str | None = None) -> Entry:
    return Entry(
        source="BOT", detail_type=kind, detail={"n": number, "Twitter": {"TweetId": str(number)}}, dedup_key=dedup_key
    )
