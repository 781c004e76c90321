"""What the shell offers for `twbot query` and `twbot send`."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.cli.main import run


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("twbot sta", "status"),
        ("twbot replay from", "from-x"),
        ("twbot query cel", "celebrities"),
        ("twbot query authors --param ", "most=20"),
        ("twbot webhook sample --generation v", "v1.1"),
        ("twbot webhook sample --kind unf", "unfollow"),
        ("twbot export --type MESSAGE_A", "MESSAGE_ANALYSED"),
        ("twbot forget --stage l", "local"),
    ],
)
def test_values_are_completed(
    typed: str, offers: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As a shell asks for them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_TWBOT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
    run([])
    assert offers in capsys.readouterr().out.split()
