"""Which code this is: so that an operator can tell whether a stage runs it."""

from __future__ import annotations

import functools
import hashlib

from twbot.stacks.bundling import bundle
from twbot.stacks.functions import FUNCTIONS

# What the bundles hold beside our modules: the pinned packages. And what is deployed without a bundle.
BESIDES = (
    "twbot/lambdas/analysis/workflow.asl.json",
    "twbot/lambdas/wiring.py",
    "twbot/requirements/dev.txt",
    "twbot/stacks/functions.py",
)


@functools.cache
def code_version() -> str:
    """Twelve digits that stand for all code that a stage runs: what the bundles hold of ours, and BESIDES."""
    files = bundle.ours()
    deployed = {name: path for each in FUNCTIONS.values() for name, path in bundle.closure(each.entry, files).items()}
    deployed |= {name: bundle.ROOT / name for name in BESIDES}
    digest = hashlib.sha256()
    for name, path in sorted(deployed.items()):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
