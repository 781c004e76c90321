"""What the commands printed when `make recording` typed them: docs/outputs.json, by the command's name."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Output(msgspec.Struct, frozen=True):
    typed: str
    """The command line."""
    printed: str
    """What it printed, without colours."""


FILE = Path(__file__).with_name("outputs.json")
OUTPUTS = msgspec.json.decode(FILE.read_bytes(), type=dict[str, Output])
