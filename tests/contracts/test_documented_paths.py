"""What the documentation and the comments name is there."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

FOLDERS = ("cli", "docs", "lambdas", "local", "queries", "src", "stacks", "tests")
# Tests make paths up.
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.toml"), *(ROOT / "local").rglob("*.md")]
CODE = [path for folder in FOLDERS[:-1] for path in (ROOT / folder).rglob("*.py")]
# A path of a module, a page or a file of ours. A name in <…> or {…} stands for many.
PATH = re.compile(rf"(?<![\w./-])((?:{'|'.join(FOLDERS)})/[\w/.-]+\.(?:py|md|json|toml|sql|asl\.json))(?![\w<{{])")

# Of a bot's folder.
OF_A_BOT = {"tests/conversations.toml"}


def test_each_path_that_is_named_exists() -> None:
    """Files move; what speaks of them follows."""
    named = {(page, path) for page in (*PAGES, *CODE) for path in PATH.findall(page.read_text("utf-8"))}
    missing = [(str(page), path) for page, path in sorted(named) if not (ROOT / path).exists()]
    assert not [each for each in missing if each[1] not in OF_A_BOT]
