"""Alerts are kept once for each post, listed, and posted where the operator wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdas.contracts import Event
from lambdas.errors import BadEvent, Temporary, TwbotError
from local.alerts import Alerts
from tests.loopback import Answer, answering


def angry(tweet_id: str = "12", time: str = "2026-11-23T10:00:00Z") -> Event:
    detail = {
        "Text": "I hate this",
        "Author": "alice",
        "Summoned": True,
        "Twitter": {"TweetId": tweet_id, "UserId": "7"},
        "Analysis": {"TextSentiment": "NEGATIVE", "SentimentScore": {"Negative": 0.93}},
    }
    return Event(id="1", source="BOT", time=time, detail=detail, detail_type="MESSAGE_ANALYSED")


def test_an_alert_is_kept_once(tmp_path: Path) -> None:
    """However often its event comes, and after a restart."""
    for _ in range(2):
        alerts = Alerts(tmp_path / "alerts.db")
        alerts.handle(angry())
        alerts.handle(angry())
        alerts.close()
    (alert,) = Alerts(tmp_path / "alerts.db").newest()
    assert (alert.tweet_id, alert.author, alert.text, alert.negative) == ("12", "alice", "I hate this", 0.93)
    assert "https://x.com/i/status/12" in alert.body
    assert not alert.posted


def test_the_newest_alert_comes_first(tmp_path: Path) -> None:
    """And not more than were asked for."""
    alerts = Alerts(tmp_path / "alerts.db")
    for hour in ("10", "12", "11"):
        alerts.handle(angry(hour, f"2026-11-23T{hour}:00:00Z"))
    assert [alert.tweet_id for alert in alerts.newest(2)] == ["12", "11"]


def test_an_alert_is_posted_once(tmp_path: Path) -> None:
    """As JSON with its subject and body."""
    with answering(Answer(204, b"")) as hook:
        alerts = Alerts(tmp_path / "alerts.db", url=hook.url)
        alerts.handle(angry())
        alerts.handle(angry())
    (asked,) = hook.asked
    assert asked.json["subject"] == "Negative message on X"
    assert "I hate this" in asked.json["body"]
    assert alerts.newest()[0].posted


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_alert_that_did_not_arrive_is_posted_again(tmp_path: Path, status: int) -> None:
    """It is kept, the bus is told, and the next delivery tries again; a redirect is not followed."""
    with answering(Answer(status, b"", {"Location": "/elsewhere"}), Answer(200, b"")) as hook:
        alerts = Alerts(tmp_path / "alerts.db", url=hook.url)
        with pytest.raises(Temporary, match=str(status)):
            alerts.handle(angry())
        assert len(alerts.newest()) == len(hook.asked) == 1
        alerts.handle(angry())
    assert len(hook.asked) == 2


def test_an_address_out_of_reach_is_not_shown(tmp_path: Path) -> None:
    """Alert addresses hold passwords."""
    with answering(Answer()) as hook:
        pass
    alerts = Alerts(tmp_path / "alerts.db", url=f"{hook.url}/password")
    with pytest.raises(Temporary) as error:
        alerts.handle(angry())
    assert "password" not in str(error.value)


def test_alerts_travel_encrypted(tmp_path: Path) -> None:
    """Or stay on this machine."""
    with pytest.raises(TwbotError):
        Alerts(tmp_path / "alerts.db", url="http://hooks.example")


def test_a_broken_event_is_refused(tmp_path: Path) -> None:
    """The error names the field."""
    broken = Event(id="1", source="BOT", time="", detail={}, detail_type="MESSAGE_ANALYSED")
    with pytest.raises(BadEvent, match="Text"):
        Alerts(tmp_path / "alerts.db").handle(broken)
