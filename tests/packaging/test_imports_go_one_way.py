"""The import rules of the house: the contracts of import-linter in pyproject.toml, and what loads at start."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration

from tests.support.paths import ROOT

CONTRACTS = {each["id"]: each for each in read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]}
HEAVY = {"aws_cdk", "boto3", "botocore", "onnxruntime", "duckdb", "spacy", "numpy", "starlette", "uvicorn", "PIL"}

# An import that each contract forbids: where it stands, and the line.
FORBIDDEN = {
    "folders": ("lambdas/errors.py", "def late() -> None:\n    import twbot.cli.errors"),
    "one-name": ("local/data_folder.py", "from lambdas.contracts import Event"),
    "microservices": ("lambdas/egress/images.py", "from twbot.lambdas.ingress import body"),
    "concerns": ("cli/operations/rules/port.py", "import twbot.cli.operations.lake.port"),
    "commands": ("cli/commands/rules.py", "from twbot.cli.commands.dlq import app as other"),
    "table-of-contents": ("cli/errors.py", "import twbot.cli.commands.up"),
    "circles": ("lambdas/contracts.py", "import twbot.lambdas.replays"),
    "circles-through-a-package": ("local/workflow/paths.py", "from twbot.local.workflow import Machine"),
}


def lint(checkout: Path) -> str:
    """What import-linter reports, in a process of its own: grimp remembers where a package is."""
    call = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'src'); {call}", "--no-cache", "--no-logo"]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False).stdout


def test_imports_go_one_way() -> None:
    """The contracts of pyproject.toml are kept."""
    report = lint(ROOT)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report, report


def test_each_contract_finds_what_it_forbids(tmp_path: Path) -> None:
    """A contract that names a module wrongly would be kept by anything."""
    for name in ("cli", "lambdas", "local", "stacks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "data", "pictures"))
    shutil.copytree(ROOT / "src", tmp_path / "src", symlinks=True)
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for path, line in FORBIDDEN.values():
        with (tmp_path / path).open("a") as module:
            module.write(f"\n{line}\n")
    report = lint(tmp_path)
    kept = [name for name, contract in CONTRACTS.items() if f"{contract['name']} BROKEN" not in report]
    assert not kept, report
    assert FORBIDDEN.keys() == CONTRACTS.keys()


def test_contracts_know_every_microservice_and_concern() -> None:
    """A microservice has a stack and a folder of its own, a concern a port: each is named in its contract."""
    services = {path.stem for path in (ROOT / "stacks").glob("*.py")} & {
        path.name for path in (ROOT / "lambdas").iterdir()
    }
    # What calls the functions of a bot's folder, which any microservice may do, and the stack of those.
    services -= {"own"}
    concerns = {path.parent.name for path in (ROOT / "cli/operations").glob("*/port.py")}
    services -= {"own"}  # responding asks the functions of the folder, too
    assert set(CONTRACTS["microservices"]["modules"]) == {f"twbot.lambdas.{name}" for name in services}
    assert set(CONTRACTS["concerns"]["modules"]) == {f"twbot.cli.operations.{name}" for name in concerns}


def test_contracts_know_every_package_that_offers_names() -> None:
    """A package whose __init__.py imports modules of ours can be part of a circle: the last contract names it."""
    packages = [
        path for folder in ("cli", "lambdas", "local", "stacks") for path in (ROOT / folder).rglob("__init__.py")
    ]
    offering = {
        ".".join(("twbot", *path.parent.relative_to(ROOT).parts))
        for path in packages
        if re.search(r"^(from|import) twbot\b", path.read_text(), re.MULTILINE)
    }
    assert set(CONTRACTS["circles-through-a-package"]["forbidden_modules"]) == offering


def test_tests_share_by_way_of_support_only() -> None:
    """No test imports another test's module, nor a conftest; but for the one that is about tests.

    The proof, the audits, the measurements and the benchmarks are programs of their own: modules of one import each
    other.
    """
    paths = set((ROOT / "tests").rglob("*.py")) - {ROOT / "tests/contracts/test_recipes.py"}
    imported = {
        (path.relative_to(ROOT).parts[1], node.module or "")
        for path in paths
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ImportFrom)
    }
    shared = ("tests.support", *(f"tests.{program}" for program in ("prove", "audit", "measure", "bench")))
    assert not {
        name
        for folder, name in imported
        if name.startswith("tests.")
        and not name.startswith(shared[:1])
        and not (name.startswith(f"tests.{folder}") and f"tests.{folder}" in shared)
    }


@pytest.mark.parametrize(
    "module", ["twbot", "twbot.cli.main", "twbot.lambdas.wiring", "twbot.lambdas.contracts", "twbot.lambdas.ports"]
)
def test_nothing_heavy_loads_before_it_is_needed(module: str) -> None:
    """The map and the contracts come up without CDK, boto3, models, DuckDB or a web server."""
    assert not HEAVY & {name.split(".")[0] for name in loaded_by(f"import {module}")}


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("--help", None),
        ("--version", None),
        ("nonsense", None),
        ("status", "status"),
        ("down", "up"),
        ("rules", "rules"),
    ],
)
def test_a_command_loads_no_other(command: str, module: str | None, tmp_path: Path) -> None:
    """Each takes some ten milliseconds, Typer's own help, pydantic and requests a hundred, others a few."""
    loaded = loaded_by(f"from twbot.cli.main import run; run([{command!r}])", tmp_path)
    commands = {name.rpartition(".")[2] for name in loaded if name.startswith("twbot.cli.commands.")}
    assert commands == ({module} if module else set())
    slow = HEAVY | {"pydantic", "requests"}
    if command in {"--help", "status"}:
        slow |= {"markdown_it", "asyncio", "concurrent", "logging", "statistics", "gzip", "tempfile", "zoneinfo"}
    assert not slow & {name.split(".")[0] for name in loaded}


def loaded_by(code: str, home: Path | None = None) -> list[str]:
    """The modules that are loaded after the code, in a process of its own."""
    command = [sys.executable, "-c", f"import sys; {code}; print('loaded:', *sys.modules)"]
    environment = {**os.environ, "TWBOT_HOME": str(home)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rpartition("loaded:")[2].split()
