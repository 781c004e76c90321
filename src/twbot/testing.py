"""A pytest fixture: the bot of the folder that pytest runs in, beside a simulated X. pytest finds it by itself.

def test_hours(bot):
    assert "9 to 6" in bot.says("When do you open?").reply
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from twbot.local.conversations.stage import Said, Stage

__all__ = ["TestedBot", "bot", "bot_secrets"]


class TestedBot:
    """The bot, as the fixture gives it: the real one, with its models and functions."""

    __test__ = False  # what pytest looks for begins with Test, too

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def says(
        self,
        text: str,
        *,
        as_: str = "alice",
        image: str | Path | None = None,
        images: Sequence[str | Path] = (),
        followers: int = 0,
        verified: bool = False,
        language: str | None = None,
    ) -> Said:
        """Post at the simulated X, mentioning the bot, and return what it did once it is done.

        as_: username of who posts, 1 to 15 letters, digits and underscores
        image, images: paths of JPEG or PNG pictures, four at most
        followers, verified: what the author's profile shows
        language: what X says of the text, an ISO 639-1 code; None: X can't tell

        The result has `reply` (None for none), `images` (their number), `intent`, `by` (the function that answered),
        `alert`, `events` (their types), `failures` (of functions, with tracebacks) and `problems` (what else was
        refused or given up). Raises TwbotError where the bot is not done within two minutes.
        """
        paths = [Path(each) for each in ([image] if image is not None else []) + list(images)]
        post = self._stage.post(text, as_, images=paths, followers=followers, verified=verified, language=language)
        self._stage.settle()
        return self._stage.said(post)


@pytest.fixture(scope="session")
def bot_secrets(_bot_folder: None) -> Mapping[str, str]:
    return secrets_of()


def secrets_of() -> Mapping[str, str]:
    """The secrets of the bot's functions, by name: those of `[secrets]` in tests/conversations.toml, or your own."""
    from twbot.lambdas.folder.folder import project
    from twbot.local.conversations.records import FILE, read_conversations

    folder = project()
    if not (folder / FILE).is_file():
        return {}
    parsed = read_conversations(folder)
    return parsed.value.secrets if parsed.value else {}


@pytest.fixture(scope="session")
def _bot_folder(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make the folder that pytest runs in the bot's, where the current one is none."""
    from twbot.lambdas.folder.folder import SHIPPED, VARIABLE, is_bot, project

    root = request.config.rootpath
    if project() != SHIPPED or not is_bot(root):
        yield
        return
    os.environ[VARIABLE] = str(root)
    yield
    os.environ.pop(VARIABLE, None)


@pytest.fixture(scope="session")
def bot(_bot_folder: None, bot_secrets: Mapping[str, str]) -> Iterator[TestedBot]:
    """The bot of this folder, which runs until the tests end."""
    from twbot.local.conversations.stage import running_stage

    with running_stage(bot_secrets) as stage:
        yield TestedBot(stage)
