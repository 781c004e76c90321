"""`twbot rules`: the map of the system, asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from twbot.cli.main import run
from twbot.lambdas.wiring import RULES

ANALYSED: dict[str, Any] = {
    "source": "BOT",
    "detail-type": "MESSAGE_ANALYSED",
    "detail": {"Summoned": True, "Analysis": {"TextSentiment": "POSITIVE"}},
}


def test_lists_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """All of the wiring."""
    assert run(["rules", "list", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == [rule.name for rule in RULES]


def test_says_which_rules_match_and_why_others_do_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the first field that does not, what it wants and what is there."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(ANALYSED))
    assert run(["rules", "test", str(path), "--json"]) == 0
    found = {each["rule"]: each for each in json.loads(capsys.readouterr().out)}
    assert {name for name, each in found.items() if each["matches"]} == {
        "log-every-event",
        "answer-texts",
        "keep-every-event",
    }
    assert found["alert-on-negative"]["mismatch"] == {
        "field": "detail.Analysis.TextSentiment",
        "wanted": ["NEGATIVE"],
        "found": ["POSITIVE"],
    }


@pytest.mark.parametrize(("text", "code"), [("{}", 2), ("nonsense", 2), ("[1]", 2), (None, 4)])
def test_refuses_what_is_no_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, code: int
) -> None:
    """In words, and says where to get one."""
    path = tmp_path / "event.json"
    if text is not None:
        path.write_text(text)
    assert run(["rules", "test", str(path)]) == code
    assert str(path.name) in capsys.readouterr().err.replace("\n", "")


ENTRY = {"Source": "BOT", "DetailType": "MESSAGE_ANALYSED", "Detail": json.dumps(ANALYSED["detail"]), "Resources": []}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("event", [ANALYSED, ENTRY, [ENTRY], {"Entries": [ENTRY]}, [ANALYSED]])
def test_takes_an_event_as_people_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str, event: object
) -> None:
    """With a byte order mark, in UTF-16, or as an entry of put-events."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event), encoding=encoding)
    assert run(["rules", "test", str(path), "--json"]) == 0
    matching = {each["rule"] for each in json.loads(capsys.readouterr().out) if each["matches"]}
    assert "answer-texts" in matching


@pytest.mark.parametrize(
    "event",
    [[], [ENTRY, ENTRY], {"Entries": []}, {"Entries": 7}, {**ENTRY, "Detail": "no JSON"}, {**ENTRY, "Detail": "[1]"}],
)
def test_refuses_entries_that_are_not_one_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], event: object
) -> None:
    """In words."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    assert run(["rules", "test", str(path)]) == 2
    assert "should not happen" not in capsys.readouterr().err


def test_draws_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """As an arrow of a Mermaid flowchart, to a node that is there."""
    assert run(["rules", "diagram"]) == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("flowchart LR")
    for rule in RULES:
        assert f'|"{rule.name}: ' in drawn
        assert f'["{rule.target}"]' in drawn
    boxes = re.findall(r"^ +(\w+)[\[({]", drawn, re.MULTILINE)
    assert len(boxes) == len(set(boxes))
    assert run(["rules", "diagram", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    ids = [node["id"] for node in document["nodes"]]
    assert sorted(ids) == sorted(boxes)
    assert {each[end] for each in document["edges"] for end in ("from", "to")} <= set(ids)
    for edge in document["edges"]:
        assert f'{edge["from"]} -->|"{edge["label"]}"| {edge["to"]}' in drawn
