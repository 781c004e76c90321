"""From what one message does to what a month of them costs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from twbot.cli.cost.prices import REGION, price_table
from twbot.stacks.config import StageConfig
from twbot.stacks.functions import FUNCTIONS

GB = 1024**3
MB = 1024**2
MINUTES = 30 * 24 * 60
# What the source design cost, in pounds per million messages, AWS only, at the prices of its time.
SOURCE_DESIGN_GBP = 1700
# Logs beside what is counted, in bytes: Lambda's own lines and ours of an invocation; a state entered and left.
LOG_OF_INVOCATION, LOG_OF_STATE = 1000, 800
# Of the traces beyond the first of each second X-Ray records so many.
TRACED = 0.05
# As a test holds it to docs/aws.md, and that to the templates.
ALARMS = 11
# Lambda asks a queue for messages with five pollers, each 20 seconds at a time.
POLLS = 5 * 3 * MINUTES
X_SERVICE = "X"
# What one message does, by its kind (text, image) and whether it is summoned.
Counted = Mapping[tuple[str, bool], Mapping[str, float]]


class Traffic(NamedTuple):
    """A month of messages; `images` and `answered` are shares of them."""

    messages: float
    images: float
    answered: float = 1.0


class Line(msgspec.Struct, frozen=True):
    """`price` is USD for each unit on average, over the tiers that the quantity takes."""

    service: str
    what: str
    quantity: float
    unit: str
    price: float
    usd: float
    confirmed: bool
    doubt: str | None = None


class Bill(msgspec.Struct, frozen=True):
    total: float
    total_aws: float
    total_x: float
    per_message: float
    services: list[Line]
    idle_per_month: list[Line]


def mixed(counted: Counted, traffic: Traffic) -> dict[str, float]:
    """What a month of messages does."""
    shares = {"image": traffic.images, "text": 1 - traffic.images}
    total: dict[str, float] = defaultdict(float)
    for (kind, summoned), counts in counted.items():
        times = traffic.messages * shares[kind] * (traffic.answered if summoned else 1 - traffic.answered)
        for name, how_many in counts.items():
            total[name] += how_many * times
    return total


def quantities(done: Mapping[str, float], stage: StageConfig) -> dict[str, float]:
    """By the name of a price, how much of it. `done`: what a month of messages does."""
    used = defaultdict(float, done)
    calls = {name: used[f"invocations:{name}"] for name in FUNCTIONS}
    # Firehose hands the function a MB at a time, or what came in a minute.
    calls["transform"] = min(used["records"], max(float(MINUTES), used["event_bytes"] / MB))
    memory = {name: function.memory / 1024 for name, function in FUNCTIONS.items()}
    written = used["log_bytes"] + LOG_OF_INVOCATION * sum(calls.values()) + LOG_OF_STATE * used["states"]
    found = {name: used[name] for name in price_table().prices if name in used}
    return found | {
        "lambda.requests": sum(calls.values()),
        "lambda.gb_seconds": sum(used[f"ms:{name}"] / 1000 * memory[name] for name in FUNCTIONS),
        "eventbridge.archive_gb": used["event_bytes"] / GB,
        "eventbridge.archive_gb_months": used["event_bytes"] / GB * stage.aws.archive_days / 30,
        "s3.gb_months": (used["media_bytes"] / 30 + used["lake_bytes"]) / GB,
        "s3.puts": used["s3.puts"] + _files(used["records"]),
        "firehose.gb": used["record_bytes"] / GB,
        "firehose.partitioned_gb": used["lake_bytes"] / GB,
        "firehose.objects": _files(used["records"]),
        "logs.gb": written / GB,
        "logs.gb_months": written / GB * stage.aws.log_days / 30,
        "cloudwatch.metrics": sum(1 for name, how_many in used.items() if name.startswith("type:") and how_many),
        "xray.traces": used["xray.traces"] * TRACED,
        "transfer.gb": used["sent_bytes"] / GB,
    }


def bill(counted: Counted, traffic: Traffic, stage: StageConfig, region: str) -> Bill:
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
    return {
        "idle.secret": 1,
        "idle.alarms": ALARMS,
        "idle.key": 1,
        "idle.dashboard": 1,
        "sqs.requests": POLLS,
    }


def line(name: str, quantity: float, region: str = REGION) -> Line:
    price = price_table().prices[name]
    usd, confirmed = price.cost(quantity, region)
    unit_price = usd / quantity if quantity else 0.0
    doubt = price.doubt if not confirmed or len(price.tiers_of(region)) == 1 else None
    return Line(price.service, price.what, quantity, price.unit, unit_price, usd, confirmed, doubt)


def _files(records: float) -> float:
    """Firehose writes one a minute while events come."""
    return min(records, float(MINUTES))
