"""The queue between threads: nothing waits while somebody is free, and few are woken."""

from __future__ import annotations

import threading

from twbot.local.bus.inbox import Inbox

LONG = 20.0


def test_one_put_keeps_as_many_busy_as_there_is_work_for() -> None:
    """Three items that come at once are worked on at once: none waits behind one that takes long."""
    inbox, together = Inbox[int | None](), threading.Barrier(4)

    def work() -> None:
        while inbox.get() is not None:
            together.wait(LONG)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    inbox.put([1, 2, 3])
    together.wait(LONG)
    inbox.put([None] * 3)
    for thread in threads:
        thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads)


def test_every_item_is_taken_once_in_order() -> None:
    """Whoever puts and takes at the same time."""
    inbox, taken = Inbox[tuple[int, int] | None](), list[tuple[int, int]]()

    def work() -> None:
        while (item := inbox.get()) is not None:
            taken.append(item)

    def fill(name: int) -> None:
        for n in range(500):
            inbox.put([(name, n)])

    readers = [threading.Thread(target=work) for _ in range(3)]
    writers = [threading.Thread(target=fill, args=(name,)) for name in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join(LONG)
    inbox.put([None] * 3)
    for thread in readers:
        thread.join(LONG)
    assert sorted(taken) == [(name, n) for name in range(3) for n in range(500)]


def test_what_is_there_is_taken_without_waiting() -> None:
    """At most so many, in order."""
    inbox = Inbox[int]()
    inbox.put([1, 2, 3])
    assert inbox.take(2) == [1, 2]
    assert inbox.take(2) == [3]
    assert inbox.take(2) == []
