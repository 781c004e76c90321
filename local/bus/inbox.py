"""A queue between threads that wakes as few of them as can do the work.

`queue.SimpleQueue` wakes a thread for each item. That costs two switches of threads, more than most items take:
docs/decisions/0020-what-was-measured-and-what-made-it-fast.md
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """Items for one or more threads, in order. Any thread may put, any may take.

    Of the threads that wait, one is woken for any number of items. Whoever takes an item and leaves others behind wakes
    the next: an item waits for nobody else's work while a thread is free.
    """

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._free: list[threading.Lock] = []  # one lock for each thread that waits, which releases it

    def __len__(self) -> int:
        return len(self._items)

    def put(self, items: Iterable[Item]) -> None:
        """Add items."""
        self._items.extend(items)
        self._wake()

    def get(self) -> Item:
        """Take the first item. Wait for one where there is none."""
        while True:
            try:
                item = self._items.popleft()
            except IndexError:
                self._wait()
                continue
            if self._items:
                self._wake()
            return item

    def take(self, limit: int) -> list[Item]:
        """Take at most `limit` items, without waiting."""
        taken: list[Item] = []
        while len(taken) < limit:
            try:
                taken.append(self._items.popleft())
            except IndexError:
                break
        return taken

    def _wait(self) -> None:
        mine = threading.Lock()
        mine.acquire()
        self._free.append(mine)
        # What was put before this thread was in the list has woken nobody.
        if self._items:
            self._wake()
        mine.acquire()

    def _wake(self) -> None:
        try:
            self._free.pop().release()
        except IndexError:
            return
