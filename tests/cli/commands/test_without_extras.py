"""A wheel without its extras: every command says in one line what to install, or does without."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import COMMANDS, examples_in
from tests.support.paths import ROOT
from twbot.cli.errors import Exit
from twbot.cli.installation import EXTRAS

# Runs command lines one after the other, in a process where nothing but `allowed` can be imported.
RUN = """
import contextlib, importlib.abc, io, json, sys
allowed, lines = json.load(sys.stdin)
allowed = {*allowed, *sys.stdlib_module_names, "twbot"}

class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed and not name.startswith("_"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
sys.stdin = io.StringIO()
from twbot.cli.main import run
ended = []
for line in lines:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        code = run([*line, "--json"])
    ended.append([code, err.getvalue()])
print(json.dumps(ended))
"""
# Each of these needs an extra in any case.
NEEDED = {
    "twbot demo": "local",
    "twbot up": "local",
    "twbot query": "local",
    "twbot x serve": "local",
    "twbot analyse": "local",
    "twbot synth": "aws",
    "twbot deploy": "aws",
}


def base_modules() -> set[str]:
    """The top-level modules of what `pip install twbot` brings."""
    ahead, found = ["twbot"], set[str]()
    while ahead:
        name = ahead.pop()
        for requirement in importlib.metadata.requires(name) or ():
            needed = re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()
            if "extra ==" not in requirement and needed not in found and _is_installed(needed):
                found.add(needed)
                ahead.append(needed)
    modules = importlib.metadata.packages_distributions()
    return {
        module
        for module, brought_by in modules.items()
        if {re.sub(r"[-_.]+", "-", each).lower() for each in brought_by} & found
    }


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def imported() -> Iterator[str]:
    """The top-level modules of others that our code imports, but for training, whose scripts say what they need."""
    for path in (path for folder in ("cli", "lambdas", "local", "stacks") for path in (ROOT / folder).rglob("*.py")):
        if path.parent.name == "training":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module).partition(".")[0]


def test_every_module_of_an_extra_is_known() -> None:
    """What our code imports comes with `pip install twbot`, or from an extra that the error can name."""
    known = {*sys.stdlib_module_names, "twbot", *base_modules()}
    assert set(imported()) - known <= EXTRAS["local"] | EXTRAS["aws"]


def test_every_command_without_extras(tmp_path: Path) -> None:
    """One clear line and exit code 3 where an extra is missing; nothing "should not happen"."""
    lines = {command: _typed(command) for command in COMMANDS}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([sorted(base_modules()), list(lines.values())]),
        cwd=tmp_path,
        env={**os.environ, "TWBOT_HOME": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for command, (code, err) in zip(lines, json.loads(done.stdout), strict=True):
        assert "should not happen" not in err, (command, err)
        if "is not installed" in err:
            assert code == Exit.NOT_CONFIGURED, (command, err)
            shown = json.loads(err.splitlines()[-1])
            assert re.fullmatch(r"[\w.]+ is not installed: pip install 'twbot\[(local|aws)\]'", shown["error"])
            assert shown["hint"] is None
        if command in NEEDED:
            assert f"twbot[{NEEDED[command]}]" in err, (command, err)


def _typed(command: str) -> list[str]:
    """The command's first example, less what only a shell does."""
    example = next(each for each in examples_in(COMMANDS[command]) if command in each)
    first = re.split(r" (?:&&|\||>|<) ", example)[0]
    return shlex.split(first)[1:]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug report can name what it is about: the version, the commit, Python, the platform, the extras."""
    from twbot import __version__
    from twbot.cli.main import run

    assert run(["--version"]) == Exit.DONE
    first, python, extras = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"twbot {re.escape(__version__)}(?: \(commit [0-9a-f]+\+?\))?", first)
    assert python.startswith(f"Python {sys.version_info.major}.{sys.version_info.minor}")
    assert extras == "extras: local, aws"
