"""The metrics of a stage on AWS, from CloudWatch and from the log of every event."""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from twbot.cli.operations.aws_logs_insights import Insights, epoch
from twbot.cli.operations.metrics import records as names
from twbot.cli.operations.metrics.aws_cloudwatch import Read, metric_of, read
from twbot.cli.operations.metrics.records import (
    Datapoints,
    Metric,
    MetricSeries,
    Window,
    all_metrics,
    function_metrics,
    series_of,
)
from twbot.lambdas.folder.event_types import declared
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.wiring import services
from twbot.stacks.functions import functions
from twbot.stacks.names import event_log_name

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

DAY = 24 * 3600
# An event counts once, however often it is replayed.
_NOT_REPLAYED = "not ispresent(`replay-name`)"
TIMES = f"""filter `detail-type` in ["MESSAGE_RECEIVED", "TWEET_SENT"] and {_NOT_REPLAYED}
| fields coalesce(detail.Twitter.TweetId, detail.ReplyToTweetId) as post
| stats earliest(time) as asked, latest(time) as answered, count_distinct(`detail-type`) as kinds by post
| filter kinds = 2 | sort answered desc | limit 10000"""
FAILURES = f"""filter `detail-type` = "TWEET_FAILED" and {_NOT_REPLAYED}
| fields time, detail.Reason as reason | sort @timestamp desc | limit 10000"""


class AwsMetrics:
    """The metrics of a stage. Raises AwsError, NotDeployed.

    CloudWatch counts events by metric filters of the log of every event. Reply times and the reasons of failures are
    queried from that log itself: its times are whole seconds, and it is kept for `log_days` of the stage.
    """

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot

    def all_metrics(self) -> list[Metric]:
        return [*all_metrics(services(), declared(bot_folder().events)), *function_metrics(functions())]

    def min_period(self, start: float) -> int:
        """Return the shortest period, in seconds, for which CloudWatch still has datapoints since `start`.

        It keeps minutes for 15 days, five minutes for 63, then hours.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
        """
        age = time.time() - start
        return 60 if age < 15 * DAY else 300 if age < 63 * DAY else 3600

    def series_of(self, window: Window, wanted: Collection[str]) -> list[MetricSeries]:
        """Return the series of the metrics of these names."""
        chosen = [each for each in self.all_metrics() if each.name in wanted]
        reads = {each.name: found for each in chosen if (found := metric_of(self._bot.config, each.name)) is not None}
        with ThreadPoolExecutor(2) as pool:  # at once: a query of the log takes seconds
            logged = pool.submit(self._logged, window, {each.name for each in chosen} - set(reads))
            counted = read(self._bot, window, list(reads.values()))
            from_log = logged.result()
        return [series_of(each, window, _datapoints(each.name, reads, counted, from_log)) for each in chosen]

    def _logged(self, window: Window, wanted: Collection[str]) -> dict[str, list[tuple[float, float]]]:
        """Return the datapoints that only the log has, by metric. All queries are started before one is waited for."""
        group = [event_log_name(self._bot.config)]
        queries: dict[str, Insights] = {}
        if {names.REPLY_TIME, names.REPLY_TIME_P95} & set(wanted):
            queries["times"] = Insights(self._bot, TIMES, group, window.start - names.LOOKBACK_SECONDS, window.end)
        if any(each.startswith(names.failed("")) for each in wanted):
            queries["failures"] = Insights(self._bot, FAILURES, group, window.start, window.end)
        found: dict[str, list[tuple[float, float]]] = {}
        if "times" in queries:
            found[names.REPLY_TIME] = found[names.REPLY_TIME_P95] = [
                _reply_time(row) for row in queries["times"].rows()
            ]
        for row in queries["failures"].rows() if "failures" in queries else ():
            found.setdefault(names.failed(row.get("reason", "")), []).append((epoch(row["time"]), 1.0))
        return found


def _datapoints(
    name: str, reads: dict[str, Read], counted: dict[Read, Datapoints], logged: dict[str, Any]
) -> Datapoints:
    return counted[reads[name]] if name in reads else logged.get(name, ())


def _reply_time(row: dict[str, str]) -> tuple[float, float]:
    answered = epoch(row["answered"])
    return answered, max(0.0, answered - epoch(row["asked"]))
