"""The functions of the bot's folder on one machine, each in a process that only functions of its owner share."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import FunctionFailed, Temporary
from twbot.lambdas.folder.records import EventFields
from twbot.lambdas.log_context import log_context
from twbot.lambdas.own.redaction import Redactor
from twbot.lambdas.ports import Call, MediaStore, OwnBus
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.functions.messages import Add, Asked, Fix, Get, Line, Publish, Request
from twbot.local.functions.process import Ended, OnLine, Process

# Processes of one owner at most: so many calls run side by side, such as those for the four images of a post.
PROCESSES = 4
# Lines of one call in the log: a function that prints without end must not push all else out of it.
MAX_LINES = 1000

log = logging.getLogger("twbot.own")


class LocalFunctions:
    """The port Functions on one machine.

    secrets: returns the values of secrets by their names, without those that nobody stored
    settings, events, links: as lambdas/own/bot.py has them
    """

    def __init__(
        self,
        folder: Path,
        *,
        publisher: OwnBus,
        media: MediaStore,
        secrets: Callable[[Sequence[str]], dict[str, str]],
        settings: Mapping[str, Any],
        events: EventFields,
        links: Sequence[str],
    ) -> None:
        self._folder, self._publisher, self._media, self._secrets = folder, publisher, media, secrets
        self._settings, self._events, self._links = dict(settings), events, list(links)
        self._lock = threading.Lock()
        self._slots: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(PROCESSES))
        self._idle: dict[str, list[Process]] = defaultdict(list)
        self._busy: set[Process] = set()
        self._closed = False

    def call(self, call: Call, event: Event) -> Any:
        """Return what the function returned, in JSON's types. Raises Temporary, Permanent, FunctionFailed."""
        request = Request(
            call.run,
            event,
            call.timeout,
            self._secrets(call.secrets),
            self._settings,
            self._events,
            self._links,
        )
        with self._lock:
            slot = self._slots[call.owner]
        with slot, log_context(tweet_of(event)):
            return self._call(call.owner, request, _logging(call.owner, event, Redactor(request.secrets.values())))

    def close(self) -> None:
        """End all processes. A call that is under way raises Temporary: it is tried again at the next start."""
        with self._lock:
            self._closed = True
            idle = [each for each_owners in self._idle.values() for each in each_owners]
            self._idle.clear()
            for each in self._busy:
                each.kill()
        for each in idle:
            each.close()

    def _call(self, owner: str, request: Request, on_line: OnLine) -> Any:
        process, is_used = self._take(owner)
        try:
            return process.call(request, self._answer, on_line)
        except Ended as error:
            if self._closed:
                # With a time to try it again at, it does not count as an attempt (local/bus/routes.py).
                raise Temporary("The bot stops.", retry_at=time.time()) from None
            if not (is_used and error.idle):
                raise FunctionFailed(str(error)) from None
        finally:
            self._give_back(owner, process)
        # It ended between two calls, by something that the one before had left behind.
        return self._call(owner, request, on_line)

    def _take(self, owner: str) -> tuple[Process, bool]:
        """Return a process, and whether it was used before. Raises Temporary, MachineFault."""
        with self._lock:
            if self._closed:
                raise Temporary("The bot stops.", retry_at=time.time())
            if idle := self._idle[owner]:
                process = idle.pop()
                self._busy.add(process)
                return process, True
        process = Process(self._folder)
        with self._lock:
            self._busy.add(process)
        if self._has_closed():  # meanwhile
            process.kill()
        return process, False

    def _has_closed(self) -> bool:
        return self._closed

    def _give_back(self, owner: str, process: Process) -> None:
        with self._lock:
            self._busy.remove(process)
            if process.is_alive() and not self._closed:
                self._idle[owner].append(process)
                return
        process.close()

    def _answer(self, question: Asked) -> Any:
        """Do what a function asks for. Raises TwbotError."""
        if isinstance(question, Publish):
            return self._publisher.publish(question.entries)
        if isinstance(question, Fix):
            return self._publisher.fix(question.key, question.value)
        if isinstance(question, Add):
            return self._publisher.add(question.key, question.amount)
        if isinstance(question, Get):
            try:
                return self._media.get(question.key)
            except KeyError:
                return None
        return self._media.put(question.key, question.data, question.content_type)


def _logging(owner: str, event: Event, redact: Redactor) -> OnLine:
    """Return what logs a function's lines with its owner's name and the post's id."""
    fields: dict[str, Any] = {"rule": owner, "event": event.id, "tweet": tweet_of(event)}
    count = itertools.count(1)

    def write(line: Line) -> None:
        if (number := next(count)) > MAX_LINES:
            if number == MAX_LINES + 1:
                log.warning("%s wrote more than %s lines: the others are left out", owner, MAX_LINES, extra=fields)
            return
        more = {"traceback": redact(line.traceback)} if line.traceback else {}
        log.log(line.level, "%s", redact(line.text), extra=fields | more)

    return write
