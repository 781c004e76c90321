"""Deliveries: queued in the database, signed, posted to the webhook, tried again; and the CRC challenge."""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import secrets
import threading
import time
import urllib.parse
from collections.abc import Sequence

import msgspec
import urllib3

from twbot.local.simulator.store import Row, Store, now_ms

TIMEOUT_SECONDS = 10.0
RETRY_DELAYS = (1.0, 3.0, 9.0)
WORKERS = 8
REPLAYED = "replay_job_status"
EARLIER = "SELECT 1 FROM deliveries WHERE state = 'pending' AND webhook_id = ? AND id < ?"
SIGNATURE = "x-twitter-webhooks-signature"


def sign(secret: str, message: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


class Deliveries:
    """Threads that work off the queue. What was queued before a crash is delivered after the restart."""

    def __init__(
        self, store: Store, consumer_secret: str, *, retry_delays: Sequence[float] = RETRY_DELAYS, timeout: float = 10.0
    ) -> None:
        self._store = store
        self._secret = consumer_secret
        self._delays = tuple(retry_delays)
        self._http = urllib3.PoolManager(maxsize=WORKERS, timeout=timeout, retries=False)
        self._queue: list[tuple[int, int]] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]

    def start(self) -> None:
        for row in self._store.rows("SELECT id, due_ms FROM deliveries WHERE state = 'pending'"):
            self._push(row["due_ms"], row["id"])
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        until = time.monotonic() + 0.7
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def queue(self, webhook_id: str, generation: str, event: str, body: object, post_id: str | None) -> int:
        columns = {"webhook_id": webhook_id, "generation": generation, "event": event, "post_id": post_id}
        encoded, now = msgspec.json.encode(body), now_ms()
        delivery = self._store.add("deliveries", **columns, body=encoded, due_ms=now, created_ms=now)
        self._push(now, delivery)
        return delivery

    def again(self, delivery: Row) -> int:
        """Deliver the same bytes once more."""
        names = ("webhook_id", "generation", "event", "post_id", "body")
        now = now_ms()
        columns = {name: delivery[name] for name in names}
        fresh = self._store.add("deliveries", **columns, due_ms=now, created_ms=now)
        self._push(now, fresh)
        return fresh

    def send(self, url: str, body: bytes, secret: str) -> tuple[int, float, str | None]:
        """Post once: status (0 where none came), milliseconds, what went wrong."""
        headers = {"Content-Type": "application/json", SIGNATURE: sign(secret, body), "User-Agent": "Twitterbot/1.0"}
        began = time.monotonic()
        try:
            answer = self._http.request("POST", url, body=body, headers=headers, redirect=False)
            status, problem = answer.status, None if answer.status == 200 else f"answered {answer.status}"
        except (urllib3.exceptions.HTTPError, OSError) as error:
            status, problem = 0, type(error).__name__
        return status, (time.monotonic() - began) * 1000, problem

    def challenge(self, url: str) -> str | None:
        """X's CRC challenge: None when the answer is right, else what is wrong with it."""
        token, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(12)
        query = f"crc_token={urllib.parse.quote(token)}&nonce={urllib.parse.quote(nonce)}"
        headers = {SIGNATURE: sign(self._secret, query.encode())}
        try:
            full = f"{url}{'&' if '?' in url else '?'}{query}"
            answer = self._http.request("GET", full, headers=headers, redirect=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return f"The CRC GET request failed: {type(error).__name__}."
        if answer.status != 200:
            return f"Non-200 response code during CRC GET request (i.e. 404, 500, etc): {answer.status}."
        try:
            given = msgspec.json.decode(answer.data, type=dict[str, str]).get("response_token", "")
        except (msgspec.DecodeError, msgspec.ValidationError):
            given = ""
        right = hmac.compare_digest(given.encode(), sign(self._secret, token.encode()).encode())
        return None if right else "Invalid CRC token or json response format."

    def _push(self, due_ms: int, delivery_id: int) -> None:
        with self._changed:
            heapq.heappush(self._queue, (due_ms, delivery_id))
            self._changed.notify()

    def _next(self) -> int | None:
        with self._changed:
            while not self._stopping.is_set():
                wait = (self._queue[0][0] - now_ms()) / 1000 if self._queue else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._queue)[1]
                self._changed.wait(wait)
            return None

    def _work(self) -> None:
        while (delivery_id := self._next()) is not None:
            self._attempt(delivery_id)

    def _attempt(self, delivery_id: int) -> None:
        sql = "SELECT d.*, w.url, w.valid FROM deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = ?"
        row = self._store.row(sql, delivery_id)
        if row is None or self._stopping.is_set():
            return
        if row["event"] == REPLAYED and self._store.row(EARLIER, row["webhook_id"], delivery_id):
            self._push(now_ms() + 50, delivery_id)  # the notice comes after what it speaks of
            return
        if not row["url"] or not row["valid"]:
            self._record(row, "failed", 0, 0.0, "the webhook is gone or not valid")
            return
        status, ms, problem = self.send(row["url"], row["body"], self._secret)
        if self._stopping.is_set() and problem:
            return
        done = problem is None or row["tries"] >= len(self._delays)
        self._record(row, "pending" if not done else "delivered" if problem is None else "failed", status, ms, problem)

    def _record(self, row: Row, state: str, status: int, ms: float, problem: str | None) -> None:
        delay = self._delays[row["tries"]] if state == "pending" else 0
        due = now_ms() + int(delay * 1000)
        sql = """UPDATE deliveries SET state = ?, tries = tries + 1, status = ?, ms = ?, problem = ?, due_ms = ?
                 WHERE id = ?"""
        self._store.run(sql, state, status, round(ms, 1), problem, due, row["id"])
        if state == "pending":
            self._push(due, row["id"])
