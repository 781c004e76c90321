"""The bus: what it took survives, each rule gets it at least once, what fails is retried or becomes a dead letter."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.greetings import RULES, hello
from tests.support.paths import ROOT
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import BadEvent, ErrorKind, Permanent, Temporary, TwbotError
from twbot.lambdas.wiring import Rule
from twbot.local.bus import bus as bus_module
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.bus.patterns import BadPattern
from twbot.local.bus.routes import NotAttached, Overloaded, RetryPolicy
from twbot.local.bus.store import AlreadyRunning
from twbot.local.database import StorageError

SOON = RetryPolicy(attempts=3, first=0.001, longest=0.002)
LONG = 20.0


def ignore(_: object) -> None:
    pass


@contextlib.contextmanager
def running(
    path: Path, greet: Callable[[Event], None] = ignore, *, rules: tuple[Rule, ...] = RULES, **options: Any
) -> Iterator[Bus]:
    with Bus(path, rules, **{"retry": SOON, **options}) as bus:
        bus.attach("greetings", greet, concurrency=3)
        if len(rules) > 1:
            bus.attach("everything", ignore, batch=10)
        bus.start()
        yield bus


def test_every_matching_rule_gets_the_event(tmp_path: Path) -> None:
    """An event goes to each rule whose pattern it matches, as it was published, and to no other."""
    greeted: list[Event] = []
    with running(tmp_path / "bus.db", greeted.append) as bus:
        bus.publish([hello(1), hello(2, kind="BYE")])
        assert bus.drain(LONG)
        assert bus.settled()
    assert [(event.detail_type, event.detail["n"]) for event in greeted] == [("HELLO", 1)]
    with History(tmp_path / "bus.db") as history:
        assert history.event(greeted[0].id) == greeted[0]
        assert history.events_by_type() == {"BYE": 1, "HELLO": 1}
        assert {each.rule: each.state for each in history.deliveries(greeted[0].id)} == {
            "greetings": "done",
            "everything": "done",
        }


def test_once_is_once_even_at_the_same_time(tmp_path: Path) -> None:
    """Of entries with the same `dedup_key` one reaches the bus, whoever publishes it at once, also after a restart."""
    greeted: list[Event] = []
    for _ in range(2):
        with running(tmp_path / "bus.db", greeted.append) as bus:
            publishers = [threading.Thread(target=bus.publish, args=([hello(dedup_key="k")],)) for _ in range(8)]
            for thread in publishers:
                thread.start()
            for thread in publishers:
                thread.join()
            assert bus.drain(LONG)
    assert len(greeted) == 1


def test_handlers_may_publish(tmp_path: Path) -> None:
    """A handler that publishes neither waits for itself nor loses anything, also when the bus is full for outsiders."""
    replies: list[int] = []
    rules = (RULES[0], Rule("s", "replies", {"detail-type": ["REPLY"]}, "t"))
    with Bus(tmp_path / "bus.db", rules, limit=1) as bus:
        bus.attach("greetings", lambda event: bus.publish([hello(event.detail["n"], kind="REPLY")]))
        bus.attach("replies", lambda event: replies.append(event.detail["n"]))
        bus.publish([hello(number) for number in range(50)])
        with pytest.raises(Overloaded):
            bus.outside().publish([hello()])
        bus.start()
        assert bus.drain(LONG)
        bus.outside().publish([hello(50)])
        assert bus.drain(LONG)
    assert sorted(replies) == list(range(51))


def test_a_failure_is_tried_again_then_it_is_a_dead_letter(tmp_path: Path) -> None:
    """A handler that raises is called as often as the policy says; then the reason is kept, and redrive starts anew."""
    calls: list[str] = []

    def fail(event: Event) -> None:
        calls.append(event.id)
        if len(calls) <= 3:
            raise RuntimeError("no luck")

    with running(tmp_path / "bus.db", fail) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG, retries=True)
        with History(tmp_path / "bus.db") as history:
            (dead,) = history.dead_letters(rule="greetings")
            assert (dead.attempts, dead.error, dead.tweet_id) == (3, "RuntimeError: no luck", "0")
            assert dead.first_try is not None
            assert dead.ended is not None
            assert history.dead_letters(rule="everything") == []
            begun = datetime.datetime.fromisoformat(dead.time)
            assert (history.dead_by_rule(), history.waiting_by_rule()) == ({"greetings": 1}, {})
            assert history.done_by_rule(begun) == {"everything": 1}
            assert history.done_by_rule(begun + datetime.timedelta(hours=1)) == {}
            assert bus.redrive([dead.id, 999]) == 1
            assert bus.drain(LONG, retries=True)
            assert history.dead_letters() == []
            (done,) = [each for each in history.deliveries(dead.event_id) if each.rule == "greetings"]
            assert (done.state, history.waiting(), history.dead_by_rule()) == ("done", 0, {})
    assert len(calls) == 4


@pytest.mark.parametrize("error", [Permanent("never"), BadEvent("no such field")])
def test_what_can_not_succeed_is_not_tried_again(tmp_path: Path, error: TwbotError) -> None:
    """Permanent and BadEvent make a dead letter at the first attempt; purging forgets it."""
    calls: list[int] = []

    def refuse(_: Event) -> None:
        calls.append(1)
        raise error

    with running(tmp_path / "bus.db", refuse) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG, retries=True)
        with History(tmp_path / "bus.db") as history:
            (dead,) = history.dead_letters()
            assert dead.error == f"{type(error).__name__}: {error}"
            assert bus.purge([dead.id]) == 1
            assert history.dead_letters() == []
    assert len(calls) == 1


def test_retry_at_is_waited_for_and_costs_no_attempt(tmp_path: Path) -> None:
    """A handler may ask for a time, more often than it has attempts; nothing is called before."""
    calls: list[float] = []

    def limited(_: Event) -> None:
        calls.append(time.time())
        if len(calls) <= 5:
            raise Temporary("rate limit", retry_at=calls[-1] + 0.01)

    with running(tmp_path / "bus.db", limited) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG, retries=True)
    assert len(calls) == 6
    assert all(after - before >= 0.01 for before, after in itertools.pairwise(calls))


def test_what_waits_for_later_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """drain() does not wait for an attempt in an hour; it is still there after the restart, when its time comes."""
    calls: list[float] = []

    def limited(_: Event) -> None:
        calls.append(1)
        raise Temporary("rate limit", retry_at=time.time() + 3600)

    with running(tmp_path / "bus.db", limited) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG)
        assert not bus.settled()
    with running(tmp_path / "bus.db", ignore) as bus:
        assert bus.waiting == 1
        assert bus.drain(LONG)
        with History(tmp_path / "bus.db") as history:
            (event,) = history.events()
            (left,) = [each for each in history.deliveries(event.id) if each.state == "waiting"]
            assert left.error == "Temporary: rate limit"
            assert history.waiting() == 1
    with running(tmp_path / "bus.db", ignore, clock=lambda: time.time() + 3601) as bus:
        assert bus.drain(LONG, retries=True)
    assert len(calls) == 1


def test_a_batch_handler_gets_lists_and_a_bad_event_costs_only_itself(tmp_path: Path) -> None:
    """With `batch`, events come in lists no longer than that; one that can't be handled takes no other along."""
    seen: list[int] = []

    def keep(events: list[Event]) -> None:
        assert len(events) <= 4
        if any(event.detail["n"] == 7 for event in events):
            raise Permanent("seven")
        seen.extend(event.detail["n"] for event in events)

    with Bus(tmp_path / "bus.db", RULES[:1]) as bus:
        bus.attach("greetings", keep, batch=4, linger=3600)
        bus.start()
        bus.publish([hello(number) for number in range(10)])
        assert bus.drain(LONG)
    assert sorted(seen) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    with History(tmp_path / "bus.db") as history:
        assert [each.error for each in history.dead_letters()] == ["Permanent: seven"]


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """What publish() returned for survives kill -9, and is delivered by the next process."""
    program = textwrap.dedent("""
        import sys, threading
        from pathlib import Path
        from twbot.local.bus.bus import Bus
        from tests.support.greetings import RULES, hello
        bus = Bus(Path(sys.argv[1]), RULES)
        for rule in RULES:
            bus.attach(rule.name, lambda event: threading.Event().wait())
        bus.start()
        for number in range(30):
            bus.publish([hello(number, dedup_key=str(number))])
        print("published", flush=True)
        threading.Event().wait()
    """)
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "bus.db")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "published\n"
    with pytest.raises(AlreadyRunning, match="Another twbot"):
        Bus(tmp_path / "bus.db", RULES)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    greeted: list[Event] = []
    with running(tmp_path / "bus.db", greeted.append) as bus:
        bus.publish([hello(29, dedup_key="29"), hello(30, dedup_key="30")])
        assert bus.drain(LONG)
    assert sorted(event.detail["n"] for event in greeted) == list(range(31))


def test_stopping_leaves_the_rest_for_the_next_start(tmp_path: Path) -> None:
    """stop() lets the handler end what it is at; what was queued behind it is delivered later, once."""
    begun, go_on, greeted = threading.Event(), threading.Event(), list[int]()

    def slow(event: Event) -> None:
        begun.set()
        go_on.wait(LONG)
        greeted.append(event.detail["n"])

    bus = Bus(tmp_path / "bus.db", RULES[:1])
    bus.attach("greetings", slow)
    bus.start()
    bus.publish([hello(1), hello(2)])
    begun.wait(LONG)
    assert not bus.drain(0.0)
    stopper = threading.Thread(target=bus.stop)
    stopper.start()
    go_on.set()
    stopper.join()
    assert 1 in greeted
    with pytest.raises(Temporary, match="stopped"):
        bus.publish([hello()])
    with running(tmp_path / "bus.db", slow, rules=RULES[:1]) as again:
        assert again.drain(LONG)
    assert sorted(greeted) == [1, 2]


def test_a_replay_is_marked_and_goes_where_it_is_told(tmp_path: Path) -> None:
    """Replayed events carry the replay's name and their old ids, go to the chosen rules, and are no new history."""
    greeted: list[Event] = []
    with running(tmp_path / "bus.db", greeted.append) as bus:
        bus.publish([hello(1)])
        assert bus.drain(LONG)
        with History(tmp_path / "bus.db") as history:
            assert bus.republish(history.events(), "again", ["greetings"]) == 1
            assert bus.drain(LONG)
            assert len(list(history.events())) == 1
            assert len(list(history.events(replayed=True))) == 2
            assert history.events_by_type() == {"HELLO": 1}
            with pytest.raises(TwbotError, match="no rule 'nobody'"):
                bus.republish([], "again", ["nobody"])
    first, second = greeted
    assert (first.replay_name, second.replay_name, first.id) == (None, "again", second.id)


def test_history_is_found_by_time_type_and_tweet(tmp_path: Path) -> None:
    """Events are found by when they were, what they are and which post they are about; old ones can be forgotten."""
    now = [1_700_000_000.0]
    with Bus(tmp_path / "bus.db", RULES[:1], clock=lambda: now[0]) as bus:
        bus.attach("greetings", ignore)
        bus.start()
        for number in range(3):
            bus.publish(
                [hello(number), Entry(source="BOT", detail_type="SENT", detail={"ReplyToTweetId": str(number)})]
            )
            now[0] += 60
        assert bus.drain(LONG)
        second = datetime.datetime.fromtimestamp(1_700_000_060, datetime.UTC)
        with History(tmp_path / "bus.db") as history:
            assert [event.detail_type for event in history.events(tweet_id="1")] == ["HELLO", "SENT"]
            assert [event.detail["n"] for event in history.events(since=second, detail_type="HELLO")] == [1, 2]
            assert [event.detail["n"] for event in history.events(until=second, detail_type="HELLO")] == [0]
            assert len(list(history.events(limit=2, newest_first=True))) == 2
            assert [each.rule for each in history.deliveries_of_tweet("2")] == ["greetings"]
            events, last = history.after(4)
            assert [event.detail_type for event in events] == ["HELLO", "SENT"]
            assert last == history.last_number() == 6
            assert bus.prune(second) == 2
            assert history.events_by_type() == {"HELLO": 2, "SENT": 2}


def test_a_bad_pattern_names_its_rule(tmp_path: Path) -> None:
    """The bus refuses to open with a pattern that EventBridge would refuse, and names the rule and the place."""
    with pytest.raises(BadPattern, match=r"rule odd: detail\.x\[0\]\.numeric"):
        Bus(tmp_path / "bus.db", [Rule("s", "odd", {"detail": {"x": [{"numeric": [">"]}]}}, "t")])


def test_a_rule_without_a_handler_is_refused(tmp_path: Path) -> None:
    """The bus does not start while a rule's events would wait for ever."""
    with Bus(tmp_path / "bus.db", RULES) as bus:
        bus.attach("greetings", ignore)
        with pytest.raises(NotAttached, match="everything"):
            bus.start()


def test_what_waits_for_a_rule_that_is_gone_is_visible(tmp_path: Path) -> None:
    """When a rule was removed, what waited for it becomes a dead letter that says so."""
    with Bus(tmp_path / "bus.db", RULES) as bus:
        bus.publish([hello()])
    with running(tmp_path / "bus.db", rules=RULES[:1]) as bus:
        assert bus.drain(LONG)
        assert bus.orphans == {"everything": 1}
    error = (
        "NoSuchRule: everything is in twbot.toml no more. Put it back and: twbot dlq redrive --rule everything; "
        "or drop it: twbot dlq purge --rule everything"
    )
    with History(tmp_path / "bus.db") as history:
        assert [(each.rule, each.error) for each in history.dead_letters()] == [("everything", error)]


def test_a_process_that_does_not_deliver_keeps_what_waits_for_rules_it_does_not_know(tmp_path: Path) -> None:
    """`twbot forget` in another folder has the rules of another bot: the next start delivers all the same."""
    with Bus(tmp_path / "bus.db", RULES) as bus:
        bus.publish([hello()])
    with Bus(tmp_path / "bus.db", RULES[:1], delivers=False) as bus:
        assert bus.orphans == {}
    with History(tmp_path / "bus.db") as history:
        assert history.dead_letters() == []
        assert history.waiting() == 2


def test_a_dead_letter_of_a_rule_that_is_gone_waits_for_the_rule(tmp_path: Path) -> None:
    """It is not delivered to nobody: the error says what to do, and once the rule is back it is delivered."""
    with Bus(tmp_path / "bus.db", RULES) as bus:
        bus.publish([hello()])
    with running(tmp_path / "bus.db", rules=RULES[:1]) as bus:
        assert bus.drain(LONG)
        with History(tmp_path / "bus.db") as history:
            ids = [each.id for each in history.dead_letters()]
        with pytest.raises(TwbotError, match="There is no rule everything") as raised:
            bus.redrive(ids)
        assert "twbot dlq purge --rule everything" in (raised.value.hint or "")
    with running(tmp_path / "bus.db") as bus:
        assert bus.redrive(ids) == 1
        assert bus.drain(LONG)
    with History(tmp_path / "bus.db") as history:
        assert history.dead_letters() == []


def test_a_file_that_can_not_be_used_is_one_clear_error(tmp_path: Path) -> None:
    """A file that is not a database, and a folder that is not there, are StorageErrors with the file's name."""
    (tmp_path / "bus.db").write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(StorageError, match=r"bus\.db is damaged \(file is not a database"):
        Bus(tmp_path / "bus.db", RULES)
    with pytest.raises(StorageError, match="No such file"):
        Bus(tmp_path / "absent" / "bus.db", RULES)
    with pytest.raises(StorageError, match="no events yet"):
        History(tmp_path / "none.db")


def test_a_full_disk_refuses_and_then_goes_on(tmp_path: Path) -> None:
    """While nothing can be written, publishing says so and stores nothing; afterwards the bus works as before."""
    greeted: list[Event] = []
    with running(tmp_path / "bus.db", greeted.append, rules=RULES[:1]) as bus:
        # The page limit is SQLite's own way to be out of room: the same error as from a full disk.
        limit = bus._writer.ask(lambda store: store._db.execute("PRAGMA max_page_count = 20").fetchone()[0])
        assert limit >= 20
        big = Entry(source="BOT", detail_type="HELLO", detail={"x": "y" * 200_000})
        with pytest.raises(StorageError, match="full"):
            bus.publish([big])
        bus._writer.ask(lambda store: store._db.execute("PRAGMA max_page_count = 100000").fetchone())
        bus.publish([hello(1)])
        assert bus.drain(LONG)
    assert [event.detail["n"] for event in greeted] == [1]


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    """Others on the machine can't read what people wrote."""
    with Bus(tmp_path / "bus.db", RULES):
        assert (tmp_path / "bus.db").stat().st_mode & 0o077 == 0
    assert sqlite3.connect(tmp_path / "bus.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)


class Clocks:
    """A wall clock that can be set, and the monotonic clock that goes on."""

    def __init__(self) -> None:
        self.wall, self.monotonic = 1_700_000_000.0, 500.0

    def options(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setattr(bus_module, "TICK", 0.005)
        return {"clock": lambda: self.wall, "monotonic": lambda: self.monotonic}

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


DAYS = 86_400.0


@pytest.mark.parametrize("jump", [-10 * 365 * DAYS, -5 * 3600, -3, 0, 3, 3600, 2 * DAYS, 20 * 365 * DAYS])
@pytest.mark.parametrize("named", [True, False], ids=["a time that X named", "backoff"])
def test_a_clock_that_is_set_delays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float, named: bool
) -> None:
    """Either way, while a delivery waits: it is tried again after its seconds, and is no dead letter by its age."""
    clocks, calls, called = Clocks(), list[int](), threading.Semaphore(0)

    def fail_first(_: Event) -> None:
        calls.append(1)
        called.release()
        if len(calls) < 3:
            raise Temporary("later", retry_at=clocks.wall + 30 if named else None)

    retry = RetryPolicy(attempts=5, first=30, longest=30)
    with running(tmp_path / "bus.db", fail_first, retry=retry, **clocks.options(monkeypatch)) as bus:
        bus.publish([hello()])
        assert called.acquire(timeout=LONG)
        assert bus.drain(LONG)
        clocks.wall += jump
        for _ in range(2):
            clocks.passes(31)
            assert called.acquire(timeout=LONG)
            assert bus.drain(LONG)
        assert bus.settled()
    assert len(calls) == 3
    with History(tmp_path / "bus.db") as history:
        assert not history.dead_letters()


def test_a_clock_that_is_put_right_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that starts with the clock of 1970 waits for no time that X names in our years."""
    clocks, calls = Clocks(), list[int]()
    right, clocks.wall = clocks.wall, 0.0

    def limited(_: Event) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise Temporary("rate limit", retry_at=right + 60)

    with running(tmp_path / "bus.db", limited, **clocks.options(monkeypatch)) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG)
        assert not bus.settled()
        clocks.wall = right + 61
        assert bus.drain(LONG, retries=True)
    assert len(calls) == 2


def test_a_time_of_an_earlier_run_is_not_believed_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was two days ahead when it was written."""
    clocks, calls = Clocks(), list[int]()
    clocks.wall += 2 * DAYS

    def limited(_: Event) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise Temporary("rate limit", retry_at=clocks.wall + 30)

    options = clocks.options(monkeypatch)
    with running(tmp_path / "bus.db", limited, **options) as bus:
        bus.publish([hello()])
        assert bus.drain(LONG)
    clocks.wall -= 2 * DAYS
    with running(tmp_path / "bus.db", limited, **options) as bus:
        assert bus.waiting >= 1
        clocks.passes(bus_module.MAX_RECOVERED_WAIT)
        assert bus.drain(LONG, retries=True)
    assert len(calls) == 2


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_an_id_that_no_delivery_has_is_the_users_mistake(tmp_path: Path, number: int) -> None:
    """It is named, the file is not blamed, and nothing else that is written at the time fails with it."""
    with running(tmp_path / "bus.db") as bus:
        for call in (bus.redrive, bus.purge):
            with pytest.raises(TwbotError, match=f"^{number} is no id of a delivery") as caught:
                call([1, number])
            assert caught.value.kind is ErrorKind.USAGE


def test_old_events_go_and_the_file_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits or is a dead letter stays with its event, however old; keys stay as long as they are told."""
    clocks, path = Clocks(), tmp_path / "bus.db"

    def handle(event: Event) -> None:
        if event.detail["n"] == 1:
            raise Permanent("never")
        if event.detail["n"] == 2:
            raise Temporary("later", retry_at=clocks.wall + 30 * DAYS)

    with running(path, handle, rules=RULES[:1], **clocks.options(monkeypatch)) as bus:
        text = "x" * 2000
        for number in range(3):
            bus.publish([hello(number, dedup_key=f"old-{number}")])
        bus.publish([Entry(source="BOT", detail_type="HELLO", detail={"n": 9, "t": text}) for _ in range(1200)])
        assert bus.drain(LONG)
        clocks.passes(10 * DAYS)
        bus.publish([hello(3, dedup_key="new")])
        assert bus.drain(LONG)
        before, keys = (datetime.datetime.fromtimestamp(clocks.wall - n * DAYS, datetime.UTC) for n in (5, 30))
        assert bus.prune(before, keys) == 1201
        bus.publish([hello(0, dedup_key="old-0")])
        with History(path) as history:
            assert [event.detail["n"] for event in history.events()] == [1, 2, 3]
            assert len(history.dead_letters()) == 1
            assert history.waiting() == 1
        assert bus.prune(before, before) == 0
        bus.publish([hello(0, dedup_key="old-0"), hello(0, dedup_key="new")])
        assert bus.drain(LONG)
        with History(path) as history:
            assert [event.detail["n"] for event in history.events()] == [1, 2, 3, 0]
    assert path.stat().st_size < 100_000
