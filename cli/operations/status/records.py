"""How the bot does, as `twbot status` shows it on either platform."""

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
# On AWS these are in the log only, which not everybody may read.
LOGGED = (metrics.REPLY_TIME, metrics.REPLY_TIME_P95, *(metrics.failed(reason) for reason in Reason))


class LastHour(msgspec.Struct, frozen=True, kw_only=True):
    """A value a minute, the oldest first. `reply_times`: what 95% were quicker than; None where nothing was sent, and
    no list where the log was not read.

    `failed`: how many replies by reason; `put_off`: how often one had to wait; `withheld`: by the operator's switch.
    """

    messages: list[float] = []
    replies: list[float] = []
    failures: list[float] = []
    reply_times: list[float | None] = []
    median: float | None = None
    p95: float | None = None
    failed: dict[str, int] = {}
    put_off: int = 0
    withheld: int = 0


class StatusSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """`running`: on AWS, that it is deployed. `dead`: dead letters by rule (on AWS: by microservice).

    `pid`, `started`: of the process on `local`. `limits`: X's, as its answers to the bot told of them. `switch`: what
    the operator lets be replied. `unread`: what could not be read, and why.
    """

    place: str
    running: bool
    pid: int | None = None
    url: str | None = None
    started: float | None = None
    waiting: int = 0
    dead: dict[str, int] = {}
    last_hour: LastHour = LastHour()
    limits: list[XLimit] = []
    switch: Switch = Switch()
    unread: list[str] = []


def the_last_hour(now: float) -> Window:
    """By the minute; the one that has begun is the last."""
    total = window_between(now, now + MINUTE, MINUTE)
    return Window(total.start + MINUTE - HOUR, MINUTE, HOUR // MINUTE)


def last_hour(found: Iterable[MetricSeries]) -> LastHour:
    """Of the measures COUNTED and, where they could be read, LOGGED."""
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
