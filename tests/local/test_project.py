"""Which bot a data folder is of, and who may change what it runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.instant_models import Instant
from twbot.cli.main import run
from twbot.lambdas.settings import Settings
from twbot.local.bot import Bot
from twbot.local.data_folder import DataFolder, note_project, noted_project
from twbot.local.private_files import NotOurs, check_code

RULE = '[[rules]]\nname = "mine"\nwhen = {}\nrun = "bot.code:f"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bot's folder."""
    path = tmp_path / "coffee"
    (path / "bot" / "people").mkdir(parents=True)
    (path / "twbot.toml").write_text(RULE)
    (path / "bot" / "code.py").write_text("def f(event, bot): pass\n")
    return path


def test_a_command_elsewhere_knows_the_bot_of_its_data(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the data folder that it names, by option or variable; its environment is as before when it ends."""
    home = DataFolder(tmp_path / "data")
    home.folder.mkdir()
    monkeypatch.setenv("TWBOT_PROJECT", str(folder))
    note_project(home)
    monkeypatch.delenv("TWBOT_PROJECT")
    monkeypatch.chdir(tmp_path)
    assert noted_project(home) == folder
    for arguments in (["--data", str(home.folder)], [f"--data={home.folder}"]):
        assert run(["rules", "list", "--json", *arguments]) == 0
        assert '"mine"' in capsys.readouterr().out
    monkeypatch.setenv("TWBOT_HOME", str(home.folder))
    assert run(["rules", "list", "--json"]) == 0
    assert '"mine"' in capsys.readouterr().out
    assert "TWBOT_PROJECT" not in os.environ
    folder.rename(tmp_path / "moved")
    assert run(["rules", "list", "--json"]) == 0  # what stops or looks works without the folder
    assert run(["up", "--port", "0"]) == 4
    assert "Name its folder: --project FOLDER" in capsys.readouterr().err


def test_the_folder_that_a_command_names_or_is_called_in_comes_first(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = DataFolder(tmp_path / "data")
    home.folder.mkdir()
    home.project.write_text(str(folder))
    other = tmp_path / "other"
    (other / "bot").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "list", "--json", "--data", str(home.folder), "--project", str(other)]) == 0
    assert '"mine"' not in capsys.readouterr().out
    monkeypatch.chdir(other)
    assert run(["rules", "list", "--json", "--data", str(home.folder)]) == 0
    assert '"mine"' not in capsys.readouterr().out


@pytest.mark.parametrize("name", [".", "twbot.toml", "bot", "bot/code.py", "bot/people"])
def test_code_that_everybody_may_write_is_not_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever may write it may run code as the bot; the error says what to type."""
    check_code(folder)
    path = folder / name
    path.chmod(path.stat().st_mode | 0o002)
    monkeypatch.setenv("TWBOT_PROJECT", str(folder))
    with pytest.raises(NotOurs, match="Everybody may write") as raised:
        Bot(DataFolder(tmp_path / "data"), Settings(), analysers=Instant)
    hint = str(raised.value.hint)
    assert hint == f"chmod o-w {path}"
    path.chmod(path.stat().st_mode & ~0o002)
    check_code(folder)


def test_code_of_another_user_is_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless that is the superuser, or we are."""
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    if folder.stat().st_uid != 0:
        with pytest.raises(NotOurs, match="another user"):
            check_code(folder)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    check_code(folder)
