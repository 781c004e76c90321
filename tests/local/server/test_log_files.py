"""The log is its owner's only, rotated or not, and follows no link."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from twbot.lambdas.errors import TwbotError
from twbot.local.server.log_files import log_files
from twbot.local.server.log_writer import JsonLines, PrivateLog, logging_to


def test_rotated_logs_stay_private(tmp_path: Path) -> None:
    """They have texts of posts; one that an older twbot left open to others is closed to them."""
    path = tmp_path / "twbot.log"
    path.touch(0o644)
    path.chmod(0o644)
    handler = PrivateLog(path, maxBytes=200, backupCount=3, encoding="utf-8")
    for number in range(40):
        handler.emit(logging.makeLogRecord({"msg": f"{number} " + "x" * 50}))
    handler.close()
    found = log_files(path)
    assert len(found) == 4
    assert {stat.S_IMODE(each.stat().st_mode) for each in found} == {0o600}


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    """What it leads to stays as it is, and it is said what to do."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "twbot.log").symlink_to(victim)
    with pytest.raises(TwbotError, match="remove it"), logging_to(tmp_path / "twbot.log"):
        pass
    assert victim.read_text() == "mine"


def test_a_file_is_as_large_as_it_may_be(tmp_path: Path) -> None:
    """Rotation divides no line and drops none: also of an older file, and with letters of several bytes."""
    path = tmp_path / "twbot.log"
    path.write_text("before\n", encoding="utf-8")
    handler = PrivateLog(path, maxBytes=200, backupCount=9, encoding="utf-8")
    texts = [f"{number} {'é' * 20}" for number in range(20)]
    for text in texts:
        handler.emit(logging.makeLogRecord({"msg": text}))
    handler.close()
    found = sorted(tmp_path.iterdir(), reverse=True)
    assert "".join(each.read_text(encoding="utf-8") for each in found) == "".join(
        f"{line}\n" for line in ["before", *texts]
    )
    assert all(each.stat().st_size <= 200 for each in found)


def test_a_line_has_its_time(tmp_path: Path) -> None:
    """To the millisecond, in UTC."""
    formatted = JsonLines().format(
        logging.makeLogRecord({"name": "twbot.x", "msg": "x", "created": 1_790_000_000.25, "msecs": 250.0})
    )
    assert '"timestamp":"2026-09-21T14:13:20.250Z"' in formatted
