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
from typing import NamedTuple

import msgspec
import urllib3

from twbot.local.simulator.limits import DELIVERIES, Failure, Failures
from twbot.local.simulator.store import Row, Store, now_ms

# X wants an answer within 10 seconds: https://docs.x.com/x-api/webhooks/introduction
TIMEOUT_SECONDS = 10.0
RETRY_DELAYS = (1.0, 3.0, 9.0)  # seconds; X documents no schedule for v2 webhooks
WORKERS = 8
REPLAYED = "replay_job_status"
EARLIER = "SELECT 1 FROM deliveries WHERE state = 'pending' AND webhook_id = ? AND id < ?"
SIGNATURE = "x-twitter-webhooks-signature"
MAX_ANSWER = 2_000  # characters that are kept of a webhook's answer
USER_AGENT = "Twitterbot/1.0"


def sign(secret: str, message: bytes) -> str:
    """Return X's signature: `sha256=` and the base64 of an HMAC-SHA256 with the consumer secret."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


class Sent(NamedTuple):
    """One try of a delivery."""

    status: int
    """0 without an answer."""
    ms: float
    problem: str | None
    """None: the webhook took it."""
    signature: str
    """The header that X signs with."""
    answer: str
    """The start of what the webhook answered."""


class Deliveries:
    """Threads that deliver from the queue. Those that a crash interrupted are delivered after the restart."""

    def __init__(
        self,
        store: Store,
        consumer_secret: str,
        failures: Failures,
        *,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._store = store
        self._failures = failures
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
        """Queue a delivery and return its id. A failure that is to come for deliveries becomes this one's."""
        columns = {"webhook_id": webhook_id, "generation": generation, "event": event, "post_id": post_id}
        return self._add({**columns, "body": msgspec.json.encode(body)}, self._failures.next(DELIVERIES))

    def again(self, delivery: Row) -> int:
        """Queue a copy of a delivery with the same bytes, and return its id."""
        names = ("webhook_id", "generation", "event", "post_id", "body")
        return self._add({name: delivery[name] for name in names}, None)

    def attempts(self, delivery_id: int) -> list[Row]:
        """Return the tries of a delivery, oldest first: at_ms, status, ms, problem, signature, answer."""
        sql = "SELECT at_ms, status, ms, problem, signature, answer FROM attempts WHERE delivery_id = ? ORDER BY id"
        return self._store.rows(sql, delivery_id)

    def _add(self, columns: Row, failure: Failure | None) -> int:
        kind, now = failure.kind if failure else None, now_ms()
        if kind == "never_sent":
            lost = {"state": "failed", "problem": "never sent, on purpose"}
            return self._store.add("deliveries", **columns, **lost, fault=kind, due_ms=now, created_ms=now)
        late = failure.seconds if failure and kind == "sent_late" else 0.0
        times = {"due_ms": now + int(late * 1000), "created_ms": now}
        delivery = self._store.add("deliveries", **columns, **times, fault=kind)
        self._push(late, delivery)
        if kind == "sent_twice":
            self._add(columns, None)
        return delivery

    def send(self, url: str, body: bytes, secret: str) -> Sent:
        """Post once."""
        signature = sign(secret, body)
        headers = {"Content-Type": "application/json", SIGNATURE: signature, "User-Agent": USER_AGENT}
        began = time.monotonic()
        said = ""
        try:
            answer = self._http.request("POST", url, body=body, headers=headers, redirect=False)
            status, problem = answer.status, None if answer.status == 200 else f"answered {answer.status}"
            said = answer.data.decode("utf-8", "replace")[:MAX_ANSWER]
        except (urllib3.exceptions.HTTPError, OSError) as error:
            status, problem = 0, type(error).__name__
        return Sent(status, round((time.monotonic() - began) * 1000, 1), problem, signature, said)

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
            self._record(row, "failed", Sent(0, 0.0, "the webhook is gone or not valid", "", ""))
            return
        secret = secrets.token_hex(25) if row["fault"] == "wrong_signature" else self._secret
        sent = self.send(row["url"], row["body"], secret)
        # The bot may stop at the same time: leave the delivery pending for the next start.
        if self._stopping.is_set() and sent.problem:
            return
        done = sent.problem is None or row["tries"] >= len(self._delays)
        self._record(row, "pending" if not done else "delivered" if sent.problem is None else "failed", sent)

    def _record(self, row: Row, state: str, sent: Sent) -> None:
        now = now_ms()
        delay = self._delays[row["tries"]] if state == "pending" else 0
        sql = """UPDATE deliveries SET state = ?, tries = tries + 1, status = ?, ms = ?, problem = ?, due_ms = ?
                 WHERE id = ?"""
        outcome = {"status": sent.status, "ms": sent.ms, "problem": sent.problem}
        with self._store.transaction():
            self._store.run(sql, state, *outcome.values(), now + int(delay * 1000), row["id"])
            # A delivery without a webhook was not tried: it has no signature.
            if sent.signature:
                signed = {"signature": sent.signature, "answer": sent.answer}
                self._store.add("attempts", delivery_id=row["id"], at_ms=now - int(sent.ms), **outcome, **signed)
        if state == "pending":
            self._push(delay, row["id"])
