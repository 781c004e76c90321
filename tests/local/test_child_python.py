"""Python as a process starts it for twbot, in folders with modules of any name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from twbot.local.child_python import import_path, python

SHADOWS = ["twbot", "json", "queue", "random", "logging", "msgspec", "lambdas"]


def test_a_folder_shadows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot's folder may have modules of the standard library's names, and of ours: none of them is imported."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('shadowed by {name}')")
    monkeypatch.setattr(sys, "path", ["", *sys.path])  # as `python -c` has it
    command = python("-c", "import json, queue, random, logging, msgspec, twbot; print(twbot.__file__)")
    ran = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": import_path()}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert str(tmp_path) not in ran.stdout


@pytest.mark.parametrize("folder", ["cli", "local", "stacks"])
def test_python_is_started_in_this_way_only(folder: str) -> None:
    """Each list that begins with sys.executable and is run has -P; `twbot lock` prints one for people to type."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.List) and node.elts and ast.unparse(node.elts[0]) == "sys.executable":
                safe = len(node.elts) > 1 and ast.unparse(node.elts[1]) == "'-P'"
                assert safe or path.name == "lock.py", f"{path}:{node.lineno}"
