"""A key of twbot.toml that is misspelled: said with its line and the nearest right one, in whatever table."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.folder import records
from twbot.lambdas.settings import Settings
from twbot.stacks.config import AwsConfig, Detectors

RULE = '[[rules]]\nname = "a"\nwhen = {}\nrun = "bot.x:y"\n'
STEP = '[[steps]]\nname = "A"\nof = "text"\nrun = "bot.x:y"\n'
LLM = '[llm]\nmodel = "m"\ndollars_per_million_input_tokens = 0\ndollars_per_million_output_tokens = 0\n'
# Each with what it must have.
TABLES: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "file": ("", records.File),
    "bot": ("[bot]\n", records.BotTable),
    "rules": (RULE, records.OwnRule),
    "allow": (f'{RULE}[[rules.allow]]\nactions = ["s3:Get"]\nresources = ["*"]\n', records.Permission),
    "answers": ("[answers]\n", records.Answers),
    "alerts": ("[alerts]\n", records.Alerts),
    "steps": (STEP, records.Step),
    "llm": (LLM, records.Llm),
    "local": ("[stages.local]\n", Settings),
    "stage": ("[stages.test]\n", Settings),
    "aws": ("[stages.test.aws]\n", AwsConfig),
    "dotted": ("[stages.test]\n", AwsConfig),
    "detectors": ("[stages.test.aws.detectors]\n", Detectors),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_key_of_every_table(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once: none hides another."""
    head, record = TABLES[name]
    keys = [each.encode_name for each in msgspec.structs.fields(record)]
    before = "aws." if name == "dotted" else ""
    lines = [f"{before}{key[:-1]}{key[-1]}{key[-1]}x = 1\n" for key in keys]
    (tmp_path / "twbot.toml").write_text(head + "".join(lines))
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--json"]) == Exit.CHECK_FAILED
    found = {each["line"]: each["says"] for each in json.loads(capsys.readouterr().out)["findings"]}
    for number, key in enumerate(keys, head.count("\n") + 1):
        assert f"There is no key `{key}{key[-1]}x` here: did you mean `{key}`?" in found[number]


@pytest.mark.parametrize("name", ["stage", "aws", "detectors"])
def test_a_command_about_the_stage_says_it_too(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the check does: one of them, and how to see all."""
    head, record = TABLES[name]
    key = msgspec.structs.fields(record)[0].encode_name
    (tmp_path / "twbot.toml").write_text(f"{head}{key}s = 1\n")
    monkeypatch.chdir(tmp_path)
    assert run(["status", "--stage", "test"]) == Exit.FAILED
    err = " ".join(capsys.readouterr().err.split())
    assert f"twbot.toml:2: stages.test{'.aws' if name != 'stage' else ''}" in err
    assert f"did you mean `{key}`?" in err
    assert "twbot check" in err


def test_what_a_check_of_ours_refuses_is_said_with_the_keys_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with that of its table."""
    (tmp_path / "twbot.toml").write_text("[stages.test.aws]\nlog_days = 30\nquery_limit_mb = 5\n")
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--json"]) == Exit.CHECK_FAILED
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["line"], found["says"]) == (3, "stages.test.aws: query_limit_mb: 10 or more")
