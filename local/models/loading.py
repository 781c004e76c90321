"""Loads models at first use, and runs those that bear one thread only."""

from __future__ import annotations

import functools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from twbot.lambdas.errors import MachineFault

Model = TypeVar("Model")
Result = TypeVar("Result")
# Seconds after which a call is taken for hung: as long as the workflow waits for a detector.
PATIENCE = 60.0


def loads_once(load: Callable[[], Model]) -> Callable[[], Model]:
    """Decorate a function that loads a model, to load it once. Where it fails, raise MachineFault and try again."""
    # functools.cache lets two threads load at the same time.
    lock, loaded = threading.Lock(), list[Model]()

    @functools.wraps(load)
    def get() -> Model:
        with lock:
            if not loaded:
                loaded.append(_load(load))
            return loaded[0]

    return get


def loads_once_a_thread(load: Callable[[], Model]) -> Callable[[], Model]:
    """Decorate a function that loads a model which two threads must not share. Raises MachineFault."""
    kept = threading.local()

    @functools.wraps(load)
    def get() -> Model:
        if not hasattr(kept, "model"):
            kept.model = _load(load)
        model: Model = kept.model
        return model

    return get


def _load(load: Callable[[], Model]) -> Model:
    """Load a model. What goes wrong there says nothing about any message."""
    try:
        return load()
    except (MachineFault, ModuleNotFoundError):
        raise  # a missing package has words of its own in cli/installation.py
    except Exception as error:
        name = load.__module__.rpartition(".")[2]
        raise MachineFault(f"The model of {name} does not load: {type(error).__name__}: {error}") from error


class Worker:
    """One thread for all calls of a model: several at the same time would take gigabytes, or crash it.

    A call that hangs loses the thread: the next call gets a new one.
    """

    def __init__(self, name: str, *, patience: float = PATIENCE) -> None:
        self._name, self._patience = name, patience
        self._starting = threading.Lock()
        self._lane: _Lane | None = None

    def run(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """Call the function on the thread, after the calls before, and return its result or raise its exception."""
        done: Future[Result] = Future()

        def work() -> None:
            try:
                done.set_result(call(*arguments))
            except BaseException as error:
                done.set_exception(error)

        with self._starting:
            if self._lane is None or self._lane.hangs(self._patience):
                self._lane = _Lane(self._name, self._lane)
            self._lane.jobs.put(work)
        return done.result()


class _Lane:
    """A thread and its jobs. It is a daemon: a call that hangs must not keep the process from ending."""

    def __init__(self, name: str, former: _Lane | None) -> None:
        # The jobs that wait behind the one that hangs come along.
        self.jobs: queue.SimpleQueue[Callable[[], None]] = former.jobs if former else queue.SimpleQueue()
        if former is not None:
            former.jobs = queue.SimpleQueue()
        self._begun: float | None = None
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def hangs(self, patience: float) -> bool:
        begun = self._begun
        return begun is not None and time.monotonic() - begun > patience

    def _work(self) -> None:
        while True:
            job = self.jobs.get()
            self._begun = time.monotonic()
            job()
            self._begun = None
