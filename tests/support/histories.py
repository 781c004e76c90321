"""What happened in a bot, told to either platform: as the local bus and log keep it, or as a stage's log groups do."""

from __future__ import annotations

import datetime
import json
import time
import uuid
from pathlib import Path
from typing import Any, Protocol

from tests.support.logging_stage import LoggingStage
from tests.support.operate import Said
from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Entry, Event, new_event
from twbot.lambdas.wiring import RULES
from twbot.local.adapters.alerts import Alerts
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder

Step = tuple[str, float, float, int]


class Past(Protocol):
    """`options`: what makes a command look at it. Times are seconds before `now`, which stands still."""

    options: list[str]
    now: float

    def event(self, detail_type: str, detail: dict[str, Any], *, ago: float = 30) -> None: ...

    def steps(self, tweet_id: str, steps: list[Step]) -> None:
        """The workflow's, of the last MESSAGE_RECEIVED: top-level states, times in seconds after its start."""

    def log(self, service: str, level: str, message: str, tweet_id: str | None = None, *, ago: float = 30) -> None: ...


class LocalPast:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._home = DataFolder(folder)
        self.now = time.time()
        self.options = ["--data", str(folder)]
        with Bus(self._home.bus, RULES):
            pass

    def event(self, detail_type: str, detail: dict[str, Any], *, ago: float = 30) -> None:
        """Published on the real bus; each rule's handler is done with it, and alerting's keeps its alert."""
        alerts = Alerts(self._home)
        with Bus(self._home.bus, RULES, clock=lambda: self.now - ago) as bus:
            for rule in RULES:
                bus.attach(rule.name, alerts.handle if rule.target == "topic" else _nothing)
            bus.start()
            bus.publish([Entry(source="BOT", detail_type=detail_type, detail=detail)])
            assert bus.drain(10)
        alerts.close()

    def steps(self, tweet_id: str, steps: list[Step]) -> None:
        with History(self._home.bus) as history:
            (event,) = history.events(detail_type="MESSAGE_RECEIVED", tweet_id=tweet_id)
        start = datetime.datetime.fromisoformat(event.time).timestamp()
        visits = [[name, "Task", start + begun, start + ended, tries, None] for name, begun, ended, tries in steps]
        self._write("analysis", "INFO", "analysed", tweet_id, start, steps=visits)

    def log(self, service: str, level: str, message: str, tweet_id: str | None = None, *, ago: float = 30) -> None:
        self._write(service, level, message, tweet_id, self.now - ago)

    def _write(self, service: str, level: str, message: str, tweet_id: str | None, at: float, **more: Any) -> None:
        line = {"timestamp": _iso(at), "level": level, "logger": f"twbot.{service}", "message": message}
        with self._home.log.open("a") as file:
            file.write(json.dumps({**line, "correlation_id": tweet_id, **more}) + "\n")


class AwsPast:
    """With moto's CloudWatch Logs."""

    options = ["--stage", "prod"]  # noqa: RUF012

    def __init__(self, bot: AwsBot) -> None:
        self._stage = LoggingStage(bot)
        self._received: Event | None = None
        self.now = time.time()

    def event(self, detail_type: str, detail: dict[str, Any], *, ago: float = 30) -> None:
        at = datetime.datetime.fromtimestamp(self.now - ago, datetime.UTC)
        event = new_event(Entry(source="BOT", detail_type=detail_type, detail=detail), at)
        self._received = event if detail_type == "MESSAGE_RECEIVED" else self._received
        self._stage.event(event)

    def steps(self, tweet_id: str, steps: list[Step]) -> None:
        """Names of executions begin with the event's id, as EventBridge has it."""
        assert self._received is not None
        start = datetime.datetime.fromisoformat(self._received.time).timestamp()
        history: list[tuple[float, str, int, dict[str, Any]]] = [(start, "ExecutionStarted", 0, {})]
        for name, begun, ended, tries in steps:
            history.append((start + begun, "TaskStateEntered", len(history), {"name": name}))
            for _ in range(tries):
                history.append((start + begun, "TaskScheduled", len(history), {}))
                history.append((start + begun, "TaskFailed", len(history), {}))
            history[-1] = (start + begun, "TaskSucceeded", len(history) - 1, {})
            history.append((start + ended, "TaskStateExited", len(history), {"name": name}))
        history.append((start + steps[-1][2], "ExecutionSucceeded", len(history), {}))
        self._stage.workflow(f"{self._received.id}_{uuid.uuid4()}", history)

    def log(self, service: str, level: str, message: str, tweet_id: str | None = None, *, ago: float = 30) -> None:
        function = {"analysis": "download", "responding": "text"}.get(service, service)
        at = self.now - ago
        line = {"level": level, "location": "x:1", "message": message, "timestamp": _iso(at), "service": service}
        self._stage.line(function, {**line, "correlation_id": tweet_id}, at=at)


def before(past: Past, ago: float) -> str:
    """A time for --since and --until."""
    return _iso(past.now - ago)


def watch(past: Past, capfd: Any, *arguments: str) -> Said:
    """Run a command on what happened."""
    capfd.readouterr()
    code = run([*arguments, *past.options])
    return Said(code, *capfd.readouterr())


def _nothing(_: object) -> None:
    return None


def _iso(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
