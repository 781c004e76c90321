"""What a server writes in one turn goes out together, in its order, and not after the connection was cut."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from twbot.local.joined_writes import JoinedWrites


class Transport:
    """A transport that notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def abort(self) -> None:
        self.done.append("cut")

    def is_closing(self) -> bool:
        return "closed" in self.done


def answer(joined: Any) -> None:
    joined.write(b"head ")
    joined.write(b"body")


def answer_and(end: str, joined: Any) -> None:
    answer(joined)
    getattr(joined, end)()


@pytest.mark.parametrize(
    ("do", "done"),
    [
        (answer, [b"head body"]),
        (functools.partial(answer_and, "close"), [b"head body", "closed"]),
        (functools.partial(answer_and, "abort"), ["cut"]),
        (lambda joined: joined.write(b""), []),
        (lambda joined: joined.close(), ["closed"]),
    ],
    ids=["answered", "closed", "cut", "empty", "idle"],
)
def test_one_turn_is_one_write(do: Callable[[Any], object], done: list[object]) -> None:
    """Also where it ends with the connection's end."""

    async def turn() -> list[object]:
        transport = Transport()
        do(JoinedWrites(transport))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        return transport.done

    assert asyncio.run(turn()) == done


def test_turns_are_apart_and_the_rest_is_the_transports() -> None:
    """What comes later is written later; other questions are answered as before."""

    async def turns() -> list[object]:
        transport = Transport()
        joined = JoinedWrites(transport)  # type: ignore[arg-type]
        for _ in range(2):
            answer(joined)
            await asyncio.sleep(0)
        assert not joined.is_closing()
        return transport.done

    assert asyncio.run(turns()) == [b"head body"] * 2
