"""Models load once, a failure to load is no answer, and one that hangs does not keep the others."""

from __future__ import annotations

import errno
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from twbot.lambdas.errors import MachineFault, Temporary
from twbot.local.models import (
    centerface,
    embedding,
    entities,
    faces,
    labels,
    landmarks,
    language,
    sentiment,
    text_networks,
)
from twbot.local.models.comprehend import Comprehend
from twbot.local.models.loading import Worker, loads_once, loads_once_a_thread

FAULTS = [OSError(errno.EMFILE, "Too many open files"), MemoryError(), ValueError("a damaged file"), RuntimeError("?")]


@pytest.mark.parametrize("decorate", [loads_once, loads_once_a_thread])
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_a_failure_to_load_is_of_the_machine_and_not_kept(decorate: object, fault: Exception) -> None:
    """Whatever a library raises when its model does not load: MachineFault; the next call tries again."""
    tries: list[int] = []

    def load() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise fault
        return "the model"

    model = decorate(load)  # type: ignore[operator]
    for _ in range(2):
        with pytest.raises(MachineFault, match=type(fault).__name__):
            model()
    assert [model(), model(), len(tries)] == ["the model", "the model", 3]


def test_a_missing_package_keeps_its_name() -> None:
    """The command line says which extra to install."""

    @loads_once
    def load() -> None:
        raise ModuleNotFoundError("No module named 'onnx'", name="onnx")

    with pytest.raises(ModuleNotFoundError):
        load()


def test_many_threads_load_once() -> None:
    """A model takes hundreds of megabytes."""
    loaded: list[int] = []

    @loads_once
    def model() -> str:
        loaded.append(1)
        return "the model"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: model(), range(40))) == {"the model"}
    assert loaded == [1]


def test_every_model_loads_in_this_way() -> None:
    """None caches by itself: functools.cache would let two threads load, and would hide the machine's fault."""
    of_text = (text_networks._detector, text_networks._recogniser)
    of_faces = (faces._session, centerface._session, landmarks._trees)
    for model in (embedding._model, entities._model, language._detector, labels._session, *of_text, *of_faces):
        assert hasattr(model, "__wrapped__")
        assert not hasattr(model, "cache_clear")
    for data in (sentiment._network, labels._kinds):
        assert not hasattr(data, "cache_clear")


def test_a_detector_without_a_file_handle_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bus delivers the message again, rather than reporting it as one that can't be analysed."""

    def no_handle() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(entities, "_model", loads_once(no_handle))
    with pytest.raises(Temporary, match="does not load"):
        Comprehend().detect_entities({"Text": "London", "LanguageCode": "en"})


def test_a_worker_runs_one_call_at_a_time_in_one_thread() -> None:
    """Results and exceptions come back to whoever asked."""
    worker, running = Worker("test"), threading.Lock()

    def call(number: int) -> tuple[int, int]:
        assert running.acquire(blocking=False)
        running.release()
        return number, threading.get_ident()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: worker.run(call, number), range(20)))
    assert [number for number, _ in found] == list(range(20))
    assert len({thread for _, thread in found}) == 1
    with pytest.raises(ZeroDivisionError):
        worker.run(lambda: 1 // 0)


def test_a_call_that_hangs_does_not_keep_the_others() -> None:
    """After its time the next call gets a new thread, and so do those that waited behind it."""
    worker, stuck, begun = Worker("test", patience=0.0), threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        stuck.wait(60)
        return "late"

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(worker.run, hang)
        assert begun.wait(20)
        assert worker.run(lambda: "next") == "next"
        assert not first.done()
        stuck.set()
        assert first.result(20) == "late"
