"""What a trial runs, on loopback: `twbot up` and an X, each a process of its own, and a subscriber of alerts."""

from __future__ import annotations

import base64
import contextlib
import hmac
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import requests

from tests.prove.processes import Process, environment_for, processes_of
from tests.prove.sink import Sink
from tests.prove.trial import Trial
from tests.support.quick_replies import WORKER
from twbot.local.data_folder import DataFolder
from twbot.local.simulator.client import TOKEN_HEADER, TOKEN_VARIABLE

RETRIES_OF_X = ",".join(["0.3"] * 400)
CALLS = (
    "POST /2/tweets",
    "POST /2/media/upload",
    "POST /2/media/metadata",
    "GET /2/tweets/{id}",
    "GET /2/tweets",
    "GET /2/users/{id}/tweets",
)
SIGNATURE = "x-twitter-webhooks-signature"


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


class Rig:
    """A bot, its X and its subscriber. `preload`: a library that both processes load first."""

    def __init__(self, trial: Trial, *, data: Path | None = None, preload: dict[str, str] | None = None) -> None:
        self.trial = trial
        self.folder = trial.folder
        self.home = DataFolder(data or self.folder / "data")
        self.sink = Sink()
        self.accepted: list[dict[str, Any]] = []
        """The bodies that the trial itself delivered and the bot answered with 200."""
        self._environment = environment_for(self.folder, **(preload or {}))
        self._token = secrets.token_urlsafe(32)
        self._started = 0
        self._processes: list[Process] = []
        self._x_port = self._port = 0
        self.peak = 0
        """The most memory that a process of the bot took, in bytes."""
        self.max_memory = 300_000_000
        self.deaths = 0
        """How often the bot was killed."""
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers[TOKEN_HEADER] = self._token

    # Processes.

    def start_x(self) -> None:
        arguments = ["-m", "tests.prove.x", "--data", str(self.folder / "x"), "--port", str(self._x_port)]
        arguments += ["--parent", str(os.getpid()), "--retry-delays", RETRIES_OF_X]
        self.x = self._start("x", arguments, {TOKEN_VARIABLE: self._token})
        self.x_url = str(json.loads(self.x.ready())["url"])
        self._x_port = urllib.parse.urlsplit(self.x_url).port or 0
        limits = {"limits": dict.fromkeys(CALLS, 10**6), "posts_a_day": 10**6}
        self.sim("PUT", "/sim/limits", limits)

    def start_shipped(self) -> None:
        """Start `twbot up` as it is shipped: real models, its own simulated X, nothing shortened."""
        arguments = ["-m", "twbot", "up", "--json", "--port", str(self._port), "--data", str(self.home.folder)]
        self.bot = self._start("bot", arguments, {})
        self.await_bot()
        simulator = json.loads(self.home.run.read_text())["simulator"]
        self.x_url = simulator["url"]
        self.http.headers[TOKEN_HEADER] = simulator["control_token"]

    def start_bot(self, *, wait: bool = True) -> None:
        arguments = ["-m", "tests.prove.up", self.x_url, str(os.getpid())]
        arguments += ["up", "--json", "--port", str(self._port), "--data", str(self.home.folder)]
        self.bot = self._start("bot", arguments, {TOKEN_VARIABLE: self._token})
        if wait:
            self.await_bot()

    def await_bot(self) -> None:
        self.url = str(json.loads(self.bot.ready())["webhook"])
        self._port = urllib.parse.urlsplit(self.url).port or 0

    def kill_bot(self) -> None:
        self.deaths += 1
        self.peak = max(self.peak, self.bot.peak_memory())
        self.bot.kill()

    def kill_replies(self) -> None:
        """kill -9 of the process that posts the bot's replies; nothing where none runs at the moment."""
        for each in self.bot.children(WORKER):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    def stop_bot(self) -> int:
        self.peak = max(self.peak, self.bot.peak_memory())
        return self.bot.stop()

    def restart_bot(self) -> None:
        self.kill_bot()
        self.start_bot()

    def close(self) -> None:
        """End all, and check that nothing is left."""
        for process in self._processes:
            if process.is_alive:
                process.go_on()
                process.kill()
        self.sink.close()
        self.http.close()
        # The simulated X sees within a second that its bot is gone.
        self.trial.until(lambda: not processes_of(self.folder), 5, "processes are left behind")

    def _start(self, name: str, arguments: list[str], more: dict[str, str]) -> Process:
        self._started += 1
        log = self.folder / f"{name}-{self._started}.log"
        process = Process(*arguments, folder=self.folder, log=log, environment={**self._environment, **more})
        self._processes.append(process)
        return process

    # What people, X and operators do.

    def sim(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Call the simulated X's control API."""
        answer = self.http.request(method, self.x_url + path, json=body, timeout=90)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def post(self, author: str, text: str, *, pictures: Sequence[bytes] = (), **more: Any) -> str:
        """Post as a person, and return the post's id. X delivers it."""
        images = [base64.b64encode(picture).decode() for picture in pictures]
        body = {"author": author, "text": text, "images": images, **more}
        return str(self.sim("POST", "/sim/posts", body)["id"])

    def fail(self, kind: str, call: str = CALLS[0], *, count: int = 1, seconds: float = 0.5) -> None:
        self.sim("POST", "/sim/failures", {"kind": kind, "count": count, "call": call, "seconds": seconds})

    def mend(self) -> None:
        self.sim("DELETE", "/sim/failures")

    @property
    def keys(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.home.secrets.read_text())
        return found

    @property
    def bot_id(self) -> str:
        return self.keys["AccessToken"].partition("-")[0]

    def sign(self, body: bytes) -> str:
        digest = hmac.digest(self.keys["ApiSecret"].encode(), body, "sha256")
        return "sha256=" + base64.b64encode(digest).decode()

    def deliver(self, body: object, *, timeout: float = 30.0) -> int:
        """Deliver a body as X does. Return the status, 0 without an answer; what is accepted counts as a promise."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", SIGNATURE: self.sign(raw)}
        status, _ = self.call("POST", urllib.parse.urlsplit(self.url).path, raw, headers, timeout)
        if status == 200 and isinstance(body, dict):
            self.accepted.append(body)
        return status

    def call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], timeout: float = 30.0
    ) -> tuple[int, bytes]:
        """Call the bot. Return status and body, 0 without an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def twbot(self, *arguments: str, timeout: float = 240.0) -> Said:
        """Run a command as an operator does."""
        command = [sys.executable, "-m", "twbot", *arguments, "--data", str(self.home.folder)]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        for text in (done.stdout, done.stderr):
            self.trial.check("should not happen" not in text, f"twbot {arguments[0]}: {text[-300:]}")
        return Said(done.returncode, done.stdout, done.stderr)

    def subscribe_to_alerts(self) -> None:
        address = self.folder / "address.txt"
        address.write_text(self.sink.url)
        said = self.twbot("alerts", "subscribe", "https", "--from", str(address))
        self.trial.check(said.code == 0, f"alerts subscribe: {said.err}")

    # What there is to wait for.

    def waiting(self) -> int | None:
        """Return how many deliveries wait at the bot, None where it does not answer."""
        status, body = self.call("GET", "/health", None, {}, 10)
        return int(json.loads(body)["waiting"]) if status == 200 else None

    def settle(self, seconds: float = 90.0) -> bool:
        """Wait until X has delivered all and nothing waits at the bot for a while."""
        calm: list[float] = []

        def is_calm() -> bool:
            still = self.waiting() == 0 and not self.sim("GET", "/sim/deliveries?state=pending")["deliveries"]
            calm.append(time.monotonic()) if still else calm.clear()
            return bool(calm) and calm[-1] - calm[0] > 0.5

        return self.trial.until(is_calm, seconds, f"not at rest, {self.waiting()} wait at the bot,")


@contextlib.contextmanager
def running(trial: Trial, *, data: Path | None = None, preload: dict[str, str] | None = None) -> Iterator[Rig]:
    """Run a bot beside an X, with a subscriber of alerts."""
    rig = Rig(trial, data=data, preload=preload)
    try:
        rig.start_x()
        rig.start_bot()
        rig.subscribe_to_alerts()
        yield rig
    finally:
        rig.close()
