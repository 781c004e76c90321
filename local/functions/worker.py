"""Runs the functions of one owner, one call after the other, in a process of its own: FD FOLDER.

The bot is at the other end of the socket FD. The process ends when that end is closed, also in the middle of a call.
"""

from __future__ import annotations

import faulthandler
import functools
import io
import logging
import math
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.contracts import Entry
from twbot.lambdas.errors import Permanent, TwbotError
from twbot.lambdas.own.bot import Bot
from twbot.lambdas.own.redaction import RedactedStream, Redactor
from twbot.lambdas.own.running import call, load
from twbot.local.channel import Channel
from twbot.local.functions.messages import (
    Add,
    Answer,
    Asked,
    Down,
    Fix,
    Get,
    Line,
    Publish,
    Put,
    Raised,
    Request,
    Returned,
    Started,
)

# Seconds after its time limit at which the kernel ends a call that even the bot did not end; LOAD_SECONDS are in it.
GRACE = 20
LOGGER = "twbot.own"

_load = functools.cache(load)


def main() -> None:
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    os.set_inheritable(channel.fileno(), False)
    # Ctrl-C is the bot's, which finishes what is under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The bot asks where a function hangs: https://docs.python.org/3/library/faulthandler.html#faulthandler.register
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=False)
    inbox: queue.SimpleQueue[Request | Answer | Raised] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(channel, inbox), daemon=True).start()
    folder = Path(sys.argv[2])
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    while True:
        request = inbox.get()
        if isinstance(request, Request):  # else an answer that nobody waits for any more
            _serve(request, folder, channel, inbox)


def _read(channel: Channel, inbox: queue.SimpleQueue[Any]) -> None:
    """Read what the bot says. When it is gone, end this process and all that it started."""
    # The signal's stack is to be that of the function.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    while (message := channel.receive()) is not None:
        inbox.put(msgspec.json.decode(message, type=Down))
    os.killpg(0, signal.SIGKILL)


def _serve(request: Request, folder: Path, channel: Channel, inbox: queue.SimpleQueue[Any]) -> None:
    redact = Redactor(request.secrets.values())
    out, errors = (_Printed(channel, redact, level) for level in (logging.INFO, logging.WARNING))
    handler = _Logged(channel, redact)
    logging.root.handlers[:] = [handler]
    sys.stdout, sys.stderr = out, errors
    bus = _Bus(channel, inbox)
    # Its default action ends the process though Python itself hangs: the bot may have been killed meanwhile.
    signal.alarm(math.ceil(request.timeout) + GRACE)
    try:
        result = _called(request, folder, channel, bus)
    finally:
        signal.alarm(0)
        bus.close()
        for stream in (out, errors):
            stream.finish()
    channel.send(result if isinstance(result, Returned) else _redacted(result, redact))


def _called(request: Request, folder: Path, channel: Channel, bus: _Bus) -> Returned | Raised:
    try:
        function = _load(request.run, folder)
        channel.send(Started())
        bot = Bot(
            publisher=bus,
            media=bus,
            secrets=request.secrets,
            settings=request.settings,
            events=request.events,
            links=request.links,
            log=logging.getLogger(LOGGER),
        )
        return Returned(msgspec.Raw(msgspec.json.encode(call(request.run, function, request.event, bot))))
    except TwbotError as error:
        return Raised.of(error)


def _redacted(raised: Raised, redact: Redactor) -> Raised:
    text, lines = redact(raised.text), raised.traceback and redact(raised.traceback)
    return msgspec.structs.replace(raised, text=text, traceback=lines)


class _Bus:
    """The bus and the pictures of the bot, for one call."""

    def __init__(self, channel: Channel, inbox: queue.SimpleQueue[Any]) -> None:
        self._channel, self._inbox = channel, inbox
        self._asking = threading.Lock()  # a function may have threads of its own
        self._open = True

    def publish(self, entries: Sequence[Entry]) -> None:
        self._ask(Publish(list(entries)), None)

    def fix(self, key: str, value: str) -> str:
        return str(self._ask(Fix(key, value), str))

    def add(self, key: str, amount: float) -> float:
        return float(self._ask(Add(key, amount), float))

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self._ask(Put(key, data, content_type), None)

    def get(self, key: str) -> bytes:
        found = self._ask(Get(key), bytes | None)
        if found is None:
            raise KeyError(key)
        return bytes(found)

    def close(self) -> None:
        with self._asking:
            self._open = False

    def _ask(self, question: Asked, as_type: Any) -> Any:
        with self._asking:
            if not self._open:
                raise Permanent("The function has returned: its bot does nothing more.")
            self._channel.send(question)
            answer = self._inbox.get()
        if isinstance(answer, Raised):
            raise answer.error()
        return msgspec.json.decode(answer.value, type=as_type)


class _Lines(io.TextIOBase):
    """A text stream whose lines go to the bot."""

    def __init__(self, channel: Channel, level: int) -> None:
        self._channel, self._level = channel, level

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._channel.send(Line(self._level, line))
        return len(text)


class _Printed(RedactedStream):
    """Standard output or error of a function. What is written to its bytes, or by C, comes to the bot by a pipe."""

    encoding = "utf-8"
    buffer = sys.__stdout__.buffer if sys.__stdout__ else None

    def __init__(self, channel: Channel, redact: Redactor, level: int) -> None:
        super().__init__(_Lines(channel, level), redact)

    def finish(self) -> None:
        super().finish()
        if self.buffer:
            self.buffer.flush()

    def fileno(self) -> int:
        return 1


class _Logged(logging.Handler):
    """Sends the records of all loggers to the bot."""

    def __init__(self, channel: Channel, redact: Redactor) -> None:
        super().__init__()
        self._channel, self._redact = channel, redact

    def emit(self, record: logging.LogRecord) -> None:
        try:
            lines = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
            text = self._redact(record.getMessage())
            self._channel.send(Line(record.levelno, text, lines and self._redact(lines)))
        except Exception:
            self.handleError(record)


if __name__ == "__main__":
    main()
