"""Goes on showing something until Ctrl-C: values that are read again and again, and a screen that is drawn anew."""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Generic, TypeVar

import typer
from rich.control import Control
from rich.text import Text

from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json_line, holding, out, print_held
from twbot.cli.ui.layout import rows_of
from twbot.lambdas.errors import TwbotError

REDRAW_INTERVAL = 1.0
LOOK_INTERVAL = 0.05  # at whether something was read
# In seconds. On AWS each read costs requests, and CloudWatch's numbers are a minute old.
LOCAL_INTERVAL, AWS_INTERVAL = 1.0, 60.0
Found = TypeVar("Found")

Watch = Annotated[bool, typer.Option("--watch", help="Go on showing it until Ctrl-C.")]


class Refreshed(Generic[Found]):
    """A value that a thread of its own reads again and again, `every` so many seconds.

    `value` is the last value that was read, `problem` the error if reading has failed since. `number` counts the reads.
    """

    def __init__(self, ask: Callable[[], Found], every: float) -> None:
        self._ask, self._every = ask, every
        self._stopped = threading.Event()
        self.value: Found | None = None
        self.problem: str | None = None
        self.number = 0
        # A daemon: Ctrl-C does not wait for a read that hangs.
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.value, self.problem = self._ask(), None
            except Exception as error:  # of any kind: the next read may succeed, and the thread must not end
                message = str(error) if isinstance(error, TwbotError) else f"{type(error).__name__}: {error}"
                self.problem = f"{message} ({datetime.datetime.now().astimezone():%H:%M:%S})"
            self.number += 1
            self._stopped.wait(self._every)

    def stop(self) -> None:
        """Stop reading, without waiting for a read under way."""
        self._stopped.set()


def interval_of(target: Target) -> float:
    """Return how often metrics, dead letters and traces of a bot are read, in seconds."""
    return LOCAL_INTERVAL if target.is_local else AWS_INTERVAL


def go_on(
    look: Callable[[], Found],
    show: Callable[[Found], None],
    document: Callable[[Found], object],
    *,
    every: float,
    json: bool,
    ended: Callable[[Found], bool] = lambda _: False,
) -> None:
    """Read something again and again and show it, as `go_on_with` does."""
    source = Refreshed(look, every)

    def of(use: Callable[[Found], Any]) -> Any:
        return None if source.value is None else use(source.value)

    go_on_with((source,), lambda: of(show), lambda: of(document), json=json, ended=lambda: bool(of(ended)))


def go_on_with(
    sources: tuple[Refreshed[Any], ...],
    show: Callable[[], None],
    document: Callable[[], object],
    *,
    json: bool,
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Show what the sources read, until Ctrl-C or until `ended`; a problem is shown beside the last values.

    `show` prints it for people, `document` returns it for --json: a line for each read of the first source.
    """
    try:
        if json:
            _print_documents(sources, document, ended)
        else:
            _redraw(sources, show, ended)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    finally:
        for each in sources:
            each.stop()


def _print_documents(
    sources: tuple[Refreshed[Any], ...], document: Callable[[], object], ended: Callable[[], bool]
) -> None:
    printed, (first, *others) = 0, sources
    while True:
        # The first line waits for the others, so that every line has all.
        if first.number > printed and (first.problem or all(each.number for each in others)):
            printed, problem = first.number, first.problem
            as_json_line({"problem": problem} if problem or first.value is None else document())
            if ended():
                return
        time.sleep(LOOK_INTERVAL)


def _redraw(sources: tuple[Refreshed[Any], ...], show: Callable[[], None], ended: Callable[[], bool]) -> None:
    """Draw what is shown when it changes, on a screen of its own on a terminal; in the end print it to stay."""
    before = None
    with out.screen() if out.is_screen else contextlib.nullcontext():
        while not ended():
            with holding() as held:
                _show(sources, show)
            shown = held.getvalue()
            if (shown, out.size) != before:
                _draw(shown)
                before = shown, out.size
            time.sleep(REDRAW_INTERVAL)
    show()


def _show(sources: tuple[Refreshed[Any], ...], show: Callable[[], None]) -> None:
    show() if sources[0].value is not None else out.print(Text("Looking …", "dim"))
    for each in sources:
        if each.problem:
            out.print(Text(f"Could not look: {each.problem}", "yellow"))


def _draw(shown: str) -> None:
    if out.is_screen:
        out.control(Control.home(), Control.clear())
        shown = "\n".join(_beginning(shown.splitlines()))
    print_held(shown)


def _beginning(lines: list[str]) -> Iterator[str]:
    """Yield the lines that the screen has room for; the terminal breaks those that are longer than it is wide."""
    room = out.height
    for line in lines:
        room -= rows_of(line, out.width)
        if room < 0:
            return
        yield line
