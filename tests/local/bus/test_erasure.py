"""Events that are removed while something is still to be done about them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import Temporary
from twbot.lambdas.wiring import EVERY_EVENT, Rule
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.bus.routes import RetryPolicy
from twbot.local.data_folder import DataFolder
from twbot.local.lake.erasure import Erasure
from twbot.local.lake.lake import Lake
from twbot.local.server.control import Erase

POST = "2080765813578191305"
RULE = Rule("analytics", "keep-every-event", EVERY_EVENT, "lake")
DETAIL = {"Twitter": {"TweetId": POST, "UserId": "1"}, "Text": "words"}


def publish(bus: Bus) -> None:
    bus.publish([Entry(source="BOT", detail_type="MESSAGE_RECEIVED", detail=DETAIL)])


def wait(event: threading.Event) -> None:
    assert event.wait(10)


def test_what_waits_for_another_attempt_is_not_tried_again(tmp_path: Path) -> None:
    """It counts no longer as waiting, nor does it come back at the next start."""
    tried, again = threading.Event(), threading.Event()

    def handle(_: Event) -> None:
        (again if tried.is_set() else tried).set()
        raise Temporary("not now", retry_at=4e9)

    with Bus(tmp_path / "bus.db", [RULE], retry=RetryPolicy(patience=1e10)) as bus:
        bus.attach(RULE.name, handle)
        bus.start()
        publish(bus)
        wait(tried)
        assert bus.drain(10)
        assert bus.waiting == 1
        assert bus.forget([1, 99]) == 1
        assert bus.settled()
        assert not bus._parked
    with Bus(tmp_path / "bus.db", [RULE]) as bus:
        assert bus.settled()
    assert not again.is_set()


def test_what_is_under_way_ends_and_is_not_tried_again(tmp_path: Path) -> None:
    """Whatever becomes of the attempt."""
    begun, go_on = threading.Event(), threading.Event()

    def handle(_: Event) -> None:
        begun.set()
        wait(go_on)
        raise Temporary("not now", retry_at=4e9)

    with Bus(tmp_path / "bus.db", [RULE], retry=RetryPolicy(patience=1e10)) as bus:
        bus.attach(RULE.name, handle)
        bus.start()
        publish(bus)
        wait(begun)
        assert bus.forget([1]) == 1
        go_on.set()
        assert bus.drain(10, retries=True)


@pytest.mark.parametrize("batch", [None, 100])
def test_what_gets_into_the_lake_meanwhile_is_found(tmp_path: Path, batch: int | None) -> None:
    """A delivery that was under way writes its file after the archive is empty: it goes with the lake's others."""
    home, begun, go_on = DataFolder(tmp_path), threading.Event(), threading.Event()
    lake = Lake(home.lake)

    def handle(events: Event | list[Event]) -> None:
        begun.set()
        wait(go_on)
        lake.append(events if isinstance(events, list) else [events])

    with Bus(home.bus, [RULE]) as bus:
        bus.attach(RULE.name, handle, batch=batch)
        bus.start()
        publish(bus)
        wait(begun)
        drained, drain = threading.Event(), bus.drain

        def draining(timeout: float, *, retries: bool = False) -> bool:
            drained.set()
            go_on.set()
            return drain(timeout, retries=retries)

        bus.drain = draining  # type: ignore[method-assign]
        report = Erasure(home, bus, lake, live=True).forget(Erase(POST))
        assert drained.is_set()
    assert (report.removed["archive"], report.removed["lake"]) == (1, 1)
    assert not list(home.lake.rglob("*.gz"))
    with History(home.bus) as history:
        assert not list(history.events())


def test_copies_of_earlier_files_are_named(tmp_path: Path) -> None:
    """Of before a migration and before a restore: nothing is removed from them, and whoever asked is told."""
    (tmp_path / "bus.db.before-v2").write_bytes(b"")
    (tmp_path / "before-restore-20261125T000000Z-abc").mkdir()
    with Bus(tmp_path / "bus.db", [RULE]) as bus:
        erasure = Erasure(DataFolder(tmp_path), bus, Lake(tmp_path / "lake"), live=False)
        remains = " ".join(erasure.forget(Erase(POST, dry_run=True)).remains)
    assert "bus.db.before-v2" in remains
    assert "before-restore-" in remains
