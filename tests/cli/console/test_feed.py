"""The events of the bus for open windows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from twbot.cli.console import feed as feeds
from twbot.cli.console.feed import MAX_BEHIND, Feed, Gap, TooManyWatchers, Watcher
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Event


def event(number: int) -> Event:
    return Event(id=str(number), source="BOT", time="2026-11-23T10:00:00Z", detail={}, detail_type="T")


async def taken(events: AsyncIterator[Event | Gap], count: int) -> list[str]:
    found: list[str] = []
    async for each in events:
        found.append(each.id if isinstance(each, Event) else each.value)
        if len(found) == count:
            break
    return found


def test_events_come_in_order_and_quiet_is_told() -> None:
    """After a while without any: a dead connection shows by that."""

    async def watch() -> list[str]:
        watcher = Watcher()
        for number in range(3):
            watcher.put(event(number))
        return await taken(watcher.events(0.01), 4)

    assert asyncio.run(watch()) == ["0", "1", "2", "quiet"]


def test_a_window_that_is_far_behind_loads_anew() -> None:
    """It is told once, instead of what it would show late; memory stays small."""

    async def watch() -> list[str]:
        watcher = Watcher()
        for number in range(MAX_BEHIND + 2):
            watcher.put(event(number))
        await asyncio.sleep(0)
        return await taken(watcher.events(0.01), 3)

    assert asyncio.run(watch()) == ["reload", str(MAX_BEHIND + 1), "quiet"]


def test_a_bot_that_cannot_be_read_is_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window is told each time; and there are so many windows at most."""
    monkeypatch.setattr(feeds, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(feeds, "MAX_WATCHERS", 1)

    async def watch() -> list[str]:
        feed = Feed(Target(data=tmp_path))
        with feed.watch() as watcher:
            with pytest.raises(TooManyWatchers), feed.watch():
                pass
            return await taken(watcher.events(5.0), 2)

    assert asyncio.run(watch()) == ["reload", "reload"]
