"""The pages that people read, and the blocks of code in them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.paths import ROOT

# docs/commands/ has the examples of the help, which tests/cli/commands/test_examples.py runs; a decision is history.
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
]
_FENCED = re.compile(r"^( *)```(?P<kind>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    page: str
    """The page's path from the repository's root."""
    number: int
    """Among the page's blocks, from 1."""
    kind: str
    """The language that it is marked with."""
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


def blocks(path: Path) -> Iterator[Block]:
    for number, found in enumerate(_FENCED.finditer(path.read_text("utf-8")), 1):
        page = path.relative_to(ROOT).as_posix()
        yield Block(page, number, found["kind"], textwrap.dedent(found["text"]))


BLOCKS = [block for page in PAGES for block in blocks(page)]


def prose(path: Path) -> str:
    """Return a page without its blocks."""
    return _FENCED.sub("", path.read_text("utf-8"))
