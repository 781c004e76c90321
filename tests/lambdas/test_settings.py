"""A stage's settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import Settings, load


def written(folder: Path, text: str) -> Path:
    path = folder / "twbot.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(tmp_path: Path) -> None:
    """Replies on; nothing blurred, highlighted, posted elsewhere or marked as AI's."""
    assert load(tmp_path / "twbot.toml") == Settings()
    assert load(written(tmp_path, "[stages.prod]\n")) == Settings()
    assert (Settings().replies, Settings().blur_strangers, Settings().made_with_ai) == (True, False, False)


def test_a_stage_has_its_own(tmp_path: Path) -> None:
    """Other stages' tables don't count; what the stacks want to know is handed on."""
    path = written(
        tmp_path,
        """
        [stages.local]
        replies = false
        [stages.prod]
        blur_strangers = true
        highlight_labels = ["Dog"]
        [stages.prod.aws]
        region = "eu-west-1"
        """,
    )
    assert load(path, "prod") == Settings(
        blur_strangers=True,
        highlight_labels=["Dog"],
        aws={"region": "eu-west-1"},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[stages.local]\nblur_stranger = true", "blur_stranger"),
        ("[stages.local]\narchive_days = 0", "archive_days"),
        ("[stages.local]\nlake_days = -1", "lake_days"),
        ("[stages.local]\nlake_days = 1.5", "lake_days"),
        ("[stages.local]\nreplies = 'yes'", r"stages.local.replies"),
        ("[stages.local", "twbot.toml"),
        ("stages = 3", "toml:1: stages: "),
        ("[stage.local]", "stage"),
        ("[stages]\nlocal = 3", "a table"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    """Where it is, and what."""
    with pytest.raises(TwbotError, match=said):
        load(written(tmp_path, text))


def test_an_unknown_stage_names_the_known_ones(tmp_path: Path) -> None:
    """A misspelt stage is not one with defaults."""
    with pytest.raises(TwbotError, match="prod, test"):
        load(written(tmp_path, "[stages.test]\n[stages.prod]\n"), "prd")
