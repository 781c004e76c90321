"""How a process starts Python for code of twbot, wherever it is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def python(*arguments: str) -> list[str]:
    """Return the command of this Python without the current folder on sys.path.

    A bot's folder may have a twbot.py, json.py or queue.py of its own:
    https://docs.python.org/3/using/cmdline.html#cmdoption-P
    """
    return [sys.executable, "-P", *arguments]


def import_path() -> str:
    """Return the PYTHONPATH with which the child imports this twbot, wherever this process found it."""
    # An empty part would be the current folder.
    return os.pathsep.join(str(Path(each).absolute()) for each in sys.path if each)
