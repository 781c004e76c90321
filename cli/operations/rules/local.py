"""How the deliveries to the rules of this machine's bot stand, from the history of its bus."""

from __future__ import annotations

import datetime
from pathlib import Path

from twbot.cli.operations.rules.records import DeliveryCount
from twbot.lambdas.wiring import rules
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def delivery_counts(folder: Path) -> list[DeliveryCount]:
    """Return the counts of the declared rules, then of those that only left deliveries. Raises StorageError."""
    now = datetime.datetime.now(datetime.UTC)
    with History(DataFolder(folder).bus) as history:
        hour, day = history.done_by_rule(now - HOUR), history.done_by_rule(now - DAY)
        waiting, dead = history.waiting_by_rule(), history.dead_by_rule()
    names = dict.fromkeys([*(rule.name for rule in rules()), *waiting, *dead])
    return [
        DeliveryCount(
            rule=name,
            hour=hour.get(name, 0),
            day=day.get(name, 0),
            waiting=waiting.get(name, 0),
            dead=dead.get(name, 0),
        )
        for name in names
    ]
