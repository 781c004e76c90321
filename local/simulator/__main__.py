"""`python -m twbot.local.simulator --data DIR`: runs the simulated X as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from twbot.lambdas.environment import CONTROL_TOKEN
from twbot.lambdas.errors import TwbotError
from twbot.local import message_types
from twbot.local.joined_writes import JoinedWrites
from twbot.local.simulator.app import create_app
from twbot.local.simulator.deliveries import RETRY_DELAYS
from twbot.local.simulator.world import World


def main() -> int:
    options = _options().parse_args()
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        listening = socket.create_server((options.host, options.port), backlog=2048)
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror}.", file=sys.stderr)
        return 1
    url = f"http://{options.host}:{listening.getsockname()[1]}"
    delays = [float(delay) for delay in options.retry_delays.split(",") if delay]
    # Read from the environment: as an option, the token would show in the process list.
    token = os.environ.pop(CONTROL_TOKEN.name, None)
    try:
        app = create_app(options.data, base_url=url, bot=options.bot, control_token=token, retry_delays=delays)
    except TwbotError as error:
        print(json.dumps({"error": str(error), "hint": error.hint}), flush=True)
        return 1
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
        lifespan="on",
        http=_Protocol,
    )
    server = _Announcing(config, app.state.world, {"url": url, "pid": os.getpid()})
    if options.parent:
        threading.Thread(target=_end_with, args=(options.parent, server), daemon=True).start()
    message_types.prepare()
    server.run(sockets=[listening])
    return 0


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoinedWrites(transport))  # type: ignore[arg-type]


class _Announcing(uvicorn.Server):
    """Prints its URL and process id as JSON on stdout as soon as it listens."""

    def __init__(self, config: uvicorn.Config, world: World, announcement: dict[str, object]) -> None:
        super().__init__(config)
        self._world = world
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        print(json.dumps(self._announcement), flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.ending = True
        # Long polls and simulated timeouts would delay the end: after 0.9 s close their connections by exiting.
        threading.Timer(0.9, os._exit, [0]).start()
        await super().shutdown(sockets=sockets)


def _end_with(parent: int, server: uvicorn.Server) -> None:
    # A parent that is killed can't stop its children. They get another parent then, which shows in getppid().
    while os.getppid() == parent:
        time.sleep(0.5)
    server.should_exit = True
    time.sleep(2)
    os.kill(os.getpid(), signal.SIGKILL)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m twbot.local.simulator", description="A simulated X, on loopback.")
    parser.add_argument("--data", type=Path, required=True, help="the folder of its database and pictures")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one; the answer on stdout says which")
    parser.add_argument("--bot", default="twbot", help="the bot's username, at the first start")
    parser.add_argument("--parent", type=int, default=0, help="end when this process, its parent, is gone")
    delays = ",".join(str(delay) for delay in RETRY_DELAYS)
    parser.add_argument("--retry-delays", default=delays, help="seconds between the tries of a delivery")
    return parser


if __name__ == "__main__":
    sys.exit(main())
