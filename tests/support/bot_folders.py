"""The folder of a bot, made for a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.folder.folder import VARIABLE


def make_bot(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Path:
    """Make a bot's folder of these files, and let it be the bot. `bot__crm_py` stands for bot/crm.py.

    What a folder says is read once: make it before anything reads it.
    """
    for name, content in files.items():
        stem, _, suffix = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder
