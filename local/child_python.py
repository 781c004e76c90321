"""How a process starts Python for code of twbot, wherever it is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twbot.lambdas.folder.folder import VARIABLE

# What a process gets of the bot's environment. Lambda's has nothing of the operator's shell either: what a function
# needs is in `bot.settings` and `bot.secret`.
KEPT = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    # Names, no secrets: for functions that call AWS as the operator of this machine.
    *("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
)


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


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that works for the bot of a folder."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("LC_")}
    return {**kept, VARIABLE: str(folder), "PYTHONPATH": import_path()}
