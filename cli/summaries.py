"""What is said of each command where they are listed, which is known without loading one."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec


@functools.cache
def summaries() -> dict[str, str]:
    """Return the first paragraph of each command's help, by its name. `make docs` writes the file."""
    return msgspec.json.decode(Path(__file__).with_name("summaries.json").read_bytes(), type=dict[str, str])
