"""The data folder of a running bot: refused when it is gone, joined and made smaller while it is there."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.instant_models import Instant
from tests.support.lake_events import event
from tests.support.webhooks import KEYS, sample, sign
from twbot.lambdas.contracts import Entry
from twbot.lambdas.ingress.signature import HEADER
from twbot.lambdas.retention import RETENTION_DAYS
from twbot.lambdas.settings import Settings
from twbot.local import housekeeping
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bot import Bot
from twbot.local.bus.history import History
from twbot.local.clock import Jumps
from twbot.local.data_folder import DataFolder
from twbot.local.database import Moved
from twbot.local.housekeeping import Housekeeping, Limits

NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)


@contextlib.contextmanager
def running(folder: Path, settings: Settings | None = None) -> Iterator[tuple[Bot, str]]:
    home = DataFolder(folder)
    FileSecrets(home.secrets).save(KEYS)
    bot = Bot(home, settings or Settings(), analysers=Instant)
    try:
        yield bot, f"http://127.0.0.1:{bot.start()}"
    finally:
        bot.stop(0)


def post(url: str, number: int) -> int:
    """Deliver a like of another post, signed as X signs it, and return the answer's status."""
    body = sample("account_activity/favorite_events")
    body["favorite_events"][0]["id"] = str(number)
    raw = json.dumps(body).encode()
    return requests.post(f"{url}/twitter", raw, headers={HEADER: sign(raw)}, timeout=10).status_code


def replace_file(name: str) -> Callable[[Path], None]:
    def replace(folder: Path) -> None:
        path = folder / name
        shutil.copy(path, folder / "copy")
        path.unlink()
        (folder / "copy").rename(path)

    return replace


def replace_lake(folder: Path) -> None:
    (folder / "lake").rename(folder / "older-lake")
    (folder / "lake").mkdir()


def replace_folder(folder: Path) -> None:
    folder.rename(folder.with_name("aside"))
    shutil.copytree(folder.with_name("aside"), folder)


GONE: dict[str, Callable[[Path], object]] = {
    "deleted": shutil.rmtree,
    "renamed": lambda folder: folder.rename(folder.with_name("aside")),
    "replaced by a copy": replace_folder,
    "bus.db deleted": lambda folder: (folder / "bus.db").unlink(),
    "bus.db replaced": replace_file("bus.db"),
    "the bus's journal deleted": lambda folder: (folder / "bus.db-wal").unlink(),
    "sent.db deleted": lambda folder: (folder / "sent.db").unlink(),
    "told.db replaced": replace_file("told.db"),
    "alerts.db replaced": replace_file("alerts.db"),
    "the lake deleted": lambda folder: shutil.rmtree(folder / "lake"),
    "the lake replaced": replace_lake,
}


@pytest.mark.parametrize("how", GONE)
def test_nothing_is_taken_into_a_folder_that_is_gone(
    tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """503 for X and for whoever monitors, and it is said loudly, once, where the log may be gone with the folder."""
    folder = tmp_path / "data"
    with running(folder) as (bot, url):
        assert post(url, 1) == 200
        assert requests.get(f"{url}/health", timeout=10).status_code == 200
        GONE[how](folder)
        assert [post(url, number) for number in (2, 3)] == [503, 503]
        health = requests.get(f"{url}/health", timeout=10)
        assert health.status_code == 503
        assert "gone" in health.json()["problem"]
        assert str(tmp_path) not in health.text
        with caplog.at_level("ERROR"):
            assert [bot._housekeeping.look() for _ in range(3)] == [False] * 3
    said = capfd.readouterr().err
    assert said.count("webhooks are refused") == 1
    assert "twbot up" in said
    assert [each.message for each in caplog.records if "webhooks are refused" in each.message]


def test_a_folder_that_is_put_back_goes_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What X sends again is then taken, and nothing of before is lost."""
    folder, aside = tmp_path / "data", tmp_path / "aside"
    with running(folder) as (bot, url):
        assert post(url, 1) == 200
        folder.rename(aside)
        assert post(url, 2) == 503
        bot._housekeeping.look()
        aside.rename(folder)
        assert post(url, 2) == 200
        assert bot._housekeeping.look()
        assert requests.get(f"{url}/health", timeout=10).status_code == 200
        assert bot.bus.drain(20)
    with History(folder / "bus.db") as history:
        assert history.events_by_type() == {"TWITTER_FAVOURITED": 2}
    assert "is back" in capfd.readouterr().err


def test_nothing_is_done_while_it_can_not_be_noted(tmp_path: Path) -> None:
    """A delivery waits, without counting the attempt: a reply that is sent and not noted would be sent again."""
    folder, done = tmp_path / "data", list[str]()
    with running(folder) as (bot, _):
        handle = bot._while_there(done.append)
        handle("first")
        folder.rename(tmp_path / "aside")
        with pytest.raises(Moved) as caught:
            handle("second")
        assert caught.value.retry_at is not None
        (tmp_path / "aside").rename(folder)
        handle("third")
    assert done == ["first", "third"]


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    """By the stage's settings: events and hours of the lake. What guards against doing things twice stays a month."""
    now = datetime.datetime.now(datetime.UTC)
    with running(tmp_path / "data", Settings(archive_days=2, lake_days=1)) as (bot, _):
        bot.bus.publish([Entry(source="BOT", detail_type="HELLO", detail={}, dedup_key="hello")])
        assert bot.bus.drain(20)
        bot.lake.append([event("HELLO", {}, now - datetime.timedelta(days=days)) for days in (0, 3)])
        bot.bus._writer.ask(lambda store: store._db.execute("UPDATE events SET time = '2020-01-01T00:00:00.000Z'"))
        bot._housekeeping.round(bot._deletions())
        bot.bus.publish([Entry(source="BOT", detail_type="HELLO", detail={}, dedup_key="hello")])
        with History(tmp_path / "data" / "bus.db") as history:
            assert history.events_by_type() == {}
        hours = {path.parent.name for path in (tmp_path / "data" / "lake").rglob("*.gz")}
        assert hours == {now.strftime("%H")}


def test_everything_stays_by_default(tmp_path: Path) -> None:
    """Nothing that is not asked for is deleted."""
    with running(tmp_path / "data") as (bot, _):
        bot.bus.publish([Entry(source="BOT", detail_type="HELLO", detail={})])
        assert bot.bus.drain(20)
        bot.lake.append([event("HELLO", {}, NOW.replace(year=2020))])
        bot.bus._writer.ask(lambda store: store._db.execute("UPDATE events SET time = '2020-01-01T00:00:00.000Z'"))
        bot._housekeeping.round(bot._deletions())
        with History(tmp_path / "data" / "bus.db") as history:
            assert history.events_by_type() == {"HELLO": 1}
        assert list((tmp_path / "data" / "lake" / "2020").rglob("*.gz"))


@pytest.mark.parametrize("days", [1, RETENTION_DAYS, 400])
def test_what_guards_against_doing_things_twice_outlives_a_short_archive(days: int) -> None:
    """A month at least, whatever the archive's days."""
    limits = Limits(Settings(archive_days=days), NOW)
    assert limits.archive == NOW - datetime.timedelta(days=days)
    assert limits.guards == NOW - datetime.timedelta(days=max(days, RETENTION_DAYS))
    assert limits.lake is None


def test_one_failure_costs_no_other_work(caplog: pytest.LogCaptureFixture) -> None:
    """A full disk or a damaged file ends neither the round nor the next one, and is in the log."""
    done: list[str] = []

    def fail() -> None:
        raise OSError("disk")

    keeping = Housekeeping(lambda: None, {}, {})
    with caplog.at_level("ERROR"):
        keeping.round({"first": fail, "second": lambda: done.append("second")})
    assert done == ["second"]
    assert "housekeeping failed: first" in caplog.text


class Clocks:
    """Clocks that only the test moves; each wait of housekeeping lets some seconds pass, until `end`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, end: float) -> None:
        self.wall, self.monotonic, self.end = 1e9, 0.0, end
        monkeypatch.setattr(time, "time", lambda: self.wall)
        monkeypatch.setattr(time, "monotonic", lambda: self.monotonic)

    def is_set(self) -> bool:
        return self.monotonic >= self.end

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@pytest.mark.parametrize("jump_at", [None, 250.0])
def test_nothing_is_deleted_by_a_clock_that_was_just_set(
    monkeypatch: pytest.MonkeyPatch, jump_at: float | None
) -> None:
    """A machine that starts with a clock years ahead must not delete its archive before the clock is put right."""
    clocks = Clocks(monkeypatch, end=housekeeping.INTERVAL + 1000)
    joined, deleted = [], []

    def look() -> None:
        if clocks.monotonic == jump_at:
            clocks.wall += 1e8

    keeping = Housekeeping(
        look,
        {"join": lambda: joined.append(clocks.monotonic)},
        {"delete": lambda: deleted.append(clocks.monotonic)},
    )
    monkeypatch.setattr(keeping, "_jumps", Jumps(lambda: clocks.wall, lambda: clocks.monotonic))
    monkeypatch.setattr(keeping, "_stopping", clocks)
    keeping._run()
    first = (jump_at or 0) + housekeeping.SETTLING
    assert joined == [0, housekeeping.INTERVAL]
    assert deleted == [first, first + housekeeping.INTERVAL]
