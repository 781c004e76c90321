"""The version of the deployed code, by which `twbot doctor` sees whether a stage runs this twbot."""

from __future__ import annotations

import functools
import hashlib

import msgspec

from twbot.lambdas.folder.folder import bot_folder, is_shipped, project
from twbot.stacks.bundling import bundle, own_code
from twbot.stacks.bundling.lock import LOCK
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
    """Return twelve hexadecimal digits: the hash of our modules in the bundles, of BESIDES and of the bot's folder."""
    files = bundle.ours()
    deployed = {
        name: path for each in functions().values() for name, path in bundle.closure([each.entry], files).items()
    }
    deployed |= {name: bundle.ROOT / name for name in BESIDES}
    if not is_shipped():
        deployed |= own_code.files(project(), bot_folder().all_functions)
        lock = project() / LOCK
        deployed |= {LOCK: lock} if lock.is_file() else {}
    digest = hashlib.sha256()
    for name, path in sorted(deployed.items()):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    if not is_shipped():
        digest.update(msgspec.json.encode(bot_folder()))
    return digest.hexdigest()[:12]
