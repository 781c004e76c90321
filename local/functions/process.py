"""A process that runs functions of the bot's folder (worker.py), seen from the bot."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.errors import FunctionFailed, MachineFault, TwbotError
from twbot.local.channel import Channel
from twbot.local.child_python import environment, python
from twbot.local.functions.messages import (
    Answer,
    Asked,
    Line,
    Raised,
    Request,
    Returned,
    Started,
    Up,
)

# Seconds for the import of a function's module, as Lambda's initialisation has:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
LOAD_SECONDS = 10.0
STACK_SECONDS, QUIET = 1.0, 0.1
MAX_READS = 16  # portions of output at once: a process may write without end
OnLine = Callable[[Line], None]
Answers = Callable[[Asked], Any]


class Ended(FunctionFailed):
    """The process ended by itself. `idle`: before it began with the call."""

    def __init__(self, message: str, *, idle: bool) -> None:
        super().__init__(message)
        self.idle = idle


class Process:
    """A process for one owner's functions. One thread uses it at a time; any may kill it."""

    def __init__(self, folder: Path) -> None:
        """Start the process. Raises MachineFault."""
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        command = python("-X", "faulthandler", "-m", "twbot.local.functions.worker")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*command, str(theirs.fileno()), str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                pass_fds=[theirs.fileno()],
                cwd=folder,
                env=environment(folder),
                # A group of its own, which is killed as a whole, and which the terminal's Ctrl-C does not reach.
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            os.close(reader)
            raise MachineFault(f"Cannot start a process for functions: {error}") from None
        finally:
            theirs.close()
            os.close(writer)
        self.pid, self._killed = self._process.pid, False
        os.set_blocking(reader, False)
        self._output, self._rest = reader, b""
        self._channel = Channel(ours)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._output, selectors.EVENT_READ)

    def call(self, request: Request, answer: Answers, on_line: OnLine) -> Any:
        """Call the function, and return what it returned, in JSON's types.

        `answer` does what the function asks for, `on_line` gets what it logs and prints.
        Raises Temporary, Permanent, FunctionFailed; Ended where the process ended, and is of no more use.
        """
        try:
            end = self._ended(request, answer, on_line)
        finally:
            self._read_output(on_line)
            self._finish_output(on_line)
        if isinstance(end, Raised):
            raise end.error()
        return msgspec.json.decode(end.value)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process and all that it started."""
        if not self._killed:  # else its number may be another's by now
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ended(self, request: Request, answer: Answers, on_line: OnLine) -> Returned | Raised:
        """Send the request, and do what the function asks for until it has ended."""
        deadline, started = time.monotonic() + max(LOAD_SECONDS, request.timeout), False
        try:
            self._channel.send(request)
            while True:
                message = self._next(deadline, on_line)
                if isinstance(message, Returned | Raised):
                    return message
                if isinstance(message, Line):
                    on_line(message)
                elif isinstance(message, Started):
                    deadline, started = time.monotonic() + request.timeout, True
                else:
                    self._channel.send(_answered(answer, message))
        except TimeoutError:
            where = self._where()
            self.kill()
            what = "did not return" if started else "was not imported"
            limit = request.timeout if started else max(LOAD_SECONDS, request.timeout)
            raise FunctionFailed(f"{request.run} {what} within {limit:g} s.", traceback=where) from None
        except (OSError, EOFError):
            self.kill()
            raise Ended(f"{request.run}: its process {self._end()}.", idle=not started) from None
        except BaseException:
            self.kill()  # it is in the middle of a call, and of no more use
            raise

    def close(self) -> None:
        """End the process, and give back what it held. No call may be under way."""
        self.kill()
        self._selector.close()
        self._channel.close()
        os.close(self._output)

    def _next(self, deadline: float, on_line: OnLine) -> Up:
        """Wait for the next message. Raises EOFError where the process is gone, TimeoutError."""
        while True:
            # Before anything else: a function may print without end.
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError
            if (message := self._channel.taken()) is not None:
                return _decoded(message)
            for key, _ in self._selector.select(left):
                if key.fileobj is not self._channel:
                    self._read_output(on_line)
                elif not self._channel.read():
                    raise EOFError

    def _where(self) -> str | None:
        """Return the call stack of the process, innermost call first; None where it says nothing."""
        found: list[Line] = []
        self._read_output(found.append)
        found.clear()
        # worker.py has Python's fault handler answer this signal, also while Python itself hangs.
        self._process.send_signal(signal.SIGUSR1)
        output = select.poll()
        output.register(self._output, select.POLLIN)
        until = time.monotonic() + STACK_SECONDS
        # It comes in pieces: it is whole when nothing has followed for a while.
        while (left := until - time.monotonic()) > 0 and output.poll(1000 * (min(left, QUIET) if found else left)):
            self._read_output(found.append)
        return "\n".join(each.text for each in found) or None

    def _read_output(self, on_line: OnLine) -> None:
        """Read what was written to the process's standard output and error, without waiting."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(MAX_READS):
                if not (data := os.read(self._output, 65_536)):
                    break
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    on_line(_line(line))
                if len(self._rest) > 65_536:
                    self._finish_output(on_line)
            else:
                return
            # No process has it open any more.
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._output)

    def _finish_output(self, on_line: OnLine) -> None:
        if self._rest:
            on_line(_line(self._rest))
            self._rest = b""

    def _end(self) -> str:
        code = self._process.returncode
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"


def _decoded(message: bytes) -> Up:
    found: Up = msgspec.json.decode(message, type=Up)
    return found


def _answered(answer: Answers, question: Asked) -> Answer | Raised:
    try:
        return Answer(msgspec.Raw(msgspec.json.encode(answer(question))))
    except TwbotError as error:
        return Raised.of(error)


def _line(text: bytes) -> Line:
    return Line(20, text.decode("utf-8", "replace").rstrip("\r"))
