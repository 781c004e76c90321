"""What a run leaves in the home folder, and whom it connects to: nobody, whatever a dependency would like."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support.paths import ROOT

# Python loads this module at its start: https://docs.python.org/3/library/site.html
GUARD = """
import os, sys

def guard(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "localhost"
    else:
        return
    if host not in (None, "localhost", "127.0.0.1", "::1", b"localhost"):
        os.write(2, f"CONNECTS TO {host}\\n".encode())
        os._exit(99)

sys.addaudithook(guard)
"""


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command in a fresh home, which ends with 99 when it connects to another machine."""
    guard, home = folder / "guard", folder / "home"
    guard.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(GUARD)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(guard), "LANG": "C.UTF-8", **more}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


TWBOT = ("-c", "import sys; from twbot.cli.main import run; sys.exit(run(sys.argv[1:]))")


def left_in(folder: Path) -> list[str]:
    home = folder / "home"
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_the_guard_guards(tmp_path: Path) -> None:
    """Silence below means that nobody connected."""
    ended = run(tmp_path, "-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=0.1)")
    assert (ended.returncode, ended.stderr) == (99, "CONNECTS TO 192.0.2.1\n")


def test_analysing_a_text_leaves_our_own_model_only_and_tells_nobody(tmp_path: Path) -> None:
    """Neither an id of this machine, nor a queue of reports, nor a connection."""
    ended = run(tmp_path, *TWBOT, "analyse", "fine thanks, London", "--json")
    assert ended.returncode == 0, ended.stderr
    assert '"sentiment":"POSITIVE"' in ended.stdout
    assert all(name.startswith(".cache/twbot/e5-small-") for name in left_in(tmp_path))


def test_analysing_a_picture_leaves_our_own_model_only(tmp_path: Path) -> None:
    """The converted model that docs/how-to/going-live.md names, in twbot's own folder of the cache."""
    Image.effect_noise((200, 200), 90).convert("RGB").save(tmp_path / "noise.jpg")
    ended = run(tmp_path, *TWBOT, "analyse", "noise.jpg", "--json", "--data", str(tmp_path / "data"))
    assert ended.returncode == 0, ended.stderr
    assert all(name.startswith(".cache/twbot/efficientnet-lite0-") for name in left_in(tmp_path))


@pytest.mark.parametrize("module", sorted(path.stem for path in (ROOT / "local/models").glob("*.py")))
def test_telemetry_is_off_before_anything_loads(module: str, tmp_path: Path) -> None:
    """Whichever of the models is imported first, and whatever the environment said: onnxruntime reports nothing."""
    name = "twbot.local.models" if module == "__init__" else f"twbot.local.models.{module}"
    code = f"import {name}, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    assert run(tmp_path, "-c", code, ORT_DISABLE_TELEMETRY="0").stdout == "1 False\n"


def test_onnxruntime_is_imported_behind_the_switch_only() -> None:
    """No module imports it without the package that switches its telemetry off."""
    for folder in ("cli", "lambdas", "local", "stacks"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            if "import onnxruntime" in text or "from onnxruntime" in text:
                assert path.is_relative_to(ROOT / "local/models") or "import twbot.local.models" in text, path
