"""The locks fit pyproject.toml: what it asks for is pinned, by hash, and the same on both platforms."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.paths import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)


def pins(lock: str) -> dict[str, set[Version]]:
    """Several versions where markers tell them apart."""
    found: dict[str, set[Version]] = {}
    for pin in PIN.finditer((ROOT / "requirements" / lock).read_text()):
        found.setdefault(canonicalize_name(pin["name"]), set()).add(Version(pin["version"]))
    return found


def group(name: str) -> Iterator[str]:
    """The requirements of a dependency group, and of those that it includes."""
    for each in PROJECT["dependency-groups"][name]:
        yield from group(each["include-group"]) if isinstance(each, dict) else (each,)


ASKED = {
    "local.txt": [*PROJECT["project"]["dependencies"], *EXTRAS["local"], *group("build")],
    "dev.txt": [*PROJECT["project"]["dependencies"], *EXTRAS["local"], *EXTRAS["aws"], *group("dev")],
    "audit.txt": [*group("audit")],
    "prove.txt": [*group("prove")],
}


@pytest.mark.parametrize("lock", ASKED)
def test_a_lock_pins_what_is_asked_for(lock: str) -> None:
    """Each requirement of pyproject.toml, at a version that it takes. Run `make lock` after a change."""
    pinned = pins(lock)
    for requirement in map(Requirement, ASKED[lock]):
        versions = pinned.get(canonicalize_name(requirement.name), set())
        assert any(version in requirement.specifier for version in versions), str(requirement)


@pytest.mark.parametrize("lock", ASKED)
def test_every_pin_has_a_hash(lock: str) -> None:
    """Whatever index serves them, the files are those that were locked."""
    text = (ROOT / "requirements" / lock).read_text()
    assert all("--hash=sha256:" in pin["rest"] for pin in PIN.finditer(text))
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links)", text, re.MULTILINE)


def test_nothing_is_pinned_that_nobody_asked_for() -> None:
    """A lock names who asked for a package: each direct one is in pyproject.toml."""
    for lock, asked in ASKED.items():
        text = (ROOT / "requirements" / lock).read_text()
        direct = {
            canonicalize_name(pin["name"])
            for pin in PIN.finditer(text)
            if "twbot (pyproject.toml" in text[pin.end() :].partition("==")[0]
        }
        assert direct == {canonicalize_name(Requirement(each).name) for each in asked}


def test_both_locks_agree() -> None:
    """The bot on one machine runs the versions that the tests ran."""
    dev = pins("dev.txt")
    assert {name: dev.get(name) for name in pins("local.txt")} == pins("local.txt")
