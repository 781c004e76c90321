"""Commands in hints, as they can be pasted."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import COMMANDS
from tests.support.paths import ROOT
from twbot.cli.commands.up import _command
from twbot.cli.main import run
from twbot.cli.spelling import pasteable, project_option
from twbot.cli.summaries import summaries
from twbot.local.child_python import import_path
from twbot.local.data_folder import DataFolder


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process is a twbot that was started by its path, from a folder in which nothing is on the PATH."""
    path = tmp_path / "of mine" / "bin" / "twbot"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!{sys.executable}\nfrom twbot.cli.main import main\nmain()\n")
    path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(path), "status"])
    return path


def test_the_path_is_given_where_the_name_would_not_be_found(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below this folder from here; whole where it is pasted in another one."""
    assert pasteable("Next: twbot up") == "Next: 'of mine/bin/twbot' up"
    assert pasteable("twbot up", anywhere=True) == f"'{script}' up"
    monkeypatch.chdir(script.parent)
    assert pasteable("twbot up") == "./twbot up"
    monkeypatch.chdir(Path(__file__).parent)
    assert pasteable("twbot up; twbot down") == f"'{script}' up; '{script}' down"


def test_the_status_names_commands_that_can_be_pasted(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands among facts, not in a hint."""
    assert run(["status", "--data", "nowhere"]) == 0
    assert "Start it with: 'of mine/bin/twbot' up --data nowhere" in capsys.readouterr().out


def test_a_bot_in_the_background_is_called_as_what_started_it(script: Path) -> None:
    """Its console names commands, too. The folder that --project named is handed on."""
    named = project_option.set("my bot")
    try:
        command = _command(DataFolder(Path("data")), [])
    finally:
        project_option.reset(named)
    up = command.index("up")
    assert command[up + 3 :] == ["--project", "my bot"]
    environment = {**os.environ, "PYTHONPATH": import_path()}
    status = [*command[:up], "status", "--data", "nowhere"]
    said = subprocess.run(status, capture_output=True, text=True, check=True, env=environment).stdout
    assert "'of mine/bin/twbot' up --data nowhere" in said


def test_the_name_is_given_where_the_path_leads_to_this_very_one(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a link, too; but not where the name is another installation's."""
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "twbot").symlink_to(script)
    monkeypatch.setenv("PATH", str(tmp_path / "links"))
    assert pasteable("twbot up") == "twbot up"
    (tmp_path / "links" / "twbot").unlink()
    shutil.copy(script, tmp_path / "links" / "twbot")
    assert pasteable("twbot up") == "'of mine/bin/twbot' up"


def test_a_module_without_a_script_is_called_as_one(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m twbot`."""
    monkeypatch.setattr(sys, "argv", ["/lib/twbot/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(script))
    assert pasteable("twbot up") == "'of mine/bin/twbot' up"
    script.unlink()
    assert pasteable("twbot up") == "'of mine/bin/twbot' -m twbot up"


@pytest.mark.parametrize(
    "text",
    ["twbot needs 100 MB", "/usr/bin/twbot up", "an older twbot", "my-twbot up", "twbot.toml", "twbot upwards"],
)
def test_what_is_no_command_stays(text: str, script: Path) -> None:
    """The name in a sentence, in a path, in another word."""
    assert script.exists()
    assert pasteable(text) == text


def test_a_program_that_calls_the_command_line_knows_no_path() -> None:
    """pytest is no twbot."""
    assert [pasteable(command) for command in COMMANDS] == list(COMMANDS)


def test_the_folder_that_was_named_is_named_again(
    script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the command, and wherever --project stood; the data folder stands where it stood."""
    assert script.exists()
    (tmp_path / "my bot").mkdir()
    for typed in (["--project", "my bot", "trace", "1"], ["trace", "1", "--project=my bot", "--data", "d"]):
        run(typed)
        data = " --data d" if "d" in typed else ""
        (hint,) = capsys.readouterr().err.splitlines()[1:]
        assert hint == f"Start it with: 'of mine/bin/twbot' --project 'my bot' up{data}"
    run(["trace", "1"])
    assert capsys.readouterr().err.splitlines()[1:] == ["Start it with: 'of mine/bin/twbot' up"]


def test_a_hint_can_be_pasted(script: Path, tmp_path: Path) -> None:
    """A shell runs it: what `twbot trace` tells to type starts the same twbot on the same folder."""
    (tmp_path / "my bot").mkdir()
    ended = subprocess.run(
        [script, "--project", "my bot", "trace", "1"], capture_output=True, text=True, check=False, timeout=60
    )
    (command,) = re.findall(r"Start it with: (.*)", ended.stderr)
    helped = subprocess.run(
        ["/bin/sh", "-c", f"{command} --help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Run the bot on this machine" in helped.stdout


def test_no_command_is_printed_as_it_may_not_be_found() -> None:
    """Whatever is said on stderr is spelled where it is printed; what stdout says of a command spells it itself."""
    commands = "|".join(sorted({name.split()[1] for name in COMMANDS}))
    printed = re.compile(rf"""(?:print_line|out\.print)\((?:Text\()?f?["'][^"'\n]*\btwbot (?:{commands})\b""")
    found = [
        f"{path.relative_to(ROOT)}: {each}"
        for path in sorted((ROOT / "cli").rglob("*.py"))
        for each in printed.findall(path.read_text())
    ]
    assert found == []
    assert shlex.split(pasteable("twbot up")) == ["twbot", "up"]
    assert project_option.get() is None


def _bare_commands(node: ast.AST) -> list[str]:
    """Return the texts below a node that name a command, and are not within a call of `pasteable`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "pasteable":
        return []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if re.search(rf"\btwbot (?:{'|'.join(summaries())})\b", node.value) else []
    return [each for child in ast.iter_child_nodes(node) for each in _bare_commands(child)]


@pytest.mark.parametrize("module", sorted((ROOT / "cli").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_is_printed_as_it_could_not_be_pasted(module: Path) -> None:
    """Hints and notes are spelled where they are printed; what is printed as an answer names itself."""
    calls = (each for each in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(each, ast.Call))
    printed = [each for each in calls if ast.unparse(each.func) in {"print_line", "out.print", "err.print"}]
    assert not [text for each in printed for text in _bare_commands(each)]
