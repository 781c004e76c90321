"""The metrics of this machine's bot, from the file of its bus and from its log."""

from __future__ import annotations

import datetime
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from twbot.cli.operations.metrics import records as names
from twbot.cli.operations.metrics.records import Datapoints, Metric, MetricSeries, Window, all_metrics, series_of
from twbot.lambdas.folder.event_types import declared, is_own_type
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.wiring import service_of, services
from twbot.local.bus.history import DeliveryRecord, History
from twbot.local.data_folder import DataFolder
from twbot.local.server.log_files import log_files, scan

EGRESS = "send-tweets"


class LocalMetrics:
    """The metrics of a data folder, also while no bot runs on it. Raises StorageError.

    They reach as far back as the bus (a month) and the log (some 40 MB).
    """

    def __init__(self, folder: Path) -> None:
        self._home = DataFolder(folder)

    def all_metrics(self) -> list[Metric]:
        return all_metrics(services(), self._own_types())

    def _own_types(self) -> list[str]:
        """Return the types of own events that are declared, and those that came without."""
        came: Iterable[str] = ()
        if self._home.bus.exists():
            with History(self._home.bus) as history:
                came = history.types()
        return list(dict.fromkeys([*declared(bot_folder().events), *filter(is_own_type, came)]))

    def min_period(self, start: float) -> int:  # noqa: ARG002
        return 1

    def series_of(self, window: Window, wanted: Collection[str]) -> list[MetricSeries]:
        """Return the series of the metrics of these names."""
        if not self._home.bus.exists():
            return [series_of(each, window, ()) for each in self.all_metrics() if each.name in wanted]
        with History(self._home.bus) as history:
            reader = _WindowReader(history, self._home.log, window)
            chosen = [each for each in self.all_metrics() if each.name in wanted]
            return [series_of(each, window, reader.datapoints(each.name)) for each in chosen]


class _WindowReader:
    """Reads the datapoints of a window. Each source is read once, and only where a metric needs it."""

    def __init__(self, history: History, log: Path, window: Window) -> None:
        self._history, self._log, self._window = history, log, window
        self._since = datetime.datetime.fromtimestamp(window.start, datetime.UTC)
        self._answers: list[tuple[float, float]] | None = None
        self._requests: list[tuple[float, int, float]] | None = None
        self._failures: list[tuple[float, str]] | None = None
        self._sending: list[DeliveryRecord] | None = None

    def datapoints(self, name: str) -> Datapoints:
        if name.startswith("failed-"):
            return [(at, 1.0) for at, reason in self.failures() if names.failed(reason) == name]
        if name.startswith("dead-letters-"):
            return self._dead_letters(name.removeprefix("dead-letters-"))
        if name in {names.REPLY_TIME, names.REPLY_TIME_P95}:
            return self.answers()
        if name.startswith(names.WEBHOOK):
            return self._of_webhook(name)
        if name == names.PUT_OFF:
            tries = [(each.last_try or each.due, _failed_attempts(each)) for each in self.sending()]
            return [(at, count) for at, count in tries if count > 0]
        if name == names.OLDEST_REPLY:
            return self._reply_ages()
        return [(_epoch(at), 1.0) for at, _ in self._history.moments(name, since=self._since)]

    def answers(self) -> list[tuple[float, float]]:
        """Return (when a reply was sent, how many seconds after its message arrived)."""
        if self._answers is None:
            before = self._since - datetime.timedelta(seconds=names.LOOKBACK_SECONDS)
            received = {post: _epoch(at) for at, post in self._history.moments("MESSAGE_RECEIVED", since=before)}
            sent = [(_epoch(at), post) for at, post in self._history.moments("TWEET_SENT", since=self._since)]
            self._answers = [(at, at - received[post]) for at, post in sent if post in received]
        return self._answers

    def failures(self) -> list[tuple[float, str]]:
        if self._failures is None:
            events = self._history.events(since=self._since, detail_type="TWEET_FAILED")
            self._failures = [(_epoch(each.time), str(each.detail.get("Reason"))) for each in events]
        return self._failures

    def sending(self) -> list[DeliveryRecord]:
        if self._sending is None:
            before = self._since - datetime.timedelta(seconds=names.LOOKBACK_SECONDS)
            self._sending = self._history.deliveries_since(EGRESS, "SEND_TWEET", before)
        return self._sending

    def _reply_ages(self) -> Iterator[tuple[float, float]]:
        """Yield (start of a part, age in seconds) for each reply that waited in that part."""
        now, window = time.time(), self._window
        for each in self.sending():
            created, ended = _epoch(each.time), each.ended or now
            first = window.part(max(created, window.start))
            for part in range(0 if first is None else first, window.parts):
                start = window.start + part * window.step
                if first is None or start > ended:
                    break
                yield start, max(0.0, min(start + window.step, ended, now) - created)

    def _dead_letters(self, service: str) -> Iterator[tuple[float, float]]:
        """Yield (start of a part, count at its end). Redriven and purged dead letters are not in the bus any more."""
        ended = [
            each.ended or each.last_try or 0.0
            for each in self._history.dead_letters()
            if service_of(each.rule) == service
        ]
        for part in range(self._window.parts):
            start = self._window.start + part * self._window.step
            if start <= time.time():
                yield start, float(sum(at < start + self._window.step for at in ended))

    def _of_webhook(self, name: str) -> Datapoints:
        requests = self.requests()
        if name == names.WEBHOOK_TIME:
            return [(at, seconds) for at, _, seconds in requests]
        digit = {names.WEBHOOK_4XX: 4, names.WEBHOOK_5XX: 5}.get(name)
        return [(at, 1.0) for at, status, _ in requests if digit in (None, status // 100)]

    def requests(self) -> list[tuple[float, int, float]]:
        """Return (when, status, seconds) of each request that the web server logged."""
        if self._requests is None:
            lines = [line for each in log_files(self._log) for line in scan(each, b'"answered"')]
            self._requests = [
                (_epoch(line["timestamp"]), int(line["status"]), float(line["milliseconds"]) / 1000)
                for line in lines
                if line.get("message") == "answered" and "status" in line
            ]
        return self._requests


def _failed_attempts(delivery: DeliveryRecord) -> float:
    return float(delivery.attempts - (delivery.state == "done"))


def _epoch(time_: str) -> float:
    return datetime.datetime.fromisoformat(time_).timestamp()
