"""Commands on a data folder with a damaged, newer or absent file: each works, or names the file and what to do."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.instant_models import Instant
from tests.support.lake_events import event
from tests.support.webhooks import KEYS
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import Settings
from twbot.local.adapters.replies import LocalReplies
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bot import Bot
from twbot.local.data_folder import DataFolder
from twbot.local.simulator.client import Simulator

FILES = ("bus.db", "sent.db", "told.db", "alerts.db", "replays.db", "replies.db")
COMMANDS = (
    "status",
    "dlq list",
    "dlq purge --all --yes",
    "trace 1",
    "metrics",
    "query authors",
    "logs --limit 1",
    "replay --since 1h --dry-run",
    "replay list",
    "alerts raised",
    "alerts list",
    "replies status",
    "replies pause",
    "replies optout list",
    "forget 1 --dry-run",
    "doctor --no-models",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bot that has stopped."""
    home = DataFolder(tmp_path_factory.mktemp("sound") / "data")
    FileSecrets(home.secrets).save(KEYS)
    LocalReplies(home.replies).save(Switch())
    bot = Bot(home, Settings(), analysers=Instant)
    bot.lake.append([event("TWEET_SENT", {})])
    bot.stop()
    return home.folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(sound, tmp_path / "data"))


def overwrite(path: Path) -> None:
    path.write_bytes(b"rubbish!" * 1000)


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


Command = Callable[..., tuple[int, Any, dict[str, Any]]]


@pytest.fixture
def twbot(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*words: str) -> tuple[int, Any, dict[str, Any]]:
        code = run([*words, "--data", str(folder), "--json"])
        said = capsys.readouterr()
        errors = said.err.strip().splitlines()
        return code, said.out, json.loads(errors[-1]) if code and errors else {}

    return call


@pytest.mark.parametrize("trouble", [overwrite, make_newer])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_works_or_names_the_file(
    folder: Path, twbot: Command, command: str, file: str, trouble: Callable[[Path], None]
) -> None:
    """Whoever does not read the file does not mind; whoever does says which it is, and what to do."""
    trouble(folder / file)
    code, _, error = twbot(*command.split())
    if code and command != "doctor --no-models":
        assert "should not happen" not in str(error["hint"])
        if error["code"] != Exit.NOT_FOUND:  # a post that nobody knows
            assert file in error["error"]
            assert error["hint"]


@pytest.mark.parametrize("file", FILES)
def test_a_bot_does_not_start_on_a_damaged_file(folder: Path, file: str) -> None:
    """It names it; put right, the folder is free."""
    sound = (folder / file).read_bytes()
    overwrite(folder / file)
    with pytest.raises(Exception, match=rf"{file} is damaged"):
        Bot(DataFolder(folder), Settings(), analysers=Instant)
    (folder / file).write_bytes(sound)
    assert Bot(DataFolder(folder), Settings(), analysers=Instant).stop()


def test_a_simulated_x_does_not_start_on_a_damaged_file(tmp_path: Path) -> None:
    """Its process says which file it is, in words and without a traceback."""
    (tmp_path / "x").mkdir()
    overwrite(tmp_path / "x" / "sim.db")
    with pytest.raises(TwbotError, match=r"did not start: .*sim\.db is damaged") as caught:
        Simulator(tmp_path / "x")
    assert "Traceback" not in str(caught.value)
    assert "sim.db-wal" in str(caught.value.hint)


def test_status_and_doctor_show_sizes_and_damaged_files(folder: Path, twbot: Command) -> None:
    """What takes room, and which file of the lake can't be read."""
    (whole,) = (folder / "lake").rglob("*.gz")
    cut = whole.with_name("cut.jsonl.gz")
    cut.write_bytes(whole.read_bytes()[:-9])
    _, out, _ = twbot("status")
    status = json.loads(out)
    assert status["damaged"] == [str(cut)]
    assert status["sizes"]["archive"] >= (folder / "bus.db").stat().st_size
    assert status["sizes"]["lake"] == sum(path.stat().st_size for path in (whole, cut))
    assert status["sizes"]["free"] > 0
    assert status["problem"] is None
    _, out, _ = twbot("doctor", "--no-models")
    checks = {each["name"]: each for each in json.loads(out)["checks"]}
    assert str(cut) in checks["lake"]["says"]
    assert checks["lake"]["state"] == "warning"
    assert "archive" in checks["room"]["says"]
