"""How the bot does: what the last hour brought, what waits, what failed."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec

from local.history import History
from local.home import Home, running

HOUR = datetime.timedelta(hours=1)


class LastHour(msgspec.Struct, frozen=True, kw_only=True):
    """Each list has the age in seconds of what came; `latencies` is (age of the reply, seconds it took)."""

    messages: list[float] = []
    replies: list[float] = []
    failures: list[float] = []
    latencies: list[tuple[float, float]] = []


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """`dead`: dead letters by rule. `url` and `pid` only while the bot runs."""

    place: str
    running: bool
    pid: int | None = None
    url: str | None = None
    started: float | None = None
    waiting: int = 0
    dead: dict[str, int] = {}
    last_hour: LastHour = LastHour()


def vitals(folder: Path, *, now: datetime.datetime | None = None) -> Vitals:
    """Also of a bot that is down, or has never run."""
    run, now = running(folder), now or datetime.datetime.now(datetime.UTC)
    about = {} if run is None else {"pid": run.pid, "url": run.url, "started": run.started}
    found = Vitals(place=str(folder), running=run is not None, **about)  # type: ignore[arg-type]
    if not Home(folder).bus.exists():
        return found
    with History(Home(folder).bus) as history:
        states = history.deliveries_by_state()
        return msgspec.structs.replace(
            found,
            waiting=sum(counts["waiting"] for counts in states.values()),
            dead={rule: counts["dead"] for rule, counts in states.items() if counts["dead"]},
            last_hour=_last_hour(history, now),
        )


def _last_hour(history: History, now: datetime.datetime) -> LastHour:
    def ages(*types: str) -> list[float]:
        return [_age(time, now) for each in types for time, _ in history.moments(each, since=now - HOUR)]

    asked = {tweet: time for time, tweet in history.moments("MESSAGE_RECEIVED", since=now - 2 * HOUR)}
    sent = history.moments("TWEET_SENT", since=now - HOUR)
    return LastHour(
        messages=ages("MESSAGE_RECEIVED"),
        replies=[_age(time, now) for time, _ in sent],
        failures=ages("TWEET_FAILED", "ANALYSIS_FAILED"),
        latencies=[(_age(time, now), _age(asked[post], now) - _age(time, now)) for time, post in sent if post in asked],
    )


def _age(time: str, now: datetime.datetime) -> float:
    return (now - datetime.datetime.fromisoformat(time)).total_seconds()
