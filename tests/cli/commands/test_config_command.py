"""`twbot config list`: each setting, its value, and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.paths import ROOT
from twbot.cli.main import run
from twbot.lambdas.environment import VARIABLES
from twbot.lambdas.settings import Settings
from twbot.stacks.config import AwsConfig

FILE = """\
[bot]
languages = ["de", "en"]

[stages.local]
replies = false
own = { crm = "https://crm.example", crm_api_token = "hunter2-hunter2" }

[stages.prod]
archive_days = 7

[stages.prod.aws]
region = "eu-west-1"
alerts = ["somebody@example.com", "https://hooks.example.com/services/T0-secret-path"]

[stages.prod.aws.detectors]
labels = false
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "twbot.toml").write_text(FILE)
    (tmp_path / "bot").mkdir()
    for name in ("chatbot.de.toml", "chatbot.en.toml"):
        (tmp_path / "bot" / name).write_text('[fallback]\nreplies = ["?"]\n')
    for each in VARIABLES:
        monkeypatch.delenv(each.name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(capsys: Capture, *options: str) -> dict[str, Any]:
    assert run(["config", "list", *options, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("options", "variables", "name", "value", "source"),
    [
        ("", {}, "stage", "local", "default"),
        ("--stage prod", {}, "stage", "prod", "--stage"),
        ("", {"TWBOT_STAGE": "prod"}, "stage", "prod", "TWBOT_STAGE"),
        ("--stage local", {"TWBOT_STAGE": "prod"}, "stage", "local", "--stage"),
        ("", {}, "data", ".twbot", "default"),
        ("--data d", {}, "data", "d", "--data"),
        ("", {"TWBOT_HOME": "e"}, "data", "e", "TWBOT_HOME"),
        ("", {}, "bot.languages", ["de", "en"], "twbot.toml:2"),
        ("", {}, "replies", False, "twbot.toml:5"),
        ("", {}, "blur_strangers", False, "default"),
        ("", {}, "archive_days", None, "default"),
        ("", {}, "own.crm", "https://crm.example", "twbot.toml:6"),
        ("", {}, "own.crm_api_token", "***", "twbot.toml:6"),
        ("--stage prod", {}, "replies", True, "default"),
        ("--stage prod", {}, "archive_days", 7, "twbot.toml:9"),
        ("--stage prod", {}, "aws.region", "eu-west-1", "twbot.toml:12"),
        ("--stage prod --region us-east-1", {}, "aws.region", "us-east-1", "--region"),
        ("--stage prod", {"AWS_REGION": "us-east-1"}, "aws.region", "eu-west-1", "twbot.toml:12"),
        ("--stage prod", {"AWS_PROFILE": "mine"}, "aws.profile", "mine", "AWS_PROFILE"),
        ("--stage prod", {}, "aws.detectors.labels", False, "twbot.toml:16"),
        ("--stage prod", {}, "aws.detectors.texts", True, "default"),
        ("--stage prod", {}, "aws.production", True, "default"),
        ("--stage prod", {}, "aws.secret", "TwitterSecret", "default"),
        ("--stage prod", {}, "aws.alerts", ["…@example.com", "hooks.example.com/…path"], "twbot.toml:13"),
    ],
)
def test_each_value_says_where_it_comes_from(
    options: str,
    variables: dict[str, str],
    name: str,
    value: object,
    source: str,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The default, the file and its line, an option, or a variable: what wins is named."""
    for variable, content in variables.items():
        monkeypatch.setenv(variable, content)
    (found,) = [each for each in listed(capsys, *options.split())["settings"] if each["name"] == name]
    assert (found["value"], found["from"]) == (value, source)


@pytest.mark.parametrize(
    ("options", "variables", "source"),
    [
        ([], {}, "this folder"),
        (["--project", "."], {}, "--project"),
        ([], {"TWBOT_PROJECT": "."}, "TWBOT_PROJECT"),
    ],
)
def test_the_folder_says_who_named_it(
    options: list[str], variables: dict[str, str], source: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option before the variable, and a data folder that has it noted where nobody did."""
    for variable, content in variables.items():
        monkeypatch.setenv(variable, content)
    assert {"name": "project", "value": str(Path.cwd()), "from": source} in listed(capsys, *options)["settings"]


def test_a_data_folder_says_which_bot_it_is_of(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called elsewhere."""
    (folder / "data").mkdir()
    (folder / "data" / "project").write_text(str(folder))
    monkeypatch.chdir(folder / "data")
    found = listed(capsys, "--data", str(folder / "data"))["settings"]
    assert {"name": "project", "value": str(folder), "from": str(folder / "data" / "project")} in found


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_no_setting_is_left_out(stage: str, capsys: Capture) -> None:
    """Whatever the records have, a new one too; the older place of a setting is none."""
    names = {each["name"].partition(".")[0] for each in listed(capsys, "--stage", stage)["settings"]}
    fields = {each.encode_name for each in msgspec.structs.fields(Settings)} - {"own", "aws"}
    assert fields <= names
    settings = listed(capsys, "--stage", stage)["settings"]
    shown = {each["name"].split(".")[1] for each in settings if "aws." in each["name"]}
    aws = {each.encode_name for each in msgspec.structs.fields(AwsConfig)} - {"archive_days"}
    assert shown == (aws if stage == "prod" else set())


def test_every_variable_is_listed_and_no_secret_shown(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both forms; of a secret only that it is set."""
    for each in VARIABLES:
        monkeypatch.setenv(each.name, f"value-of-{each.name}" if each.secret else "")
    monkeypatch.setenv("TWBOT_STAGE", "prod")
    found = {each["name"]: each for each in listed(capsys)["environment"]}
    assert list(found) == [each.name for each in VARIABLES]
    assert found["AWS_SECRET_ACCESS_KEY"] == {**found["AWS_SECRET_ACCESS_KEY"], "set": True, "value": None}
    assert (found["TWBOT_STAGE"]["value"], found["AWS_PROFILE"]["set"]) == ("prod", False)
    assert run(["config", "list"]) == 0
    told = capsys.readouterr().out
    assert "value-of" not in told
    assert all(each.name in told for each in VARIABLES)


def test_the_reference_lists_the_variables() -> None:
    """docs/environment.md is made from the same declaration."""
    page = (ROOT / "docs" / "environment.md").read_text()
    assert all(f"| `{each.name}` | {each.says} |" in page for each in VARIABLES)


@pytest.mark.parametrize("options", [[], ["--stage", "prod"]])
def test_without_a_file_all_is_default(
    options: list[str], capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is configured, the list says what holds."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    sources = {each["from"] for each in listed(capsys, *options)["settings"]}
    assert sources <= {"default", "the bot that twbot ships", "--stage"}


def test_a_file_that_is_not_in_order_is_said_with_its_line(folder: Path, capsys: Capture) -> None:
    """What holds is not known then."""
    (folder / "twbot.toml").write_text("[stages.prod.aws]\nregoin = 'x'\n")
    assert run(["config", "list", "--stage", "prod"]) == 1
    assert "twbot.toml:2: stages.prod.aws: There is no key `regoin` here: did you mean `region`?" in " ".join(
        capsys.readouterr().err.split()
    )
