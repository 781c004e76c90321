"""What shares a commit: each costs an fsync."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.support.greetings import RULES, hello
from twbot.local.bus.bus import Bus


@contextlib.contextmanager
def commits_of(bus: Bus) -> Iterator[list[str]]:
    """The COMMITs within."""
    made: list[str] = []
    database = bus._writer._store._db
    database.set_trace_callback(lambda statement: made.append(statement) if statement == "COMMIT" else None)
    yield made
    database.set_trace_callback(None)


def test_outcomes_wait_for_a_job_to_share_its_commit(tmp_path: Path) -> None:
    """Fifty outcomes that come one by one are no fifty commits."""
    with Bus(tmp_path / "bus.db", RULES) as bus:
        for rule in RULES:
            bus.attach(rule.name, lambda _: None)
        bus.publish([hello(number) for number in range(50)])
        with commits_of(bus) as made:
            bus.start()
            assert bus.drain(30)
        assert 1 <= len(made) < 25
