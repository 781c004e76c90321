"""The status of a stage on AWS, from CloudWatch's metrics, its logs, and its queues."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from twbot.cli.operations.aws_errors import AwsError, NotDeployed, translate_aws_errors
from twbot.cli.operations.aws_logs_insights import Insights, epoch
from twbot.cli.operations.metrics.aws import AwsMetrics
from twbot.cli.operations.replies.aws import AwsReplies
from twbot.cli.operations.status.records import COUNTED, HOUR, LOGGED, StatusSnapshot, last_hour, the_last_hour
from twbot.lambdas.analysis import languages
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import ErrorKind
from twbot.lambdas.wiring import services
from twbot.lambdas.x.rate_limits import ANSWERED, XLimit, newest_limits
from twbot.stacks.names import dead_letters_name, function_log_name, queue_name

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

LIMITS = f"""filter message = "{ANSWERED}" | sort @timestamp desc | dedup call | limit 100"""
# The functions that call X.
_X_CALLERS = ("egress", "complete")
Found = TypeVar("Found")


class AwsStatusProbe:
    """The status of a stage. Raises NotDeployed, AwsError.

    Each read takes six metrics and three queries of logs. With a thousand posts a day an hour of reads, one a minute,
    costs half a cent: https://aws.amazon.com/cloudwatch/pricing
    """

    poll_interval = 60.0

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._url: str | None = None

    def read(self) -> StatusSnapshot:
        """Read the status. What only the logs hold is left out where they can't be read: see `unread`."""
        self._url = self._url or self._bot.webhook_url()
        now = time.time()
        hour, metrics, unread = the_last_hour(now), AwsMetrics(self._bot), list[str]()
        with ThreadPoolExecutor(5) as pool:  # at once: a query of logs takes seconds
            counted = pool.submit(metrics.series_of, hour, COUNTED)
            logged = pool.submit(metrics.series_of, hour, LOGGED)
            waiting, dead = pool.submit(waiting_replies, self._bot), pool.submit(dead_letters, self._bot)
            limits, switch = pool.submit(x_limits, self._bot, now), pool.submit(_switch, self._bot)
            from_log = _unless_refused(logged, [], "replies' times and reasons", unread)
            of_x = _unless_refused(limits, [], "X's limits", unread)
            return StatusSnapshot(
                place=f"{self._bot.name} in {self._bot.client('sqs').meta.region_name}",
                running=True,
                url=self._url,
                reads=languages.AWS,
                waiting=waiting.result(),
                dead=dead.result(),
                last_hour=last_hour([*counted.result(), *from_log]),
                limits=of_x,
                switch=switch.result(),
                unread=unread,
            )


def _unless_refused(query: Future[Found], default: Found, what: str, unread: list[str]) -> Found:
    """Return the result of a query of logs; the default where AWS refuses it, and the reason in `unread`."""
    # Such a query needs a permission of its own, and an account runs few at once: the rest of the status does not.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    try:
        return query.result()
    except NotDeployed:
        raise
    except AwsError as problem:
        if problem.kind is ErrorKind.NOT_CONFIGURED:
            raise
        unread.append(f"{what}: {problem}{f' {problem.hint}.' if problem.hint else ''}")
        return default


def waiting_replies(bot: AwsBot) -> int:
    """Return how many replies wait: to be sent, being sent, and deferred."""
    attributes = _queue(bot, queue_name(bot.config))
    return sum(int(attributes[f"ApproximateNumberOfMessages{which}"]) for which in ("", "NotVisible", "Delayed"))


def dead_letters(bot: AwsBot) -> dict[str, int]:
    """Return the number of dead letters by microservice; those without any are left out."""
    counts = {
        each: int(_queue(bot, dead_letters_name(bot.config, each))["ApproximateNumberOfMessages"])
        for each in services()
    }
    return {service: count for service, count in counts.items() if count}


def x_limits(bot: AwsBot, now: float) -> list[XLimit]:
    """Return X's rate limits, as its answers to the functions in the last hour gave them."""
    groups = [function_log_name(bot.config, name) for name in _X_CALLERS]
    rows = Insights(bot, f"fields @timestamp, @message | {LIMITS}", groups, now - HOUR, now + 60).rows()
    return newest_limits(((epoch(row["@timestamp"]), _line(row.get("@message", ""))) for row in rows), now)


def _switch(bot: AwsBot) -> Switch:
    try:
        return AwsReplies(bot).switch()
    except NotDeployed:  # a stage of an older twbot has no switch
        return Switch()


def _queue(bot: AwsBot, name: str) -> dict[str, str]:
    client = bot.client("sqs")
    counts = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    missing = f"The stage {bot.name} is not deployed in {client.meta.region_name}: it has no queue {name}."
    with translate_aws_errors(bot.name, missing=missing):
        try:
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            found: dict[str, str] = client.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
        except client.exceptions.QueueDoesNotExist:
            raise NotDeployed(missing, bot.name) from None
    return found


def _line(message: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(message, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
