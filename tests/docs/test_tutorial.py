"""The tutorial does what it says: its files are written and its commands are typed, in its order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

STEP = re.compile(r"(?:Write `(?P<file>[^`]+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
SAYS = {
    'twbot chat "when do you open?"': "From 9 to 6",
    "twbot test": "(bot.orders:status)",
    'twbot send "Where is 4712?" --as alice': "Order 4712 is being roasted.",
    "twbot query": "I waited for an hour",
}


def test_whoever_follows_it_has_a_bot(tmp_path: Path) -> None:
    """From nothing to a reply on the simulated X; each command that prints something prints what the page promises."""
    steps = [*STEP.finditer((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))]
    assert {step["kind"] for step in steps} == {"sh", "toml", "python"}
    folder, promised = tmp_path, dict(SAYS)
    environment = {**os.environ, "COLUMNS": "200"}
    try:
        for step in steps:
            if step["kind"] != "sh":
                (folder / step["file"]).write_text(step["text"], encoding="utf-8")
                continue
            for line in step["text"].splitlines():
                if line.startswith(("python3 ", "pip ")):
                    continue  # tests/packaging/test_wheel.py installs the wheel
                if line.startswith("cd "):
                    folder /= line.removeprefix("cd ")
                    continue
                said = typed(line, folder, environment)
                for command in [each for each in promised if line.startswith(each)]:
                    assert promised.pop(command) in said, line
    finally:
        typed("twbot down", folder, environment, check=False)
    assert not promised


def typed(line: str, folder: Path, environment: dict[str, str], *, check: bool = True) -> str:
    """Type a command of twbot, with any free port for the bot."""
    _, *arguments = shlex.split(line)
    more = ["--port", "0"] if arguments[0] == "up" else []
    command = [sys.executable, "-m", "twbot", *arguments, *more]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout
