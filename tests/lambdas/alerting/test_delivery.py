"""Webhooks are told once, patiently, and without a detour; what they answer decides whether to try again."""

from __future__ import annotations

import contextlib
import email.utils
import logging
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.alerts import ANGRY, at
from tests.support.loopback import Answer, answering
from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.delivery import Notifier, raised_by, recording, send_test_alerts
from twbot.lambdas.alerting.subscription import Kind, Subscription
from twbot.lambdas.alerting.webhooks import Webhooks
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.public_network import MAX_WAIT
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config


class Noted(dict[str, str | None]):
    def record(self, subscriber: str, problem: str | None) -> None:
        self[subscriber] = problem


class Teller:
    """A Notifier that a live event calls unless a replay is named."""

    def __init__(self, folder: Path, noted: Noted) -> None:
        send, store = recording(Webhooks().send, noted), SqlitePersistence(folder / "told.db")
        self._notifier = Notifier("chats", send, store, idempotency_config())

    def notify(self, alert: Alert, to: list[Subscription], replay: str | None = None) -> None:
        self._notifier.notify(alert, to, replay=replay)


def teller(folder: Path, noted: Noted) -> Teller:
    return Teller(folder, noted)


@pytest.mark.parametrize(
    ("kind", "path", "field"),
    [("https", "/x", "tweet_id"), ("slack", "/x", "blocks"), ("discord", "/x?wait=true", "embeds")],
)
def test_each_gets_its_own_form(kind: Kind, path: str, field: str) -> None:
    """Plain JSON, Slack's blocks, or Discord's embeds, whom we ask whether it kept it."""
    with answering(Answer(204, b"")) as hook:
        Webhooks().send(at(f"{hook.url}/x", kind), ANGRY)
    (asked,) = hook.asked
    assert (asked.method, asked.path, asked.headers["Content-Type"]) == ("POST", path, "application/json")
    assert field in asked.json


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301, 302, 307])
def test_a_refusal_is_for_good(status: int) -> None:
    """A revoked webhook, a message it does not take, an address that moved: no redirect is followed."""
    moved = Answer(status, b"", {"Location": "/elsewhere"})
    with answering(moved) as hook, pytest.raises(Permanent, match=str(status)):
        Webhooks().send(at(hook.url, "slack"), ANGRY)
    assert len(hook.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_bad_moment_passes(status: int) -> None:
    """Trying again may help."""
    with answering(Answer(status, b"")) as hook, pytest.raises(Temporary, match=str(status)):
        Webhooks().send(at(hook.url), ANGRY)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        ("-1", 0),
        ("1e9", MAX_WAIT),
        ("a date", 40),
        ("soon", None),
        ("nan", None),
    ],
)
def test_waits_as_long_as_it_is_asked_to(said: str, seconds: float | None) -> None:
    """Seconds or a date, an hour at most; and until then that webhook is left alone."""
    webhooks, now = Webhooks(), time.time()
    said = email.utils.formatdate(now + 40, usegmt=True) if said == "a date" else said
    with answering(Answer(429, b"", {"Retry-After": said})) as hook:
        with pytest.raises(Temporary) as error:
            webhooks.send(at(hook.url), ANGRY)
        if seconds is None:
            assert error.value.retry_at is None
            return
        assert error.value.retry_at == pytest.approx(now + seconds, abs=5)
        if seconds >= 30:
            with pytest.raises(Temporary, match="wait") as again:
                webhooks.send(at(hook.url), ANGRY)
            assert again.value.retry_at == pytest.approx(error.value.retry_at, abs=0.1)
            assert len(hook.asked) == 1


def test_no_error_shows_the_address() -> None:
    """Neither one that is out of reach nor one that refuses."""
    with answering(Answer(404, b"")) as hook, pytest.raises(Permanent) as refused:
        Webhooks().send(at(f"{hook.url}/hidden-word"), ANGRY)
    with pytest.raises(Temporary) as lost:
        Webhooks().send(at(f"{hook.url}/hidden-word"), ANGRY)
    assert "hidden" not in str(refused.value) + str(lost.value)


def test_no_log_shows_the_address(caplog: pytest.LogCaptureFixture) -> None:
    """Not even at DEBUG, where urllib3 tells what it asks for."""
    with caplog.at_level(logging.DEBUG), answering(Answer(200, b"")) as hook:
        Webhooks().send(at(f"{hook.url}/hidden-word"), ANGRY)
    assert "hidden" not in caplog.text


def test_what_did_not_arrive_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the subscriber's id and the reason."""
    with answering(Answer(404, b"")) as gone, pytest.raises(Permanent):
        teller(tmp_path, Noted()).notify(ANGRY, [at(gone.url)])
    (line,) = [vars(each) for each in caplog.records if each.name == "twbot.lambdas.alerting.delivery"]
    assert (line["subscriber"], line["levelname"], "404" in line["reason"]) == (at(gone.url).id, "ERROR", True)


def test_private_networks_are_out_of_bounds() -> None:
    """Whatever name leads there: seen on the connection itself."""
    with answering(Answer()) as hook, pytest.raises(Permanent, match="private"):
        Webhooks().send(at(hook.url.replace("http://", "https://")), ANGRY)


def test_who_fails_keeps_it_from_nobody_else(tmp_path: Path) -> None:
    """And the next try tells only whom it did not reach; how it went is noted for each."""
    noted = Noted()
    with answering(Answer(200, b"")) as well, answering(Answer(500, b""), Answer(200, b"")) as ill:
        both = [at(ill.url, "slack"), at(well.url, "discord")]
        telling = teller(tmp_path, noted)
        with pytest.raises(Temporary, match=both[0].id):
            telling.notify(ANGRY, both)
        assert (noted[both[1].id], "500" in str(noted[both[0].id])) == (None, True)
        telling.notify(ANGRY, both)
        telling.notify(ANGRY, both)
        assert (len(well.asked), len(ill.asked)) == (1, 2)
    assert noted == {both[0].id: None, both[1].id: None}


def test_who_was_told_is_remembered(tmp_path: Path) -> None:
    """By another process as well; another alert is told."""
    with answering(Answer(200, b"")) as hook:
        for _ in range(2):
            teller(tmp_path, Noted()).notify(ANGRY, [at(hook.url)])
        teller(tmp_path, Noted()).notify(msgspec.structs.replace(ANGRY, tweet_id="13"), [at(hook.url)])
    assert len(hook.asked) == 2


def test_a_revoked_webhook_is_a_dead_letter_in_the_end(tmp_path: Path) -> None:
    """Permanent once nobody is left whom trying again may help; after it was put right, a redrive tells it."""
    with answering(Answer(404, b""), Answer(404, b""), Answer(200, b"")) as gone:
        with answering(Answer(503, b"")) as ill, pytest.raises(Temporary):
            teller(tmp_path, Noted()).notify(ANGRY, [at(gone.url), at(ill.url)])
        with pytest.raises(Permanent, match="404"):
            teller(tmp_path, Noted()).notify(ANGRY, [at(gone.url)])
        teller(tmp_path, Noted()).notify(ANGRY, [at(gone.url)])
    assert len(gone.asked) == 3


def test_told_at_the_same_time_it_is_told_once(tmp_path: Path) -> None:
    """Two deliveries of an event at once: one sends, the other comes back later."""
    inside, go_on, sent = threading.Event(), threading.Event(), list[str]()

    def slow(to: Subscription, alert: Alert) -> None:
        sent.append(alert.tweet_id)
        inside.set()
        go_on.wait(10)

    telling = Notifier("chats", slow, SqlitePersistence(tmp_path / "told.db"), idempotency_config())
    first = threading.Thread(target=telling.notify, args=(ANGRY, [at("https://example.org")]), kwargs={"replay": None})
    first.start()
    assert inside.wait(10)
    with pytest.raises(Temporary, match="already") as error:
        telling.notify(ANGRY, [at("https://example.org")], replay=None)
    assert error.value.retry_at is not None
    go_on.set()
    first.join()
    telling.notify(ANGRY, [at("https://example.org")], replay=None)
    assert sent == ["12"]


def test_a_replay_tells_nobody_of_an_old_post(tmp_path: Path) -> None:
    """Neither those who were told nor who subscribed since, whether or not anybody had subscribed then."""
    with answering(Answer(200, b"")) as early, answering(Answer(200, b"")) as late:
        telling = teller(tmp_path, Noted())
        telling.notify(ANGRY, [at(early.url)])
        telling.notify(msgspec.structs.replace(ANGRY, tweet_id="13"), [])
        for tweet_id in ("12", "13"):
            alert = msgspec.structs.replace(ANGRY, tweet_id=tweet_id)
            telling.notify(alert, [at(early.url), at(late.url)], replay="replay-1")
    assert (len(early.asked), len(late.asked)) == (1, 0)


def test_a_replay_raises_what_nothing_raised_before(tmp_path: Path) -> None:
    """As after an analysis that failed: all are told, a failed one by the same replay's next try, by no other."""
    with answering(Answer(200, b"")) as well, answering(Answer(500, b""), Answer(200, b"")) as ill:
        both = [at(ill.url), at(well.url)]
        with pytest.raises(Temporary):
            teller(tmp_path, Noted()).notify(ANGRY, both, "replay-1")
        teller(tmp_path, Noted()).notify(ANGRY, both, "replay-2")
        assert (len(well.asked), len(ill.asked)) == (1, 1)
        teller(tmp_path, Noted()).notify(ANGRY, both, "replay-1")
    assert (len(well.asked), len(ill.asked)) == (1, 2)


SCHEDULES = st.lists(
    st.tuples(st.sampled_from([None, None, "replay-1", "replay-2", "with-replies-3"]), st.booleans(), st.booleans()),
    max_size=8,
)


@given(SCHEDULES)
def test_nobody_hears_of_a_post_twice(schedule: list[tuple[str | None, bool, bool]]) -> None:
    """Whatever delivers its events, in any order, with failures and restarts; and all hear of it once it gets through.

    A step: the replay, whether the subscriber is out of reach, whether another process goes on.
    """
    arrived: list[str] = []
    reachable = True

    def send(to: Subscription, alert: Alert) -> None:
        if not reachable:
            raise Temporary("out of reach")
        arrived.append(alert.tweet_id)

    with tempfile.TemporaryDirectory() as folder:
        store = SqlitePersistence(Path(folder) / "told.db")
        for replay, fails, restarts in [*schedule, (None, False, False)]:
            reachable = not fails
            if restarts:
                store.close()
                store = SqlitePersistence(Path(folder) / "told.db")
            with contextlib.suppress(Temporary):
                Notifier("chats", send, store, idempotency_config()).notify(
                    ANGRY, [at("https://example.org")], replay=replay
                )
        store.close()
    assert arrived == ["12"]


@pytest.mark.parametrize("by", ["", "replay-1"])
def test_what_raised_an_alert_is_known(tmp_path: Path, by: str) -> None:
    """By post and channel; nothing is known of others."""
    teller(tmp_path, Noted()).notify(ANGRY, [], by or None)
    teller(tmp_path, Noted()).notify(ANGRY, [], "replay-2")
    store = SqlitePersistence(tmp_path / "told.db")
    assert raised_by("12", "chats", store) == by
    assert raised_by("12", "topic", store) is None
    assert raised_by("13", "chats", store) is None


def test_a_replay_of_years_later_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """X's signature has no time: a captured webhook may come again years later."""
    with answering(Answer(200, b"")) as hook:
        teller(tmp_path, Noted()).notify(ANGRY, [at(hook.url)])
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 4.9 * 365 * 24 * 3600)
        teller(tmp_path, Noted()).notify(ANGRY, [at(hook.url)])
    assert len(hook.asked) == 1


def test_a_test_is_sent_each_time() -> None:
    """And says of each how it went."""
    noted = Noted()
    with answering(Answer(200, b"")) as well, answering(Answer(404, b"")) as gone:
        for _ in range(2):
            problems = send_test_alerts(Webhooks().send, noted, ANGRY, [at(well.url), at(gone.url)])
    assert problems[0] is None
    assert "404" in str(problems[1])
    assert len(well.asked) == 2
    assert noted[at(gone.url).id] == problems[1]
