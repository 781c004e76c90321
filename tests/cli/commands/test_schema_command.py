"""`twbot schema`: what events hold, ours and the bot's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.bot_folders import make_bot
from tests.support.paths import ROOT
from twbot.cli.main import run
from twbot.lambdas.contracts import DETAILS

EVENTS = '[ORDER_ASKED]\nNumber = "integer"\nDue = "time"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_bot(tmp_path, monkeypatch, twbot_toml="", bot__events_toml=EVENTS)


def schema(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = run(["schema", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out or "null")


@pytest.mark.parametrize("name", DETAILS)
def test_ours_are_those_of_the_documents(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the wheel, too, where docs/ is not."""
    assert schema(capsys, name) == (0, json.loads((ROOT / "docs" / "schemas" / f"{name}.json").read_text()))


def test_own_events_have_the_declared_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """Of bot/events.toml."""
    code, found = schema(capsys, "order_asked")
    assert (code, found["title"]) == (0, "ORDER_ASKED")
    assert found["properties"] == {"Number": {"type": "integer"}, "Due": {"type": "string", "format": "date-time"}}


def test_all_types_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """With what each is."""
    _, listed = schema(capsys)
    of = {each["type"]: each["of"] for each in listed}
    assert (of["ORDER_ASKED"], of["TWEET_SENT"], of["TWITTER_TWEETED"]) == ("own", "twbot", "X")
    assert "the reply is on X" in {each["type"]: each["says"] for each in listed}["TWEET_SENT"]


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [
        ("schema TWITTER_TWEETED", 4, "is what X sent, as X documents it"),
        ("schema tweet_snt", 4, "Did you mean: twbot schema TWEET_SENT"),
        ("schema ZZZZ", 4, "See which there are: twbot schema; own fields are declared in bot/events.toml"),
        ("schema TWEET_SENT --list", 2, "Give a type or --list"),
        ("schema --list", 0, ""),
    ],
)
def test_what_has_no_schema_says_why(
    typed: str,
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """X's own, one that is misspelled, none at all."""
    monkeypatch.chdir(tmp_path)
    assert run(typed.split()) == code
    assert says in " ".join(capsys.readouterr().err.split())
