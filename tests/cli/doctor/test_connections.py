"""What the web server refused shows in `twbot doctor`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from twbot.cli.doctor.connections import check_connections

NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("lines", "state", "says"),
    [
        ([], "ok", "none"),
        ([("11:30", {"malformed": 3})], "ok", "3 malformed"),
        ([("11:30", {"slow-head": 2}), ("11:40", {"slow-head": 1})], "ok", "3 slow-head"),
        ([("11:30", {"closed-for-another": 1200})], "warning", "1,200 closed-for-another"),
        ([("10:30", {"too-many-connections": 7})], "ok", "none"),
    ],
)
def test_counts_the_last_hour(tmp_path: Path, lines: list[tuple[str, dict[str, int]]], state: str, says: str) -> None:
    """Many at once are a warning: somebody may try to keep X out."""
    log = tmp_path / "twbot.log"
    text = [json.dumps({"timestamp": f"2026-01-01T{at}:00.000Z", "refused": counts}) for at, counts in lines]
    log.write_text("\n".join(["", "no JSON", '{"refused": 7}', *text, ""]))
    found = check_connections(log, "", now=NOW)
    assert found.state == state
    assert says in found.says
