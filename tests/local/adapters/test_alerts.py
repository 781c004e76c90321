"""Alerts are kept once for each post, listed, and told to whoever subscribed while the bot runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tests.support.alerts import again, at
from tests.support.alerts import angry as angry_post
from tests.support.loopback import Answer, answering
from twbot.lambdas.alerting.subscription import Kind, Subscription
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import BadEvent, NotConfigured, Temporary
from twbot.local.adapters.alerts import Alerts, stored_outcomes
from twbot.local.adapters.subscribers import SubscriberFile
from twbot.local.data_folder import DataFolder


def angry(tweet_id: str = "12", time: str = "2026-11-23T10:00:00Z") -> Event:
    detail = {
        "Text": "I hate this",
        "Author": "alice",
        "Summoned": True,
        "Twitter": {"TweetId": tweet_id, "UserId": "7"},
        "Analysis": {"TextSentiment": "NEGATIVE", "SentimentScore": {"Negative": 0.93}},
    }
    return Event(id="1", source="BOT", time=time, detail=detail, detail_type="MESSAGE_ANALYSED")


@pytest.fixture
def home(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


def test_an_alert_is_kept_once(home: DataFolder) -> None:
    """However often its event comes, by either rule, and after a restart."""
    for _ in range(2):
        alerts = Alerts(home)
        alerts.handle(angry())
        alerts.notify(angry())
        alerts.close()
    (alert,) = Alerts(home).newest()
    assert (alert.tweet_id, alert.author, alert.text, alert.negative) == ("12", "alice", "I hate this", 0.93)
    assert "https://x.com/i/status/12" in alert.body
    assert not alert.posted


@pytest.mark.parametrize("kind", ["https", "slack"])
@pytest.mark.parametrize("what", again())
def test_a_post_alerts_once(home: DataFolder, kind: Kind, what: str) -> None:
    """Whatever comes again about it, also after a restart; one alert is kept, under the first version's id."""
    with answering(Answer(200, b"")) as hook:
        SubscriberFile(home.subscribers).add(at(hook.url, kind))
        for event in (angry_post(), again()[what]):
            alerts = Alerts(home)
            alerts.handle(event)
            alerts.notify(event)
            alerts.close()
    assert len(hook.asked) == 1
    assert [(each.tweet_id, each.text) for each in Alerts(home).newest()] == [("12", "I hate this")]


@pytest.mark.parametrize("kind", ["https", "slack"])
@pytest.mark.parametrize("what", ["a replay", "a replay with replies", "what a replay caused"])
def test_who_subscribes_later_is_not_flooded_by_a_replay(home: DataFolder, kind: Kind, what: str) -> None:
    """Nobody had subscribed when the post came. What a replay is the first to raise, however, is told."""
    alerts = Alerts(home)
    alerts.handle(angry_post())
    alerts.notify(angry_post())
    with answering(Answer(200, b"")) as hook:
        SubscriberFile(home.subscribers).add(at(hook.url, kind))
        for handle in (alerts.handle, alerts.notify):
            handle(again()[what])
        assert not hook.asked
        replayed = msgspec.structs.replace(
            again()[what], detail={**again()[what].detail, "Twitter": {"TweetId": "20", "UserId": "7"}}
        )
        for handle in (alerts.handle, alerts.notify):
            handle(replayed)
    assert len(hook.asked) == 1


def test_the_newest_alert_comes_first(home: DataFolder) -> None:
    """And not more than were asked for."""
    alerts = Alerts(home)
    for hour in ("10", "12", "11"):
        alerts.handle(angry(hour, f"2026-11-23T{hour}:00:00Z"))
    assert [alert.tweet_id for alert in alerts.newest(2)] == ["12", "11"]


@pytest.mark.parametrize("kind", ["https", "slack", "discord"])
def test_who_subscribes_to_a_running_bot_hears_of_the_next_alert(home: DataFolder, kind: Kind) -> None:
    """Once, whichever rule brings it; and whoever is removed hears of none any more."""
    alerts, file = Alerts(home), SubscriberFile(home.subscribers)
    alerts.handle(angry("1"))
    with answering(Answer(204, b"")) as hook:
        file.add(at(hook.url, kind))
        for _ in range(2):
            alerts.handle(angry("2"))
            alerts.notify(angry("2"))
        file.remove(at(hook.url, kind).id)
        alerts.handle(angry("3"))
        alerts.notify(angry("3"))
    assert len(hook.asked) == 1
    assert [alert.posted for alert in alerts.newest()] == [False, True, False]


def test_the_two_rules_tell_each_their_own(home: DataFolder) -> None:
    """Those whom AWS's topic would tell, and the chats: either's failure keeps nothing from the other."""
    with answering(Answer(500, b"")) as ill, answering(Answer(200, b"")) as well:
        SubscriberFile(home.subscribers).add(at(ill.url, "slack"))
        SubscriberFile(home.subscribers).add(at(well.url, "https"))
        alerts = Alerts(home)
        alerts.handle(angry())
        assert (len(ill.asked), len(well.asked)) == (0, 1)
        with pytest.raises(Temporary):
            alerts.notify(angry())
    assert (len(ill.asked), len(well.asked)) == (1, 1)


@pytest.mark.parametrize("status", [404, 500])
def test_an_alert_that_did_not_arrive_is_told_again(home: DataFolder, status: int) -> None:
    """It is kept, the bus is told, how it went is listed, and the next delivery tries again."""
    with answering(Answer(status, b""), Answer(200, b"")) as hook:
        SubscriberFile(home.subscribers).add(at(hook.url))
        alerts = Alerts(home)
        with pytest.raises(Exception, match=str(status)):
            alerts.handle(angry())
        assert len(alerts.newest()) == len(hook.asked) == 1
        assert str(status) in str(stored_outcomes(home.alerts)[at(hook.url).id].problem)
        alerts.handle(angry())
    assert len(hook.asked) == 2
    assert stored_outcomes(home.alerts)[at(hook.url).id].problem is None


def test_addresses_are_for_their_owner_only(home: DataFolder) -> None:
    """The file is 0600; where others can read it, the bot does not, and says what to type."""
    file = SubscriberFile(home.subscribers)
    file.add(at("https://example.org/hidden-word"))
    assert home.subscribers.stat().st_mode & 0o777 == 0o600
    assert SubscriberFile(home.subscribers).all() == file.all()
    home.subscribers.chmod(0o644)
    with pytest.raises(NotConfigured, match="chmod 600"):
        Alerts(home).handle(angry())


@pytest.mark.parametrize("content", ["not JSON hidden", '[{"kind": "https", "hidden": 1}]', '[{"kind": "hidden"}]'])
def test_a_broken_file_is_named_and_not_shown(home: DataFolder, content: str) -> None:
    """No alert is lost meanwhile: it is tried again, and a dead letter at last."""
    home.subscribers.write_text(content)
    home.subscribers.chmod(0o600)
    with pytest.raises(NotConfigured, match=r"subscribers\.json") as error:
        Alerts(home).handle(angry())
    assert "not JSON hidden" not in str(error.value)
    assert len(Alerts(home).newest()) == 1


def test_the_same_address_subscribes_once(home: DataFolder) -> None:
    """The later of two takes the place of the earlier."""
    file = SubscriberFile(home.subscribers)
    for _ in range(2):
        file.add(Subscription(kind="email", address="me@example.org"))
    assert len(file.all()) == 1


def test_many_subscribe_at_once(home: DataFolder) -> None:
    """From several terminals, say: nobody is lost."""

    def subscribe(number: int) -> None:
        SubscriberFile(home.subscribers).add(at(f"https://example.org/{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(subscribe, range(24)))
    assert len(SubscriberFile(home.subscribers).all()) == 24


def test_a_broken_event_is_refused(home: DataFolder) -> None:
    """The error names the field."""
    broken = Event(id="1", source="BOT", time="", detail={}, detail_type="MESSAGE_ANALYSED")
    with pytest.raises(BadEvent, match="Text"):
        Alerts(home).handle(broken)


def test_an_address_out_of_reach_is_not_shown(home: DataFolder) -> None:
    """Addresses of webhooks are secrets."""
    with answering(Answer()) as hook:
        pass
    SubscriberFile(home.subscribers).add(at(f"{hook.url}/hidden-word", "slack"))
    with pytest.raises(Temporary) as error:
        Alerts(home).notify(angry())
    assert "hidden" not in str(error.value)
