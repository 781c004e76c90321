"""Hostile senders: whatever they hold open, drip, pile up or forge, X's own webhooks are answered meanwhile."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator

from tests.prove.model import audit
from tests.prove.rig import SIGNATURE, Rig, running
from tests.prove.trial import Trial, trial
from tests.prove.trials.bodies import put_on_x, v1, v2

X_WAITS = 10.0
"""Seconds within which X wants an answer: https://docs.x.com/x-api/webhooks/introduction"""
MAX_GROWTH = 250_000_000
IDLE = 1100
SMUGGLED = (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"Content-Length: +5\r\n\r\nhello",
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: 0x5\r\n\r\nhello",
    b"Content-Length: 99999999999999999999\r\n\r\n",
)


@trial(
    "hostile-senders", "idle connections, endless heads, slow bodies, 1 MB of tiny events, smuggling, forged signatures"
)
def hostile_senders(trial: Trial) -> None:
    with running(trial) as rig:
        before = rig.bot.peak_memory()
        attacks: list[Callable[[Trial, Rig], contextlib.AbstractContextManager[None]]] = [
            _idle_connections,
            _endless_heads,
            _slow_bodies,
            _tiny_events,
        ]
        trial.random.shuffle(attacks)
        for attack in attacks[: trial.times(len(attacks))]:
            with attack(trial, rig):
                _is_served(trial, rig, attack.__name__.removeprefix("_").replace("_", " "))
        _smuggle(trial, rig)
        _forge(trial, rig)
        rig.settle()
        rig.peak = rig.bot.peak_memory()
        grown = rig.peak - before
        trial.check(grown < MAX_GROWTH, f"the bot grew by {grown // 1_000_000} MB")
        audit(trial, rig, everything_answered=True)
        trial.note(f"grew by {max(grown, 0) // 1_000_000} MB")


def _is_served(trial: Trial, rig: Rig, attack: str) -> None:
    """Some of X's deliveries must get through, each at the second try at the latest: X delivers again."""
    slowest = 0.0
    for number in range(trial.times(5, least=2)):
        body = v2(rig, _silent_post(rig, f"served{len(rig.accepted) // 5}", f"@twbot {attack} {number}"))
        began = time.monotonic()
        served = any(_deliver_within(rig, body) for _ in range(3))
        slowest = max(slowest, time.monotonic() - began)
        trial.check(served, f"{attack}: X's delivery is not answered")
    trial.check(slowest < 3 * X_WAITS, f"{attack}: an answer took {slowest:.1f} s")
    trial.note(f"{attack} {slowest:.1f} s")


def _deliver_within(rig: Rig, body: dict[str, object]) -> bool:
    if rig.deliver(body, timeout=X_WAITS) == 200:
        return True
    time.sleep(1)
    return False


def _silent_post(rig: Rig, author: str, text: str) -> dict[str, str]:
    return {key: str(value) for key, value in rig.sim("POST", "/sim/forge", {"author": author, "text": text}).items()}


def _connect(rig: Rig) -> socket.socket:
    parts = urllib.parse.urlsplit(rig.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)


@contextlib.contextmanager
def _idle_connections(trial: Trial, rig: Rig) -> Iterator[None]:
    """Open more connections than the usual limit of files and say nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * IDLE)), hard))
    held: list[socket.socket] = []
    try:
        for _ in range(trial.times(IDLE, least=300)):
            with contextlib.suppress(OSError):
                held.append(_connect(rig))
        yield
    finally:
        for each in held:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def _endless_heads(trial: Trial, rig: Rig) -> Iterator[None]:
    """Send one header of up to 100 MB, on some connections."""

    def attack() -> None:
        with contextlib.suppress(OSError), _connect(rig) as connection:
            connection.sendall(b"POST /twitter HTTP/1.1\r\nHost: x\r\nX-Long: ")
            for _ in range(trial.times(100, least=20)):
                connection.sendall(b"a" * 1_000_000)

    with _attacking(attack, 3):
        yield


@contextlib.contextmanager
def _slow_bodies(trial: Trial, rig: Rig) -> Iterator[None]:
    """Send bodies a byte at a time, on many connections."""
    stop = threading.Event()

    def attack() -> None:
        with contextlib.suppress(OSError), _connect(rig) as connection:
            connection.sendall(b"POST /twitter HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
            while not stop.wait(0.5):
                connection.sendall(b"a")

    with _attacking(attack, 60):
        yield
        stop.set()


@contextlib.contextmanager
def _tiny_events(trial: Trial, rig: Rig) -> Iterator[None]:
    """Send a signed body of almost 1 MB with a third of a million events."""
    body = json.dumps({"for_user_id": rig.bot_id, "favorite_events": [{}] * 320_000}, separators=(",", ":")).encode()

    def attack() -> None:
        began = time.monotonic()
        status = rig.deliver(body, timeout=60)
        trial.check(status in (200, 413, 503), f"tiny events: {status}")
        trial.check(time.monotonic() - began < X_WAITS, f"tiny events held a request {time.monotonic() - began:.1f} s")

    with _attacking(attack, 1):
        yield


@contextlib.contextmanager
def _attacking(attack: Callable[[], None], side_by_side: int) -> Iterator[None]:
    threads = [threading.Thread(target=attack, daemon=True) for _ in range(side_by_side)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    try:
        yield
    finally:
        for thread in threads:
            thread.join(90)


def _smuggle(trial: Trial, rig: Rig) -> None:
    """Requests whose length two servers would read differently: refused."""
    for head in SMUGGLED:
        with contextlib.suppress(OSError), _connect(rig) as connection:
            connection.sendall(b"POST /twitter HTTP/1.1\r\nHost: x\r\n" + head)
            answer = connection.recv(200)
            trial.check(not answer.startswith(b"HTTP/1.1 2"), f"smuggled: {head!r} was answered {answer[:20]!r}")


def _forge(trial: Trial, rig: Rig) -> None:
    """Signatures that are none: 401 or 403, and nothing of it is kept."""
    body = json.dumps(v1(rig, put_on_x(rig, "mallory", "@twbot forged"))).encode()
    right = rig.sign(body)
    wrong = ["", right[:-2], right.upper(), right.replace("sha256", "sha1"), right + "=", right.partition("=")[2]]
    wrong += ["sha256=" + "A" * 44, rig.sign(body + b" "), f"sha256={trial.random.randbytes(32).hex()}"]
    path = urllib.parse.urlsplit(rig.url).path
    for signature in wrong:
        status, _ = rig.call("POST", path, body, {"content-type": "application/json", SIGNATURE: signature})
        trial.check(status in (400, 401, 403), f"the signature {signature!r} was answered {status}")
    trial.tried += len(wrong)
