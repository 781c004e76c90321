"""The publisher of the functions that publish."""

from __future__ import annotations

import functools
import os

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.deduplication import Deduplication
from twbot.lambdas.aws.event_bus import EventBus
from twbot.lambdas.retention import RETENTION_DAYS


@functools.cache
def publisher() -> EventBus:
    days = int(os.environ.get("ARCHIVE_DAYS", RETENTION_DAYS))
    deduplication = Deduplication(client("dynamodb"), os.environ["SEEN_TABLE"], archive_days=days)
    return EventBus(client("events"), os.environ["BUS_NAME"], deduplication)
