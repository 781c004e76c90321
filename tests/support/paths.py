"""Where the tests' files are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
EVENTS = TESTS / "events"
PICTURES = ROOT / "local" / "simulator" / "pictures"
