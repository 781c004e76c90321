"""The model that judges the trials: what it must notice, it notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.prove.model import Outcome, Seen, _answers, _chains, posts_in
from tests.prove.trial import Trial
from tests.prove.trials import load
from tests.prove.trials.bodies import v1_for, v2_for
from tests.prove.trials.fuzzing import matches
from tests.support.paths import ROOT

BOT = "77"
POST = {"id": "100", "author": "ada", "author_id": "5", "text": "@twbot hello"}


def judged(tmp_path: Path, replies: dict[str, list[dict[str, Any]]], explained: set[str], *seen: Seen) -> Trial:
    trial = Trial("t", 1, 1.0, tmp_path)
    _answers(trial, _chains(list(seen)), Outcome(replies, explained, [], []), False)
    return trial


def test_a_post_without_a_reply_and_without_a_reason_is_lost(tmp_path: Path) -> None:
    """One with a reason is not, nor one that does not summon the bot."""
    posts = [Seen("1", "1", True, ""), Seen("2", "2", True, ""), Seen("3", "3", False, "")]
    assert judged(tmp_path, {}, {"2"}, *posts).lost == ["1: no reply and no reason"]


def test_two_replies_to_versions_of_one_post_are_doubled(tmp_path: Path) -> None:
    """Whether they answer the same version or two."""
    versions = [Seen("1", "1", True, ""), Seen("2", "1", True, "")]
    reply = {"id": "9", "text": "joke"}
    assert len(judged(tmp_path, {"1": [reply], "2": [reply]}, set(), *versions).doubled) == 1
    assert judged(tmp_path, {"2": [reply]}, set(), *versions).is_clean


@pytest.mark.parametrize("make", [v1_for, v2_for])
def test_both_generations_are_read(make: Any) -> None:
    """The same post in either shape; what the bot itself posted summons nobody."""
    assert list(posts_in(make(BOT, POST), BOT)) == [Seen("100", "100", True, "@twbot hello")]
    (own,) = posts_in(make(BOT, {**POST, "author_id": BOT}), BOT)
    assert not own.summons


def test_an_edit_belongs_to_its_first_version() -> None:
    """X names all versions with each."""
    (edited,) = posts_in(v2_for(BOT, {**POST, "id": "101"}, versions=["100", "101"]), BOT)
    assert (edited.id, edited.chain) == ("101", "100")


def test_a_trial_is_planned_by_its_seed(tmp_path: Path) -> None:
    """The same seed draws the same, another one something else."""
    first, again, other = (Trial("t", seed, 1.0, tmp_path).random.random() for seed in (1, 1, 2))
    assert first == again != other


def test_the_second_reading_of_patterns_follows_the_documentation() -> None:
    """The examples of EventBridge's documentation."""
    event = {"detail": {"state": "running", "count": 3, "tags": ["a", "b"]}}
    assert matches({"detail": {"state": ["running"], "count": [{"numeric": [">", 2, "<", 5]}]}}, event)
    assert matches({"detail": {"tags": [{"prefix": "b"}], "gone": [{"exists": False}]}}, event)
    assert not matches({"detail": {"state": [{"anything-but": ["running"]}]}}, event)


def test_the_page_names_every_trial() -> None:
    """docs/proof.md is of a whole run."""
    page = (ROOT / "docs" / "proof.md").read_text()
    assert not [name for name in load() if f"| {name} |" not in page]
