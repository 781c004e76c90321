"""The status of a bot, as `twbot status` shows it on either platform."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from twbot.cli.operations.metrics import records as metrics
from twbot.cli.operations.metrics.records import MetricSeries, Window, window_between
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.x.errors import Reason
from twbot.lambdas.x.rate_limits import XLimit

HOUR = 3600
MINUTE = 60
RECEIVED, SENT, FAILED, NOT_ANALYSED = "MESSAGE_RECEIVED", "TWEET_SENT", "TWEET_FAILED", "ANALYSIS_FAILED"
WITHHELD = "TWEET_WITHHELD"
COUNTED = (RECEIVED, SENT, FAILED, NOT_ANALYSED, WITHHELD, metrics.PUT_OFF)
# On AWS only the log has these, and reading it takes a permission of its own.
LOGGED = (metrics.REPLY_TIME, metrics.REPLY_TIME_P95, *(metrics.failed(reason) for reason in Reason))


class LastHour(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the last hour. Lists have a value for each minute, the oldest first."""

    messages: list[float] = []
    replies: list[float] = []
    failures: list[float] = []
    reply_times: list[float | None] = []
    """The 95th percentile of the reply times, in seconds: None for a minute without a reply. Empty where the log was
    not read."""
    median: float | None = None
    """The median of the reply times of the hour, in seconds."""
    p95: float | None = None
    """The 95th percentile of the reply times of the hour, in seconds."""
    failed: dict[str, int] = {}
    """How many replies failed, by reason."""
    put_off: int = 0
    """How often a reply was deferred."""
    withheld: int = 0
    """How many replies the operator's switch, the opt-out list or a limit withheld (docs/decisions/0007)."""


class StatusSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a bot at one moment."""

    place: str
    """The data folder, or the stage and its region."""
    running: bool
    """Whether the process runs; on AWS, that the stage is deployed."""
    pid: int | None = None
    """The process on `local`."""
    url: str | None = None
    """The webhook's address."""
    started: float | None = None
    """When the process on `local` started, in epoch seconds."""
    waiting: int = 0
    """How many deliveries wait; on AWS, how many replies."""
    dead: dict[str, int] = {}
    """The number of dead letters by rule; on AWS, by microservice."""
    last_hour: LastHour = LastHour()
    limits: list[XLimit] = []
    """X's rate limits, as its newest answers gave them."""
    switch: Switch = Switch()
    """The operator's switch and limits of replies."""
    problem: str | None = None
    """Why a bot that runs on `local` takes no webhooks; None where it does."""
    sizes: dict[str, int] = {}
    """What takes room on `local`, in bytes, and what its disk has left as `free`."""
    damaged: list[str] = []
    """The files of the lake on `local` that can't be read to their end."""
    unread: list[str] = []
    """What could not be read, and why."""
    reads: dict[str, tuple[str, ...]] = {}
    """The languages that each detector of texts reads, by their codes."""


def the_last_hour(now: float) -> Window:
    """Return the window of the last 60 minutes. The minute that has begun is its last part."""
    minute = window_between(now, now + MINUTE, MINUTE)
    return Window(minute.start + MINUTE - HOUR, MINUTE, HOUR // MINUTE)


def last_hour(found: Iterable[MetricSeries]) -> LastHour:
    """Return the last hour from the series of the metrics COUNTED and, where they could be read, LOGGED."""
    by_name = {each.metric.name: each for each in found}
    times, median = by_name.get(metrics.REPLY_TIME_P95), by_name.get(metrics.REPLY_TIME)
    refused = {reason.value: by_name.get(metrics.failed(reason)) for reason in Reason}
    failed = {reason: int(each.total or 0) for reason, each in refused.items() if each}
    return LastHour(
        messages=_numbers(by_name[RECEIVED]),
        replies=_numbers(by_name[SENT]),
        failures=[
            sum(pair) for pair in zip(*(_numbers(by_name[each]) for each in (FAILED, NOT_ANALYSED)), strict=True)
        ],
        reply_times=times.values if times else [],
        median=median.total if median else None,
        p95=times.total if times else None,
        failed={reason: count for reason, count in failed.items() if count},
        put_off=int(by_name[metrics.PUT_OFF].total or 0),
        withheld=int(by_name[WITHHELD].total or 0),
    )


def _numbers(found: MetricSeries) -> list[float]:
    return [value or 0.0 for value in found.values]
