"""The table [stages.NAME.aws]: what may be in it, and what is said of the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.errors import TwbotError
from twbot.stacks.config import load_stage, protocol


def written(folder: Path, content: str) -> Path:
    file = folder / "twbot.toml"
    file.write_text(content)
    return file


def test_a_stage_needs_no_file(tmp_path: Path) -> None:
    """The id of the bot's account is all that has to be said."""
    stage = load_stage("prod", tmp_path / "twbot.toml", twitter_account_id="999999")
    assert stage.production
    assert stage.secret == "TwitterSecret"
    assert stage.named("Plumbing") == "Plumbing"


def test_other_stages_are_named_and_passing(tmp_path: Path) -> None:
    """Every other stage carries its name, and its data goes with it."""
    stage = load_stage("dev", tmp_path / "twbot.toml", twitter_account_id="999999")
    assert not stage.production
    assert stage.secret == "TwitterSecret-dev"
    assert stage.named("Plumbing") == "Plumbing-dev"


def test_the_command_line_goes_first(tmp_path: Path) -> None:
    """An account id that was typed overrides the file's."""
    file = written(tmp_path, '[stages.prod.aws]\ntwitter_account_id = "1"\n')
    assert load_stage("prod", file).aws.twitter_account_id == "1"
    assert load_stage("prod", file, twitter_account_id="2").aws.twitter_account_id == "2"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("detector = {}", "detector"),
        ("detectors = { faces = true }", "faces"),
        ("log_days = 8", "log_days"),
        ('workflow = "FAST"', "workflow"),
        ('x_url = "http://x.example.com"', "x_url"),
        ("archive_days = 0", "archive_days"),
        ("replies_at_once = 1", "replies_at_once"),
        ("query_limit_mb = 5", "query_limit_mb"),
        ('alerts = ["somebody"]', "somebody"),
        ('alerts = ["http://example.com"]', "http://example.com"),
        ('twitter_account_id = "@bot"', "twitter_account_id"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, content: str, named: str) -> None:
    """The error names the file, the table and what is wrong in it."""
    file = written(tmp_path, f"[stages.prod.aws]\n{content}\n")
    with pytest.raises(TwbotError, match=r"twbot\.toml:\d: stages\.prod\.aws") as error:
        load_stage("prod", file, twitter_account_id=None if "account" in content else "999999")
    assert named in str(error.value)


def test_the_account_id_must_be_said(tmp_path: Path) -> None:
    """Without it the error says both ways to give it."""
    with pytest.raises(TwbotError, match=r"twitter_account_id.*twitterAccountId"):
        load_stage("prod", tmp_path / "twbot.toml")


@pytest.mark.parametrize("name", ["", "Prod", "a" * 17, "a/b", "1st", "a_b", "a--b"])
def test_stage_names_fit_into_every_name(tmp_path: Path, name: str) -> None:
    """A stage's name is part of names of queues, roles and URLs: what does not fit is refused at once."""
    with pytest.raises(TwbotError, match="stage's name"):
        load_stage(name, tmp_path / "twbot.toml", twitter_account_id="999999")


@given(st.text(max_size=40).filter(lambda text: "@" not in text and not text.startswith(("+", "https://"))))
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    """Whatever SNS could not reach is refused, and the error shows it."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        protocol(text)


@pytest.mark.parametrize(
    ("content", "days"),
    [
        ("[stages.prod]", 30),
        ("[stages.prod]\narchive_days = 7", 7),
        ("[stages.prod.aws]\narchive_days = 8", 8),
    ],
)
def test_the_archive_keeps_events_for_as_long_as_the_stage_says(tmp_path: Path, content: str, days: int) -> None:
    """In its table, as on one machine, or in the one that older files have it in; 30 days where neither does."""
    assert load_stage("prod", written(tmp_path, content), twitter_account_id="1").archive_days == days


def test_two_answers_to_one_question_are_a_mistake(tmp_path: Path) -> None:
    """Which of them holds is not guessed."""
    file = written(tmp_path, "[stages.prod]\narchive_days = 7\n[stages.prod.aws]\narchive_days = 8")
    with pytest.raises(TwbotError, match=r"archive_days is in \[stages\.prod\] and in \[stages\.prod\.aws\]"):
        load_stage("prod", file, twitter_account_id="1")
