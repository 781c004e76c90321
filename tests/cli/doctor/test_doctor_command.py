"""`twbot doctor`: finds what is wrong, and says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.doctor.models import check_models
from twbot.cli.main import run
from twbot.lambdas.contracts import Entry
from twbot.lambdas.ports import Keys
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.data_folder import DataFolder, RunInfo, write_run_info


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
