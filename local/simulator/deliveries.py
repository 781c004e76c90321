"""Deliveries to webhooks, with a queue in the database, signatures and retries; and the CRC challenge."""

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

# X wants an answer within 10 seconds: https://docs.x.com/x-api/webhooks/introduction
TIMEOUT_SECONDS = 10.0
RETRY_DELAYS = (1.0, 3.0, 9.0)  # seconds; X documents no schedule for v2 webhooks
WORKERS = 8
REPLAYED = "replay_job_status"
EARLIER = "SELECT 1 FROM deliveries WHERE state = 'pending' AND webhook_id = ? AND id < ?"
SIGNATURE = "x-twitter-webhooks-signature"


def sign(secret: str, message: bytes) -> str:
    """Return X's signature: `sha256=` and the base64 of an HMAC-SHA256 with the consumer secret."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


class Deliveries:
    """Threads that deliver from the queue. Those that a crash interrupted are delivered after the restart."""

    def __init__(
        self, store: Store, consumer_secret: str, *, retry_delays: Sequence[float] = RETRY_DELAYS, timeout: float = 10.0
    ) -> None:
        self._store = store
        self._secret = consumer_secret
        self._delays = tuple(retry_delays)
        self._http = urllib3.PoolManager(maxsize=WORKERS, timeout=timeout, retries=False)
        self._queue: list[tuple[float, int]] = []  # due on the monotonic clock, and id
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]

    def start(self) -> None:
        longest = max(self._delays, default=0.0)  # a due time of an earlier run may be of a clock that was wrong
        for row in self._store.rows("SELECT id, due_ms FROM deliveries WHERE state = 'pending'"):
            self._push(min((row["due_ms"] - now_ms()) / 1000, longest), row["id"])
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
        """Queue a delivery and return its id."""
        columns = {"webhook_id": webhook_id, "generation": generation, "event": event, "post_id": post_id}
        encoded, now = msgspec.json.encode(body), now_ms()
        delivery = self._store.add("deliveries", **columns, body=encoded, due_ms=now, created_ms=now)
        self._push(0, delivery)
        return delivery

    def again(self, delivery: Row) -> int:
        """Queue a copy of a delivery with the same bytes, and return its id."""
        names = ("webhook_id", "generation", "event", "post_id", "body")
        now = now_ms()
        columns = {name: delivery[name] for name in names}
        fresh = self._store.add("deliveries", **columns, due_ms=now, created_ms=now)
        self._push(0, fresh)
        return fresh

    def send(self, url: str, body: bytes, secret: str) -> tuple[int, float, str | None]:
        """Post once. Return the status (0 without an answer), the milliseconds, and the problem or None."""
        headers = {"Content-Type": "application/json", SIGNATURE: sign(secret, body), "User-Agent": "Twitterbot/1.0"}
        began = time.monotonic()
        try:
            answer = self._http.request("POST", url, body=body, headers=headers, redirect=False)
            status, problem = answer.status, None if answer.status == 200 else f"answered {answer.status}"
        except (urllib3.exceptions.HTTPError, OSError) as error:
            status, problem = 0, type(error).__name__
        return status, (time.monotonic() - began) * 1000, problem

    def challenge(self, url: str) -> str | None:
        """Send X's CRC challenge to a webhook. Return None where its answer is right, else the problem in X's words."""
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
            response_token = msgspec.json.decode(answer.data, type=dict[str, str]).get("response_token", "")
        except (msgspec.DecodeError, UnicodeDecodeError):
            response_token = ""
        right = hmac.compare_digest(response_token.encode(), sign(self._secret, token.encode()).encode())
        return None if right else "Invalid CRC token or json response format."

    def _push(self, seconds: float, delivery_id: int) -> None:
        """Have it delivered in so many seconds, whatever becomes of the clock."""
        with self._changed:
            heapq.heappush(self._queue, (time.monotonic() + seconds, delivery_id))
            self._changed.notify()

    def _next(self) -> int | None:
        with self._changed:
            while not self._stopping.is_set():
                wait = self._queue[0][0] - time.monotonic() if self._queue else None
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
            self._push(0.05, delivery_id)  # the notice must come after the replayed events
            return
        if not row["url"] or not row["valid"]:
            self._record(row, "failed", 0, 0.0, "the webhook is gone or not valid")
            return
        status, ms, problem = self.send(row["url"], row["body"], self._secret)
        # The bot may stop at the same time: leave the delivery pending for the next start.
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
            self._push(delay, row["id"])
