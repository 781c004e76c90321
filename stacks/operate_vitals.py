"""How a stage on AWS does: CloudWatch's metrics, its logs, and its queues."""

from __future__ import annotations

import datetime
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec

from lambdas.operating import measures as names
from lambdas.operating.measures import Measure, Measured, Moments, Window, function_measures, measured, measures
from lambdas.operating.vitals import HOUR, OF_AN_HOUR, Vitals, last_hour, the_last_hour
from lambdas.x_limits import ANSWERED, XLimit, newest_limits
from stacks.functions import FUNCTIONS
from stacks.names import SERVICES, dead_letters_name, event_log_name, function_log_name, queue_name
from stacks.operate_insights import Insights
from stacks.operate_metrics import Read, metric_of, read
from stacks.operate_problems import NotDeployed, explained

if TYPE_CHECKING:
    from stacks.operate import AwsBot

DAY = 24 * 3600
# Replayed events are neither answered nor counted.
_ONCE = "not ispresent(`replay-name`)"
TIMES = f"""filter `detail-type` in ["MESSAGE_RECEIVED", "TWEET_SENT"] and {_ONCE}
| fields coalesce(detail.Twitter.TweetId, detail.ReplyToTweetId) as post
| stats earliest(time) as asked, latest(time) as answered, count_distinct(`detail-type`) as kinds by post
| filter kinds = 2 | sort answered desc | limit 10000"""
FAILURES = f"""filter `detail-type` = "TWEET_FAILED" and {_ONCE}
| fields time, detail.Reason as reason | sort @timestamp desc | limit 10000"""
LIMITS = f"""filter message = "{ANSWERED}" | sort @timestamp desc | dedup call | limit 100"""
# What speaks to X.
_ASKING_X = ("egress", "ingress")


class AwsMeasures:
    """Events from the metrics of the log of every event, replies' times and failures' reasons from that log itself.

    The log's times are to the second, and it is kept as long as the stage keeps logs (`log_days`).
    """

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot

    def measures(self) -> list[Measure]:
        return [*measures(SERVICES), *function_measures(FUNCTIONS)]

    def finest(self, start: float) -> int:
        """CloudWatch keeps minutes for 15 days, five minutes for 63, then hours.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
        """
        age = time.time() - start
        return 60 if age < 15 * DAY else 300 if age < 63 * DAY else 3600

    def measured(self, window: Window, wanted: Collection[str]) -> list[Measured]:
        """Raises AwsProblem."""
        chosen = [each for each in self.measures() if each.name in wanted]
        reads = {each.name: found for each in chosen if (found := metric_of(self._bot.stage, each.name)) is not None}
        with ThreadPoolExecutor(2) as pool:
            logged = pool.submit(self._logged, window, {each.name for each in chosen} - set(reads))
            counted = read(self._bot, window, list(reads.values()))
            from_log = logged.result()
        return [measured(each, window, _moments(each.name, reads, counted, from_log)) for each in chosen]

    def _logged(self, window: Window, wanted: Collection[str]) -> dict[str, list[tuple[float, float]]]:
        """What only the log knows, asked at once."""
        group = [event_log_name(self._bot.stage)]
        asked: dict[str, Insights] = {}
        if {names.REPLY_TIME, names.REPLY_TIME_P95} & set(wanted):
            asked["times"] = Insights(self._bot, TIMES, group, window.start - names.BEFORE, window.end)
        if any(each.startswith(names.failed("")) for each in wanted):
            asked["failures"] = Insights(self._bot, FAILURES, group, window.start, window.end)
        found: dict[str, list[tuple[float, float]]] = {}
        if "times" in asked:
            found[names.REPLY_TIME] = found[names.REPLY_TIME_P95] = [_answer(row) for row in asked["times"].rows()]
        for row in asked["failures"].rows() if "failures" in asked else ():
            found.setdefault(names.failed(row.get("reason", "")), []).append((_epoch(row["time"]), 1.0))
        return found


class AwsCondition:
    """Asks for five metrics and three queries of logs each time: with a thousand posts a day an hour costs half a cent.

    https://aws.amazon.com/cloudwatch/pricing
    """

    every = 60.0

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._url: str | None = None

    def look(self) -> Vitals:
        """Raises NotDeployed, AwsProblem."""
        self._url = self._url or self._bot.webhook_url()
        now = time.time()
        with ThreadPoolExecutor(4) as pool:
            hour = pool.submit(AwsMeasures(self._bot).measured, the_last_hour(now), OF_AN_HOUR)
            waiting, dead = pool.submit(waiting_replies, self._bot), pool.submit(dead_letters, self._bot)
            limits = pool.submit(x_limits, self._bot, now)
            return Vitals(
                place=f"{self._bot.name} in {self._bot.client('sqs').meta.region_name}",
                running=True,
                url=self._url,
                waiting=waiting.result(),
                dead=dead.result(),
                last_hour=last_hour(hour.result()),
                limits=limits.result(),
            )


def waiting_replies(bot: AwsBot) -> int:
    """To be sent, being sent, and put off."""
    attributes = _queue(bot, queue_name(bot.stage))
    return sum(int(attributes[f"ApproximateNumberOfMessages{which}"]) for which in ("", "NotVisible", "Delayed"))


def dead_letters(bot: AwsBot) -> dict[str, int]:
    """By microservice, where there are some."""
    counts = {
        each: int(_queue(bot, dead_letters_name(bot.stage, each))["ApproximateNumberOfMessages"]) for each in SERVICES
    }
    return {service: count for service, count in counts.items() if count}


def x_limits(bot: AwsBot, now: float) -> list[XLimit]:
    """As X told the functions that speak to it, in the last hour."""
    groups = [function_log_name(bot.stage, name) for name in _ASKING_X]
    rows = Insights(bot, f"fields @timestamp, @message | {LIMITS}", groups, now - HOUR, now + 60).rows()
    return newest_limits(((_epoch(row["@timestamp"]), _line(row.get("@message", ""))) for row in rows), now)


def _moments(name: str, reads: dict[str, Read], counted: dict[Read, Moments], logged: dict[str, Any]) -> Moments:
    return counted[reads[name]] if name in reads else logged.get(name, ())


def _queue(bot: AwsBot, name: str) -> dict[str, str]:
    client = bot.client("sqs")
    counts = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    missing = f"The stage {bot.name} is not deployed in {client.meta.region_name}: it has no queue {name}."
    with explained(bot.name, missing=missing):
        try:
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            found: dict[str, str] = client.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
        except client.exceptions.QueueDoesNotExist:
            raise NotDeployed(missing, bot.name) from None
    return found


def _answer(row: dict[str, str]) -> tuple[float, float]:
    answered = _epoch(row["answered"])
    return answered, max(0.0, answered - _epoch(row["asked"]))


def _line(message: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(message, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}


def _epoch(text: str) -> float:
    """Events have a Z, Insights' own times a blank and no zone: both are UTC."""
    at = datetime.datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp()
