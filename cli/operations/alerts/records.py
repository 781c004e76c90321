"""A subscriber of alerts, and the outcome of a test alert, as operators see them."""

from __future__ import annotations

from typing import Literal

import msgspec


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber of alerts."""

    id: str
    kind: str
    address: str
    """The masked address: a webhook's is a secret (docs/decisions/0006)."""
    state: Literal["active", "pending"] = "active"
    """`pending` until the subscriber has confirmed the subscription."""
    declared: bool = False
    """Whether twbot.toml names the address, so that a deployment subscribes it."""
    last: str | None = None
    """When the last alert was sent to it, as an ISO time; None where that is not known."""
    problem: str | None = None
    """Why the last alert did not arrive; None where it did."""


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a test alert for one subscriber."""

    id: str
    kind: str
    address: str
    problem: str | None = None
    """Why the alert was not sent; None where it was."""
