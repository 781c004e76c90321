"""`twbot new` and `twbot init --ci github`: what they write works as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from twbot import __version__
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.operations.target import stage_names
from twbot.cli.scaffold.templates import TEMPLATES, WORKFLOW

PINNED = re.compile(r"(actions|aws-actions)/[\w-]+@v\d+")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWBOT_PROJECT", "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("languages", ["en", "de", "de,en"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_written_passes_the_check(
    template: str, languages: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No placeholder is left, nothing is wrong, and no warning either."""
    assert run(["new", "my-bot", "--template", template, "--languages", languages]) == Exit.DONE
    texts = [path.read_text() for path in Path("my-bot").rglob("*") if path.suffix in {".toml", ".py", ".md", ".yml"}]
    assert not [text for text in texts if re.search(r"(?<!\$)\{\{\w", text)]
    assert Path("my-bot/README.md").read_text().startswith("# My Bot\n")
    monkeypatch.chdir("my-bot")
    capsys.readouterr()
    code = run(["check", "--json"])
    assert (code, json.loads(capsys.readouterr().out)["findings"]) == (Exit.DONE, [])


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_stage_can_be_added(
    template: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`twbot init` leaves rules, answers and alerts as they are, and nothing is wrong then."""
    run(["new", "my-bot", "--template", template])
    monkeypatch.chdir("my-bot")
    before = Path("twbot.toml").read_text()
    assert run(["init"]) == run(["init", "--stage", "test"]) == Exit.DONE
    assert Path("twbot.toml").read_text().startswith(before)
    assert stage_names() == ["local", "prod", "test"]
    capsys.readouterr()
    code = run(["check", "--json"])
    assert (code, json.loads(capsys.readouterr().out)["findings"]) == (Exit.DONE, [])


def test_it_says_what_to_type_next(capsys: pytest.CaptureFixture[str]) -> None:
    """From the folder to the first answer; for programs, what was written."""
    run(["new", "my bot", "--name", "Coffee & Co."])
    said = capsys.readouterr().err
    assert all(each in said for each in ("cd 'my bot'", "twbot check", "twbot test", "twbot up", "twbot send"))
    run(["new", "other", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert {"twbot.toml", "bot/chatbot.toml", "tests/conversations.toml", ".gitignore", str(WORKFLOW)} < {
        *answer["files"]
    }
    assert answer["name"] == "Other"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["full"], "is not empty"),
        (["file"], "is not empty"),
        (["x", "--template", "rock"], "there are minimal, support, photos"),
        (["x", "--languages", "en,fr"], "bot/chatbot.fr.toml"),
        (["x", "--languages", "en,en"], "once"),
        (["x", "--languages", ","], "--languages en"),
        (["x", "--name", 'a"b'], "no name"),
    ],
)
def test_what_it_cannot_do_it_says(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """2, and nothing is written."""
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    Path("file").write_text("mine")
    assert run(["new", *arguments]) == Exit.USAGE
    assert says in capsys.readouterr().err
    assert sorted(path.name for path in Path().rglob("*")) == ["file", "full", "mine.txt"]


def test_a_fresh_repository_is_empty_enough() -> None:
    """Only .git is in it. Files are readable by whoever may read the repository, and written by the owner alone."""
    Path("repo/.git").mkdir(parents=True)
    assert run(["new", "repo"]) == Exit.DONE
    assert oct(Path("repo/bot/hours.py").stat().st_mode & 0o777) == "0o644"


def workflow(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def test_one_writer_writes_the_workflow() -> None:
    """`new` and `init --ci github` write the same, but for the stage; what is there stays."""
    assert run(["new", "my-bot"]) == Exit.DONE
    Path("theirs/bot").mkdir(parents=True)
    assert run(["init", "--ci", "github", "--project", "theirs"]) == Exit.DONE
    assert (Path("theirs") / WORKFLOW).read_bytes() == (Path("my-bot") / WORKFLOW).read_bytes()
    assert run(["init", "--ci", "github", "--project", "theirs"]) == Exit.USAGE
    (Path("theirs") / WORKFLOW).unlink()
    assert run(["init", "--ci", "github", "--stage", "test", "--project", "theirs"]) == Exit.DONE
    deploy = workflow(Path("theirs") / WORKFLOW)["jobs"]["deploy"]
    assert deploy["environment"] == "test"
    assert deploy["steps"][-1]["run"] == "twbot deploy --stage test --yes"


def test_the_workflow_may_do_the_least() -> None:
    """Pinned actions, reading only but for OIDC, no secret, and no expression within a script."""
    run(["new", "my-bot"])
    text = (Path("my-bot") / WORKFLOW).read_text()
    found = workflow(Path("my-bot") / WORKFLOW)
    assert found["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    for name, job in found["jobs"].items():
        assert job.get("permissions", {}) in ({}, {"contents": "read", "id-token": "write"})
        assert ("permissions" in job) == (name != "test")
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert all(PINNED.fullmatch(each) for each in used)
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]
    scripts = [step["run"] for job in found["jobs"].values() for step in job["steps"] if "run" in step]
    assert {"twbot check", "twbot test", "twbot diff --stage prod", "twbot deploy --stage prod --yes"} < {*scripts}
    assert all(f"=={__version__}'" in each for each in scripts if "pip install" in each)
    assert found["jobs"]["diff"]["needs"] == found["jobs"]["deploy"]["needs"] == "test"
