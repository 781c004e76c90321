"""What operators see of alerts: who hears of them, and how a test ended."""

from __future__ import annotations

from typing import Literal

import msgspec


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who hears of alerts. `address` is masked; a `pending` one has not confirmed yet.

    `problem`: why the last alert did not arrive, None where it did; `last`: when that was, None where nobody knows.
    """

    id: str
    kind: str
    address: str
    state: Literal["active", "pending"] = "active"
    declared: bool = False
    last: str | None = None
    problem: str | None = None


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """How a test alert ended for one subscriber. `problem` is None where it went out."""

    id: str
    kind: str
    address: str
    problem: str | None = None
