"""Our own jokes and facts."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

FILES = {"Joke": "jokes.json", "Fact": "facts.json"}


@functools.cache
def sayings(kind: str) -> list[str]:
    """Return our own jokes or facts. `kind`: Joke or Fact."""
    return msgspec.json.decode((Path(__file__).parent / FILES[kind]).read_bytes(), type=list[str])
