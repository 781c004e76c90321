"""What a handler publishes: stored with the outcome of its delivery, both or neither."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.greetings import RULES, hello
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import Temporary
from twbot.local.bus import writer
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.bus.routes import RetryPolicy
from twbot.local.bus.store import Outcome, Store
from twbot.local.database import StorageError

LONG = 20.0


@contextlib.contextmanager
def handled_by(path: Path, handle: Callable[[Bus, Event], None], *, concurrency: int = 1) -> Iterator[Bus]:
    retry = RetryPolicy(attempts=3, first=0.001, longest=0.002)
    with Bus(path, RULES[:1], retry=retry) as bus:
        bus.attach("greetings", lambda event: handle(bus, event), concurrency=concurrency)
        bus.start()
        yield bus


def kinds(path: Path) -> list[str]:
    with contextlib.closing(History(path)) as history:
        return sorted(event.detail_type for event in history.events())


def test_both_are_stored_or_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the outcome can't be written, what was published can't be seen; then both are there, of one call."""
    path, calls, seen, settle = tmp_path / "bus.db", list[str](), list[list[str]](), Store.settle

    def refuse_once(store: Store, outcomes: Iterable[Outcome]) -> None:
        seen.append(kinds(path))
        if len(seen) == 1:
            raise StorageError("disk I/O error")
        settle(store, outcomes)

    def answer(bus: Bus, event: Event) -> None:
        calls.append(event.id)
        bus.publish([hello(kind="ANSWER")])

    monkeypatch.setattr(writer, "RETRY_AFTER", 0.01)
    with handled_by(path, answer) as bus:
        monkeypatch.setattr(Store, "settle", refuse_once)
        bus.publish([hello()])
        assert bus.drain(LONG)
    assert len(calls) == 1
    assert seen == [["HELLO"], ["HELLO"]]
    assert kinds(path) == ["ANSWER", "HELLO"]


def test_a_failing_handler_has_published_what_it_published(tmp_path: Path) -> None:
    """It is tried again, as before: what has a key is published once, what has none each time."""

    def answer(bus: Bus, _: Event) -> None:
        bus.publish([hello(kind="ONCE", dedup_key="k"), hello(kind="ANSWER")])
        raise Temporary("later")

    with handled_by(tmp_path / "bus.db", answer) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG, retries=True)
    assert kinds(tmp_path / "bus.db") == ["ANSWER"] * 3 + ["HELLO", "ONCE"]


def test_a_task_that_outlives_its_handler_loses_nothing(tmp_path: Path) -> None:
    """What it publishes after the handler's end is stored at once."""
    tasks: list[Callable[[], None]] = []

    def start(bus: Bus, _: Event) -> None:
        context = contextvars.copy_context()
        tasks.append(lambda: context.run(bus.publish, [hello(kind="LATE")]))

    with handled_by(tmp_path / "bus.db", start) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG)
        tasks[0]()
        assert kinds(tmp_path / "bus.db") == ["HELLO", "LATE"]


def test_what_is_fixed_is_the_same_for_all_who_ask_at_once(tmp_path: Path) -> None:
    """Also before any of them has ended, for whoever is no handler, and after a restart."""
    meeting, fixed = threading.Barrier(4), list[str]()

    def fix(bus: Bus, event: Event) -> None:
        meeting.wait(LONG)
        fixed.append(bus.fix("words", f"those of {event.detail['n']}"))
        meeting.wait(LONG)

    with handled_by(tmp_path / "bus.db", fix, concurrency=3) as bus:
        bus.publish([hello(number) for number in range(3)])
        meeting.wait(LONG)
        fixed.append(bus.fix("words", "mine"))
        meeting.wait(LONG)
        assert bus.drain(LONG)
    with Bus(tmp_path / "bus.db", RULES) as bus:
        fixed.append(bus.fix("words", "others"))
    assert len(fixed) == 5
    assert len(set(fixed)) == 1


def test_what_can_not_be_stored_fails_alone(tmp_path: Path) -> None:
    """An event that no file can hold makes a dead letter of its delivery; nobody else's commit fails with it."""

    def answer(bus: Bus, event: Event) -> None:
        key = "\ud800" if event.detail["n"] == 0 else None  # half a character, which UTF-8 has not
        bus.publish([hello(kind="ANSWER", dedup_key=key)])

    with handled_by(tmp_path / "bus.db", answer) as bus:
        bus.publish([hello(number) for number in range(3)])
        assert bus.drain(LONG, retries=True)
    assert kinds(tmp_path / "bus.db") == ["ANSWER"] * 2 + ["HELLO"] * 3
    with contextlib.closing(History(tmp_path / "bus.db")) as history:
        (dead,) = history.dead_letters()
    assert "UnicodeEncodeError" in str(dead)
