"""The site of docs/, as `make docs` builds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from tests.support.paths import ROOT


def build_site(folder: Path) -> Path:
    """Build it into a folder. Raises for a warning, of a link or an anchor that leads nowhere for instance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder
