"""What every test lives with: no deadlines (a timing belongs in a benchmark) and no settings from outside."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("twbot", deadline=None)
settings.load_profile("twbot")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's data folder nor AWS credentials get into a test."""
    for name in (
        "TWBOT_HOME",
        "TWBOT_STAGE",
        "TWBOT_TRACEBACK",
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
