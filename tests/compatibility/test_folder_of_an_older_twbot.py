"""A data folder that an older twbot left behind goes on: nothing in it is lost, and nobody is answered again.

b2bfe1f/data.tar.gz is the folder of a bot at commit b2bfe1f (with tests/support/instant_models.py) beside a simulated
X: alice got a joke, carol's anger an alert and an answer, dave a fact, whereupon he opted out and asked in vain; erin
was answered.
"""

from __future__ import annotations

import sqlite3
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.operate import Operate
from tests.support.world import World, running_world
from twbot.lambdas.settings import load
from twbot.local.bus.store import SCHEMA
from twbot.stacks.config import load_stage

OLDER = Path(__file__).parent / "b2bfe1f"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder as it was left a moment ago: what was answered is forgotten after 30 days."""
    with tarfile.open(OLDER / "data.tar.gz") as archive:
        archive.extractall(tmp_path / "data", filter="data")
    with sqlite3.connect(tmp_path / "data" / "sent.db") as sent:
        sent.execute("UPDATE done SET expires = ?", (int(time.time()) + 86400,))
    sent.close()
    return tmp_path / "data"


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    with running_world(folder) as running:
        yield running


def test_nobody_is_answered_again(world: World, operate: Operate) -> None:
    """Not even by a replay of everything with replies; what was withheld is answered, but for who opted out."""
    before = world.x.posts(author="twbot")
    said = operate("replay", "--since", "2026-11-25T00:00:00Z", "--with-replies", "--yes")
    assert said.code == 0, said.err
    world.settle()
    assert world.x.posts(author="twbot") == before


def test_the_older_events_are_all_there(operate: Operate) -> None:
    """The lake, the archive, the alert and the opt-out list, as the commands show them."""
    sql = 'SELECT "detail-type", count(*) FROM "analysed-messages-table" GROUP BY 1'
    counts = {row[0]: row[1] for row in operate("query", "--sql", sql, "--json").json["rows"]}
    assert counts["TWEET_SENT"] == 4
    assert len(operate("alerts", "raised", "--json").json) == 1
    assert len(operate("replies", "optout", "list", "--json").json) == 1
    assert operate("replay", "--since", "2026-11-25T00:00:00Z", "--dry-run", "--json").json["events"] > 0


def test_its_files_are_migrated(world: World) -> None:
    """The bus's file has today's tables, and the copy beside it is the file as it was."""
    folder = world.home.folder
    with sqlite3.connect(folder / "bus.db") as bus, sqlite3.connect(folder / "bus.db.before-v2") as copy:
        assert bus.execute("PRAGMA user_version").fetchone() == (SCHEMA.version,)
        assert bus.execute("SELECT key, at FROM once ORDER BY key").fetchall()
        assert len(copy.execute("SELECT * FROM once").fetchone()) == 2
    bus.close()
    copy.close()


def test_its_settings_are_read(tmp_path: Path) -> None:
    """The twbot.toml that `twbot init` wrote."""
    file = OLDER / "twbot.toml"
    assert load_stage("prod", file, twitter_account_id="999999").name == "prod"
    load(file)
