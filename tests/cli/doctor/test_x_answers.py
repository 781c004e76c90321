"""What `twbot doctor` makes of X's answers, on either platform."""

from __future__ import annotations

import datetime
import time
from email.utils import formatdate
from typing import Any

import pytest
import requests

from tests.support.fake_stage import FakeStage
from tests.support.loopback import Answer, answering
from twbot.cli.doctor.x import _cap, _subscriptions, _webhook, check_x
from twbot.cli.ui.check import Check
from twbot.cli.x.status import PostsRead, XStatus

STAGE = " --stage prod"


class Dated:
    """X's answer to what time it is."""

    def __init__(self, seconds: float | None) -> None:
        self.headers = {} if seconds is None else {"date": formatdate(time.time() - seconds)}


def told(seconds: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.Session, "head", lambda *_, **__: Dated(seconds))


def looked_at(stage: Any, url: str | None = None) -> dict[str, Check]:
    return {each.name: each for each in check_x(stage, url, STAGE)}


@pytest.mark.parametrize("off", [-600, 600])
def test_with_a_wrong_clock_x_is_not_asked(off: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would refuse what we sign: by how much it is off, and how to set it."""
    told(off, monkeypatch)
    found = looked_at(FakeStage("prod", "https://x.example.com"))
    assert (found["clock at X"].state, found["X"].state) == ("wrong", "skipped")
    assert found["clock at X"].says.startswith("+" if off > 0 else "-")
    assert "because" in found["X"].says


@pytest.mark.parametrize("date", [None, 0])
def test_x_that_nobody_reaches(date: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither clock nor keys can be told; what hangs on the keys is skipped. It takes no longer than a refusal."""
    told(date, monkeypatch)
    with answering(Answer(200)) as x:
        gone = x.url
    found = looked_at(FakeStage("prod", gone))
    assert found["clock at X"].state == ("warning" if date is None else "ok")
    assert (found["X's answer to the keys"].state, found["challenge"].state) == ("wrong", "skipped")
    assert "cannot be reached" in found["X's answer to the keys"].says
    assert found["webhook"].says == "not looked at, because X does not take the keys"


def test_a_webhook_that_nobody_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The challenge says so."""
    told(0, monkeypatch)
    with answering(Answer(401, {"title": "Unauthorized"})) as x:
        found = looked_at(FakeStage("prod", x.url), url="http://127.0.0.1:9/twitter")
    assert "Nobody answers there" in found["challenge"].says
    assert found["challenge"].fix == "twbot webhook check --stage prod"


@pytest.mark.parametrize(
    ("usage", "state"),
    [
        (None, "skipped"),
        (PostsRead(used=5, of=0), "skipped"),
        (PostsRead(used=5, of=100), "ok"),
        (PostsRead(used=90, of=100), "warning"),
        (PostsRead(used=100, of=100), "wrong"),
    ],
)
def test_how_much_of_the_cap_is_used(usage: PostsRead | None, state: str) -> None:
    """Nine tenths is time to do something; all of it is too late."""
    assert _cap(XStatus(usage=usage)).state == state


@pytest.mark.parametrize(
    ("x", "webhook", "subscriptions"),
    [
        (XStatus(webhook="u", valid=False, x_activity=1, subscribed=True), "wrong", "ok"),
        (XStatus(webhook="u", valid=True), "ok", "wrong"),
        (XStatus(webhook="u", valid=True, x_activity=1, account="7"), "ok", "wrong"),
        (XStatus(webhook="u", valid=True, x_activity=1, account_activity=1, subscribed=True), "ok", "ok"),
    ],
)
def test_webhook_and_subscriptions(x: XStatus, webhook: str, subscriptions: str) -> None:
    """Each with the command that puts it right."""
    found = (_webhook(x, STAGE), _subscriptions(x, STAGE))
    assert tuple(each.state for each in found) == (webhook, subscriptions)
    assert all(each.state == "ok" or str(each.fix).endswith(STAGE) for each in found)


@pytest.mark.parametrize(("today", "state"), [("2026-12-31", "warning"), ("2027-01-01", "wrong")])
def test_account_activity_alone(today: str, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a warning until its last day, and wrong from then on."""
    monkeypatch.setattr("twbot.cli.doctor.x._today", lambda: datetime.date.fromisoformat(today))
    found = _subscriptions(XStatus(webhook="u", valid=True, account_activity=1, subscribed=True), "")
    assert (found.state, found.fix) == (state, "twbot subscription migrate")
