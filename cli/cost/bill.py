"""Turns the counted calls of one message into the bill of a month."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from twbot.cli.cost.prices import REGION, price_table
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.own.calls import named_secrets
from twbot.lambdas.wiring import OWN
from twbot.stacks.config import StageConfig
from twbot.stacks.functions import FUNCTIONS, functions
from twbot.stacks.names import stack_services

GB = 1024**3
MB = 1024**2
MINUTES = 30 * 24 * 60
# What the source design cost, in pounds per million messages, AWS only, at the prices of its time.
SOURCE_DESIGN_GBP = 1700
# Logs that are not counted, in bytes: the lines of Lambda and of ours for an invocation; a state's entry and exit.
LOG_OF_INVOCATION, LOG_OF_STATE = 1000, 800
# X-Ray's default rule records one request a second and 5% of the others; of many messages nearly all are others.
# https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
TRACED = 0.05
# Without a folder of one's own. A test compares it with docs/aws.md, and that with the templates.
ALARM_METRICS = 51
# Lambda polls a queue with five pollers, each by long polling of 20 seconds, also while the queue is empty:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLS = 5 * 3 * MINUTES
X_SERVICE = "X"
# The counts of one message, by its kind (text, image) and whether it summons the bot.
Counted = Mapping[tuple[str, bool], Mapping[str, float]]


class Traffic(NamedTuple):
    """A month of messages."""

    messages: float
    images: float
    """The share of messages with an image, 0 to 1."""
    answered: float = 1.0
    """The share of messages that summon the bot and are answered, 0 to 1."""


class Line(msgspec.Struct, frozen=True):
    """A line of the bill."""

    service: str
    what: str
    quantity: float
    """In `unit`."""
    unit: str
    price: float
    """USD per unit, averaged over the tiers that the quantity reaches."""
    usd: float
    confirmed: bool
    """Whether every price in it was read in a published source."""
    doubt: str | None = None
    """What is uncertain about the price."""


class Bill(msgspec.Struct, frozen=True):
    """The cost of a month, in USD."""

    total: float
    """Of `services`: AWS and X."""
    total_aws: float
    total_x: float
    per_message: float
    services: list[Line]
    """The cost of the messages."""
    idle_per_month: list[Line]
    """The cost of a month without any message, in addition."""


def mixed(counted: Counted, traffic: Traffic) -> dict[str, float]:
    """Return the counts of a month: each kind of message weighted by its share."""
    shares = {"image": traffic.images, "text": 1 - traffic.images}
    total: dict[str, float] = defaultdict(float)
    for (kind, summoned), counts in counted.items():
        messages = traffic.messages * shares[kind] * (traffic.answered if summoned else 1 - traffic.answered)
        for name, count in counts.items():
            total[name] += count * messages
    return total


def quantities(counts: Mapping[str, float], stage: StageConfig) -> dict[str, float]:
    """Return the billed quantities by the names of their prices. `counts`: those of a month."""
    used = defaultdict(float, counts)
    all_functions = functions()
    calls = {name: used[f"invocations:{name}"] for name in all_functions}
    # Firehose invokes the function once for each MB, or once a minute: the buffer hints of stacks/analytics.py.
    calls["transform"] = min(used["records"], max(float(MINUTES), used["event_bytes"] / MB))
    memory = {name: function.memory / 1024 for name, function in all_functions.items()}
    written = used["log_bytes"] + LOG_OF_INVOCATION * sum(calls.values()) + LOG_OF_STATE * used["states"]
    found = {name: used[name] for name in price_table().prices if name in used}
    return found | {
        "lambda.requests": sum(calls.values()),
        "lambda.gb_seconds": sum(used[f"ms:{name}"] / 1000 * memory[name] for name in all_functions),
        "eventbridge.archive_gb": used["event_bytes"] / GB,
        "eventbridge.archive_gb_months": used["event_bytes"] / GB * stage.archive_days / 30,
        "s3.gb_months": (used["media_bytes"] / 30 + used["lake_bytes"]) / GB,
        "s3.puts": used["s3.puts"] + _files(used["records"]),
        "firehose.gb": used["record_bytes"] / GB,
        "firehose.partitioned_gb": used["lake_bytes"] / GB,
        "firehose.objects": _files(used["records"]),
        "logs.gb": written / GB,
        "logs.gb_months": written / GB * stage.aws.log_days / 30,
        # A custom metric costs once it has a data point: each event type that occurs has one.
        "cloudwatch.metrics": sum(1 for name, count in used.items() if name.startswith("type:") and count),
        "xray.traces": used["xray.traces"] * TRACED,
        "transfer.gb": used["sent_bytes"] / GB,
    }


def bill(counted: Counted, traffic: Traffic, stage: StageConfig, region: str) -> Bill:
    """Return the bill of a month of this traffic at the region's prices."""
    amounts = quantities(mixed(counted, traffic), stage)
    lines = [line(name, amounts[name], region) for name in price_table().prices if amounts.get(name)]
    idle = [line(name, quantity, region) for name, quantity in idle_quantities().items()]
    total, x = math.fsum(each.usd for each in lines), math.fsum(each.usd for each in lines if each.service == X_SERVICE)
    return Bill(
        total=total,
        total_aws=total - x,
        total_x=x,
        per_message=total / traffic.messages,
        services=lines,
        idle_per_month=idle,
    )


def idle_quantities() -> dict[str, float]:
    """Return the quantities of a month without messages, by the names of their prices."""
    folder = bot_folder()
    return {
        "idle.secret": 1 + len(named_secrets(folder)),
        # Of each function its errors and throttles; of each rule its lost events; of the stack own its dead letters.
        "idle.alarms": ALARM_METRICS
        + 2 * (len(functions()) - len(FUNCTIONS))
        + len(folder.rules)
        + (OWN in stack_services()),
        "idle.key": 1,
        "idle.dashboard": 1,
        "sqs.requests": POLLS,
    }


def line(name: str, quantity: float, region: str = REGION) -> Line:
    """Return the line of the bill for a quantity of something, by the name of its price."""
    price = price_table().prices[name]
    usd, confirmed = price.cost(quantity, region)
    unit_price = usd / quantity if quantity else 0.0
    doubt = price.doubt if not confirmed or len(price.tiers_of(region)) == 1 else None
    return Line(price.service, price.what, quantity, price.unit, unit_price, usd, confirmed, doubt)


def _files(records: float) -> float:
    """Return the number of files that Firehose writes: one a minute while events arrive."""
    return min(records, float(MINUTES))
