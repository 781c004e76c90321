"""Which code this is: so that an operator can tell whether a stage runs it."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The map, the workflow, and the pinned packages.
BESIDES = ("stacks/wiring.py", "stacks/workflow.asl.json", "stacks/functions.py", "requirements/dev.txt")
# For operators only: no function holds it.
_OPERATING = ROOT / "lambdas" / "operating"


@functools.cache
def code_version() -> str:
    """Twelve digits that stand for all code that a stage runs."""
    ours = [path for path in (ROOT / "lambdas").rglob("*.*") if path.suffix in {".py", ".json"}]
    files = sorted(path for path in ours if _OPERATING not in path.parents)
    digest = hashlib.sha256()
    for path in (*files, *(ROOT / name for name in BESIDES)):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
