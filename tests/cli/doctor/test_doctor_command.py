"""`twbot doctor`: finds what is wrong, and says what to do."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.doctor.models import check_models
from twbot.cli.main import run
from twbot.cli.ui.check import Check
from twbot.lambdas.contracts import Entry
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.ports import Keys
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bus.bus import Bus
from twbot.local.bus.lock import Lock
from twbot.local.data_folder import DataFolder, RunInfo, make_private, write_run_info


def checks(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in found["checks"]}


def test_a_healthy_bot(world: World, operate: Operate) -> None:
    """Everything is checked, X too, and nothing is wrong."""
    said = operate("doctor", "--no-models", "--json")
    states = {name: each["state"] for name, each in checks(said.json).items()}
    del states["last hour"]  # other tests of this bot let things go wrong
    assert set(states.values()) == {"ok"}, said.out
    assert {"clock at X", "challenge", "webhook", "subscriptions", "X's answer to the keys"} < set(states)
    assert said.code == 0
    assert "✓ webhook" in operate("doctor", "--no-models").out


def test_dead_letters_are_wrong(world: World, operate: Operate) -> None:
    """Exit code 5, and what to type."""
    world.system.bot.bus.publish([Entry(source="BOT", detail_type="SEND_TWEET", detail={"ReplyToTweetId": "88"})])
    world.settle()
    said = operate("doctor", "--no-models", "--json")
    assert said.code == 5
    assert checks(said.json)["dead letters"]["fix"] == f"twbot dlq list --data {world.home.folder}"
    assert operate("dlq", "purge", "--all", "--yes").code == 0


def test_a_fresh_folder_is_not_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first start there are warnings with what to type, and nothing is made."""
    folder = tmp_path / "none"
    assert run(["doctor", "--no-models", "--data", str(folder), "--json"]) == 0
    found = checks(json.loads(capsys.readouterr().out))
    assert found["bot"]["fix"] == f"twbot up --data {folder}"
    assert not folder.exists()


def test_a_bot_that_died_and_keys_that_others_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is wrong, with its own fix; X is not asked."""
    home = DataFolder(tmp_path)
    write_run_info(tmp_path, RunInfo(2**22 + 1, "http://127.0.0.1:1/twitter", 0.0))
    FileSecrets(home.secrets).save(Keys(api_key="a", api_secret="b", access_token="c", access_token_secret="d"))
    home.secrets.chmod(0o644)
    assert run(["doctor", "--no-models", "--data", str(tmp_path), "--json"]) == 5
    found = checks(json.loads(capsys.readouterr().out))
    assert found["bot"]["state"] == "wrong"
    assert found["keys"]["fix"] == f"chmod 600 {home.secrets}"
    assert found["X"]["state"] == "skipped"


@pytest.mark.parametrize(
    ("left", "state"),
    [
        # What the last bot left, and whether one should run.
        ([], "warning"),
        (["bus.db"], "wrong"),
        (["bus.db", "run.json"], "wrong"),
        (["bus.db", "stopped"], "warning"),
        (["bus.db", "run.json", "stopped"], "warning"),
    ],
)
def test_a_bot_that_should_run_and_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left: list[str], state: str
) -> None:
    """It was started, and nobody stopped it on purpose: a machine that was started anew is not green for ever."""
    if "bus.db" in left:
        Bus(DataFolder(tmp_path).bus, []).stop()
    if "run.json" in left:
        write_run_info(tmp_path, RunInfo(os.getpid(), "http://127.0.0.1:1/twitter", 0.0))
    if "stopped" in left:
        DataFolder(tmp_path).stopped.touch()
    code = run(["doctor", "--no-models", "--data", str(tmp_path), "--json"])
    assert checks(json.loads(capsys.readouterr().out))["bot"]["state"] == state
    assert code == (5 if state == "wrong" else 0)


def test_a_command_at_work_is_no_bot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is it a bot that died: it may be one that starts."""
    with Lock(DataFolder(tmp_path).lock):
        run(["doctor", "--no-models", "--data", str(tmp_path), "--json"])
    assert checks(json.loads(capsys.readouterr().out))["bot"]["state"] == "warning"


@pytest.mark.parametrize("content", [b"[stages", b"\xff", b"[stages.local]\nblur_stranger = true\n"])
def test_broken_settings_are_one_failed_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """The first of them, and all the others are done."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_bytes(content)
    assert run(["doctor", "--no-models", "--json"]) == 5
    found = json.loads(capsys.readouterr().out)["checks"]
    assert [each["name"] for each in found[:2]] == ["Python", "settings"]
    assert [each["name"] for each in found if each["state"] == "wrong"] == ["settings"]
    assert "last hour" in {each["name"] for each in found}


CHECKED = ["_settings", "_folder", "_run", "_keys", "_dead_letters", "check_last_hour", "_models"]


@pytest.mark.parametrize("broken", CHECKED)
@pytest.mark.parametrize("error", [ValueError("odd"), OSError(5, "Input/output error"), TwbotError("ours")])
def test_whatever_a_check_raises_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: str, error: Exception
) -> None:
    """That one is wrong, in its words; the last is done, too."""
    done: list[str] = []

    def fail(*_: object) -> None:
        done.append(broken)
        raise error

    def models(_: Path) -> Check:
        done.append("_models")
        return Check("models", "ok", "")

    monkeypatch.setattr("twbot.cli.doctor.run._models", models)
    monkeypatch.setattr(f"twbot.cli.doctor.run.{broken}", fail)
    monkeypatch.chdir(tmp_path)
    assert run(["doctor", "--data", str(tmp_path), "--json"]) == 5
    found = json.loads(capsys.readouterr().out)["checks"]
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    assert any(words in each["says"] for each in found if each["state"] == "wrong")
    assert done[-1] == "_models"


@pytest.mark.parametrize("name", ["alerts.db", "attempts.db", "sent.db", "x/sim.db"])
def test_a_damaged_page_that_nothing_has_read_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The file is named, with what to do about it."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        db.commit()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    assert run(["doctor", "--no-models", "--data", str(tmp_path), "--json"]) == 5
    found = checks(json.loads(capsys.readouterr().out))["files"]
    assert f"{path} is damaged" in found["says"]
    assert found["fix"].startswith(
        f"Restore a backup: twbot restore FILE --force --data {tmp_path}; or move {path.name}"
    )


def test_a_full_disk_and_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk is wrong; that the bot does not run is, too."""
    Bus(DataFolder(tmp_path).bus, []).stop()
    monkeypatch.setattr("twbot.local.data_folder.MIN_FREE_BYTES", 2**62)
    assert run(["doctor", "--no-models", "--data", str(tmp_path), "--json"]) == 5
    found = json.loads(capsys.readouterr().out)["checks"]
    assert [each["name"] for each in found if each["state"] == "wrong"] == ["data folder", "bot"]


def test_a_folder_in_the_hands_of_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever may write to the folder above could put another in its place."""
    above = tmp_path / "above"
    make_private(above / "data")
    above.chmod(0o777)
    run(["doctor", "--no-models", "--data", str(above / "data"), "--json"])
    assert checks(json.loads(capsys.readouterr().out))["data folder"]["fix"] == f"chmod o-w {above}"


def test_the_models_load_and_answer(tmp_path: Path) -> None:
    """Each is loaded and asked once; how long that took, and with how much memory."""
    found = check_models(tmp_path / "gallery.json")
    assert found.state == "ok"
    assert "MB" in found.says


@pytest.mark.parametrize(
    ("error", "says", "fix"),
    [
        (ImportError("No module named 'onnxruntime'"), "onnxruntime", "pip install 'twbot[local]'"),
        (MemoryError(), "memory", "600 MB"),
        (ValueError("a damaged file"), "a damaged file", "pip install 'twbot[local]'"),
    ],
)
def test_models_that_do_not_load(
    error: Exception, says: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way has its own words."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("twbot.local.adapters.models.LocalModels.__init__", fail)
    found = check_models(tmp_path)
    assert (found.state, says in found.says, fix in (found.fix or "")) == ("wrong", True, True)


def test_a_machine_with_little_memory_is_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The models load, and the bot may still be killed."""
    monkeypatch.setattr("twbot.cli.doctor.models.free_memory", lambda: 100_000_000)
    monkeypatch.setattr("twbot.local.adapters.models.LocalModels.warm", lambda _: None)
    found = check_models(tmp_path)
    assert (found.state, "100 MB" in found.says) == ("warning", True)
