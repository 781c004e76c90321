"""Runs the console: on loopback, at an address that stays the same for a data folder."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_urlsafe

import msgspec
import uvicorn

from twbot.cli.console.app import console_app
from twbot.cli.operations.target import Target
from twbot.lambdas.errors import TwbotError
from twbot.local.bus.lock import Lock, holder
from twbot.local.data_folder import DataFolder
from twbot.local.private_files import create_private

HOST, PORT = "127.0.0.1", 8931
STOP_SECONDS = 1  # for what is under way: streams never end by themselves
MAX_WAITING = 64


class ConsoleInfo(msgspec.Struct, frozen=True):
    """How to reach a data folder's console: bookmarks and open windows outlive a restart."""

    port: int
    token: str
    instance: str = ""
    """The identity with which the console holds its lock."""

    @property
    def url(self) -> str:
        """The address without its token."""
        return f"http://{HOST}:{self.port}/"

    @property
    def address(self) -> str:
        """The address with its token: whoever knows it may operate the bot."""
        return f"{self.url}?token={self.token}"


OnUp = Callable[[ConsoleInfo], None]


def running_console(home: DataFolder) -> ConsoleInfo | None:
    """Return the console that runs on this data folder; None where none does."""
    info = _last(home)
    return info if info is not None and holder(home.console_lock) == info.instance else None


def serve(target: Target, on_up: OnUp, *, stopped: threading.Event | None = None) -> None:
    """Run the console about a bot until Ctrl-C, or until `stopped` is set. `on_up` is called when it can be opened.

    Raises TwbotError, AlreadyRunning where the data folder has a console.
    """
    with _remembered(target) as (listening, info):
        app = console_app(target, port=info.port, token=info.token)
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            ws="none",
            limit_concurrency=MAX_WAITING,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        server = uvicorn.Server(config)
        if stopped is not None:
            threading.Thread(target=_stop_when, args=(server, stopped), daemon=True).start()
        on_up(info)
        server.run(sockets=[listening])


def _stop_when(server: uvicorn.Server, stopped: threading.Event) -> None:
    stopped.wait()
    server.should_exit = True


@contextlib.contextmanager
def _remembered(target: Target) -> Iterator[tuple[socket.socket, ConsoleInfo]]:
    """Yield a socket that listens, and how to reach it: as the last time, where that can be had."""
    if not target.is_local:
        with _listen(0) as listening:
            yield listening, ConsoleInfo(listening.getsockname()[1], token_urlsafe(24))
        return
    home = DataFolder(target.folder())
    with Lock(home.console_lock) as lock:
        last = _last(home)
        with _listen(last.port if last else PORT) as listening:
            token = last.token if last else token_urlsafe(24)
            info = ConsoleInfo(listening.getsockname()[1], token, lock.identity)
            _write(home.console, info)
            yield listening, info


def _listen(port: int) -> socket.socket:
    """Listen on this port of loopback, or on a free one where another process has it. Raises TwbotError."""
    for each in (port, 0):
        with contextlib.suppress(OSError):
            return socket.create_server((HOST, each), backlog=MAX_WAITING)
    raise TwbotError(f"Cannot listen on {HOST}: the console does not start.")


def _last(home: DataFolder) -> ConsoleInfo | None:
    try:
        return msgspec.json.decode(home.console.read_bytes(), type=ConsoleInfo)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _write(path: Path, info: ConsoleInfo) -> None:
    # Beside it and renamed: a reader sees the whole file or the former one.
    fresh = path.with_suffix(".new")
    try:
        with create_private(fresh) as file:
            file.write(msgspec.json.encode(info))
        fresh.replace(path)
    except OSError as error:
        raise TwbotError(f"Cannot write {path}: {error.strerror}.") from None
