"""`twbot backup` and `twbot restore`, as people and programs type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.greetings import RULES
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.local.bus.bus import Bus


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    Bus(tmp_path / "data" / "bus.db", RULES).stop()
    return tmp_path / "data"


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of a name with the time, its owner's only; people are told that secrets are in it."""
    assert run(["backup", "--data", "data"]) == 0
    said = capsys.readouterr()
    (file,) = tmp_path.glob("twbot-backup-*.tar.gz")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.name in said.out
    assert "keys" in said.err
    assert run(["restore", file.name, "--data", "new"]) == 0
    assert "twbot up --data new" in capsys.readouterr().err


def test_programs_get_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One each, and errors with their exit code: 2 for a file that is there, and for a folder that is in the way."""
    assert run(["backup", "b.tar", "--data", "data", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written.keys() == {"file", "bytes", "files", "created", "skipped"}
    assert written["bytes"] == (tmp_path / "b.tar").stat().st_size
    assert run(["backup", "b.tar", "--data", "data", "--json"]) == Exit.USAGE
    assert run(["restore", "b.tar", "--data", "data", "--json"]) == Exit.USAGE
    assert "--force" in json.loads(capsys.readouterr().err.splitlines()[-1])["hint"]
    assert run(["restore", "b.tar", "--data", "data", "--force", "--json"]) == 0
    restored = json.loads(capsys.readouterr().out)
    assert restored.keys() == {"folder", "files", "created", "held", "aside"}
    assert Path(restored["aside"]).is_dir()
    assert run(["backup", "c.tar", "--data", "none", "--json"]) == Exit.NOT_CONFIGURED
    assert run(["restore", "none.tar", "--data", "none", "--json"]) == Exit.NOT_FOUND
    assert not (tmp_path / "none").exists()
