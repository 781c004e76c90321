"""What a function of a bot's folder talks to, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from twbot.lambdas.contracts import Entry


class Bus:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fixed: dict[str, str] = {}
        self.numbers: dict[str, float] = {}

    def publish(self, entries: Sequence[Entry]) -> None:
        self.entries += entries

    def fix(self, key: str, value: str) -> str:
        return self.fixed.setdefault(key, value)

    def add(self, key: str, amount: float) -> float:
        self.numbers[key] = self.numbers.get(key, 0.0) + amount
        return self.numbers[key]


class Media(dict[str, bytes]):
    def put(self, key: str, data: bytes, content_type: str) -> None:
        self[key] = data

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]
