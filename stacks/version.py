"""The version of the deployed code, by which `twbot doctor` sees whether a stage runs this twbot."""

from __future__ import annotations

import functools
import hashlib

from twbot.stacks.bundling import bundle
from twbot.stacks.functions import functions

# Files that change a stage but are in no bundle of ours: the lock of the packages, and what the templates are made of.
BESIDES = (
    "twbot/lambdas/analysis/workflow.asl.json",
    "twbot/lambdas/wiring.py",
    "twbot/requirements/dev.txt",
    "twbot/stacks/functions.py",
)


@functools.cache
def code_version() -> str:
    """Return twelve hexadecimal digits: the hash of our modules in the bundles and of BESIDES."""
    files = bundle.ours()
    deployed = {
        name: path for each in functions().values() for name, path in bundle.closure([each.entry], files).items()
    }
    deployed |= {name: bundle.ROOT / name for name in BESIDES}
    digest = hashlib.sha256()
    for name, path in sorted(deployed.items()):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
