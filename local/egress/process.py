"""The process that posts the replies (worker.py), seen from the bot."""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import MachineFault, Temporary
from twbot.lambdas.folder.folder import project
from twbot.local.bus.lock import Lock
from twbot.local.channel import Channel
from twbot.local.child_python import environment, python
from twbot.local.egress.messages import Answer, Failed, Handle, Line, Setup, answers

WORKER = "twbot.local.egress.worker"
CLOSE_SECONDS = 3.0
_log = logging.getLogger("twbot.egress")


class ReplyProcess:
    """Handles the queue of replies in a process of its own, of which there is one at a time. Threads may share it.

    folder: the data folder, which has the keys, too
    lock: the folder's. The process has it, too: as long as it lives no other bot begins on the folder, which could post
        the same reply.
    lanes: how many events are handled side by side
    """

    def __init__(self, folder: Path, setup: Setup, lock: Lock, *, lanes: int) -> None:
        self._arguments = (folder.absolute(), setup, lock, lanes)
        self._starting = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process, which loads its modules while the bot goes on. Raises MachineFault."""
        self._started()

    @property
    def pid(self) -> int | None:
        """Return the id of the process; None where none runs."""
        return None if self._worker is None else self._worker.pid

    def handle(self, event: Event) -> Sequence[Entry]:
        """Handle an event (Sender.handle), and return what is to be published.

        Raises what that raises, and Temporary where the process ended meanwhile.
        """
        worker = self._started()
        try:
            answer = worker.ask(event)
        except (OSError, EOFError):
            self._drop(worker)
            raise Temporary(f"The process that posts replies {worker.end()}. It is started again.") from None
        for line in answer.lines:
            _write(line)
        if isinstance(answer, Failed):
            raise answer.error()
        return answer.entries

    def close(self) -> None:
        """End the process. What it is at is cut off, and tried again at the next start."""
        with self._starting:
            self._closed = True
            worker = self._worker
        if worker is not None:
            self._drop(worker)

    def _started(self) -> _Worker:
        with self._starting:
            if self._closed:
                raise Temporary("The bot is stopping.")
            if self._worker is not None and self._worker.has_ended:
                _log.warning("the process that posts replies %s, while it had nothing to do", self._worker.end())
                self._worker.close()
                self._worker = None
            if self._worker is None:
                self._worker = _Worker(*self._arguments)
            return self._worker

    def _drop(self, worker: _Worker) -> None:
        with self._starting:
            if self._worker is worker:
                self._worker = None
        # Another one may begin only when this one has ended: both would post.
        worker.close()


class _Worker:
    def __init__(self, folder: Path, setup: Setup, lock: Lock, lanes: int) -> None:
        pairs = [socket.socketpair() for _ in range(1 + lanes)]
        theirs = [their for _, their in pairs]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                python("-m", WORKER, str(folder), *(str(each.fileno()) for each in theirs)),
                stdin=subprocess.DEVNULL,
                pass_fds=[*(each.fileno() for each in theirs), lock.fileno()],
                env=environment(project().absolute()),
                # Ctrl-C in the bot's terminal is not for it.
                start_new_session=True,
            )
        except OSError as error:
            for ours, _ in pairs:
                ours.close()
            raise MachineFault(f"Cannot start the process that posts replies: {error}") from None
        finally:
            for each in theirs:
                each.close()
        self.pid = self._process.pid
        self._life, *self._all = (Channel(ours) for ours, _ in pairs)
        self._free: queue.SimpleQueue[Channel] = queue.SimpleQueue()
        for lane in self._all:
            self._free.put(lane)
        self._closing = threading.Lock()
        with contextlib.suppress(OSError):  # it ended already: the first event finds that out
            self._life.send(setup)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, which nobody has been told of."""
        return self._process.poll() is not None

    def ask(self, event: Event) -> Answer:
        """Have an event handled. Raises OSError or EOFError where the process is gone."""
        lane = self._free.get()
        try:
            lane.send(Handle(event))
            if (message := lane.receive()) is None:
                raise EOFError
        finally:
            self._free.put(lane)
        answer: Answer = answers.decode(message)
        return answer

    def close(self) -> None:
        """End the process and wait for it."""
        with self._closing:
            self._life.close()  # which it ends for
            try:
                self._process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            for lane in self._all:
                lane.close()

    def end(self) -> str:
        """Return how the process ended, for a sentence."""
        code = self._process.returncode
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _write(line: Line) -> None:
    """Write a line of the process's log into the bot's, as if it had been logged here."""
    logger = logging.getLogger(line.logger)
    if logger.isEnabledFor(line.level):
        logger.log(line.level, "%s", line.text, extra=line.fields)
