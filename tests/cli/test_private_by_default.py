"""What a command writes is for its owner only, and what is made for Lambda can be read there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from twbot.cli.deploy import subprocess_log
from twbot.cli.main import run


@pytest.fixture
def _open_to_all() -> object:
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_to_all")
def test_files_are_private_whatever_the_umask_is(tmp_path: Path) -> None:
    """In a folder that was open to all before, too; afterwards the umask is what it was."""
    data = tmp_path / "data"
    data.mkdir(0o777)
    for command in (["replies", "pause"], ["alerts", "raised"], ["alerts", "test"], ["celebrities", "remove", "x"]):
        run([*command, "--data", str(data)])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.rglob("*"))}
    assert "replies.db" in modes
    assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    assert os.umask(0o000) == 0


def test_what_cdk_makes_can_be_read_by_lambda(tmp_path: Path) -> None:
    """The bundles' files keep their modes in the archive, and a function runs as another user."""
    before = os.umask(0o077)
    try:
        script = f"open({str(tmp_path / 'bundle')!r}, 'w')"
        subprocess_log.run([sys.executable, "-c", script], environment=dict(os.environ), log=tmp_path / "logs" / "log")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "bundle").stat().st_mode) == 0o644
