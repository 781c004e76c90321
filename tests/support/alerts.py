"""Alerts and subscribers that tests use."""

from __future__ import annotations

import msgspec

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.subscription import Kind, Subscription

ANGRY = Alert("12", "2026-11-23T10:00:00Z", "alice", "I hate this", 0.93, "Negative message on X", "I hate this")


def saying(text: str) -> Alert:
    return msgspec.structs.replace(ANGRY, text=text)


def at(url: str, kind: Kind = "https") -> Subscription:
    return Subscription(kind=kind, address=url)
