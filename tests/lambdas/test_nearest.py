"""What somebody may have meant: one place for all unknown names."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import ROOT
from twbot.lambdas.nearest import did_you_mean, near

KNOWN = ["authors", "alerts", "Celebrities", "labels"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("author", "authors"), ("ALERTS", "alerts"), ("celebrity", "Celebrities"), ("zzz", None), ("", None)],
)
def test_the_nearest_is_found_whatever_its_case(name: str, found: str | None) -> None:
    """As it is spelled; none where none is near."""
    assert near(name, KNOWN) == ([found] if found else [])
    assert did_you_mean(name, KNOWN, "twbot query {}") == (f"Did you mean: twbot query {found}" if found else None)


def test_names_may_have_braces() -> None:
    """They are no places to fill in."""
    assert did_you_mean("{a}", ["{ab}"], "say {}") == "Did you mean: say {ab}"


def test_nobody_looks_for_the_nearest_elsewhere() -> None:
    """Or each place would find another one, and say it in another way."""
    folders = ("cli", "lambdas", "local", "stacks")
    found = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bdifflib\b", path.read_text())
    ]
    assert found == ["lambdas/nearest.py"]
