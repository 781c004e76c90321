"""Waits as they are in production: a bot of another test of the same process may have shortened them."""

from __future__ import annotations

import pytest

from twbot.lambdas.egress import attempts, sender


@pytest.fixture(autouse=True)
def _usual_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "TIMELINE_LAG", 10.0)
    monkeypatch.setattr(attempts, "MAX_REQUEST", 25.0)
    monkeypatch.setattr(sender, "RETRY_AFTER", 5)
