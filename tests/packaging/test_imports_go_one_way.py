"""The import rules of the house (docs/architecture.md)."""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MAY_IMPORT = {
    "lambdas": {"lambdas"},
    "local": {"lambdas", "local"},
    "stacks": {"lambdas", "stacks"},
    "cli": {"cli", "lambdas", "local", "stacks"},
}
MICROSERVICES = {"ingress", "analysis", "alerting", "responding", "egress", "analytics"}
CONCERNS = {path.parent.name for path in (ROOT / "cli/operations").glob("*/port.py")}
# A trace sums up dead letters and the log, the status metrics and replies; on AWS the events are read from their log.
A_CONCERN_MAY_IMPORT = {"traces": {"dead_letters", "logs"}, "status": {"metrics", "replies"}, "events": {"logs"}}
HEAVY = {"aws_cdk", "boto3", "botocore", "onnxruntime", "duckdb", "spacy", "numpy", "starlette", "uvicorn", "PIL"}


@functools.cache
def graph() -> dict[str, frozenset[str]]:
    """What each module of ours imports, wherever it does: full names, of modules and of what is in them."""
    return {_name(path): frozenset(_imports(path)) for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py")}


def _name(path: Path) -> str:
    return ".".join(("twbot", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from names if all(map(_is_module, names)) else (str(node.module), *names)


def _is_module(name: str) -> bool:
    path = ROOT / "src" / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def _within(folder: str) -> dict[str, frozenset[str]]:
    prefix = f"twbot.{folder.replace('/', '.')}"
    return {name: found for name, found in graph().items() if f"{name}.".startswith(f"{prefix}.")}


def _strangers(folder: str, forbidden: set[str]) -> set[tuple[str, str]]:
    prefixes = tuple(f"{each}." for each in forbidden)
    return {(name, n) for name, found in _within(folder).items() for n in found if f"{n}.".startswith(prefixes)}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folders_import_downwards_only(folder: str) -> None:
    """cli → local, stacks → lambdas; local and stacks are siblings; lambdas knows none of them."""
    others = {f"twbot.{each}" for each in MAY_IMPORT.keys() - MAY_IMPORT[folder]}
    assert not _strangers(folder, {*others, "tests", "docs", *MAY_IMPORT})


@pytest.mark.parametrize("service", sorted(MICROSERVICES))
def test_microservices_meet_on_the_bus_only(service: str) -> None:
    """One microservice never imports another."""
    assert not _strangers(f"lambdas/{service}", {f"twbot.lambdas.{other}" for other in MICROSERVICES - {service}})


@pytest.mark.parametrize("concern", sorted(CONCERNS))
def test_concerns_of_the_operators_are_independent(concern: str) -> None:
    """One concern of cli/operations imports no other."""
    others = CONCERNS - {concern} - A_CONCERN_MAY_IMPORT.get(concern, set())
    assert not _strangers(f"cli/operations/{concern}", {f"twbot.cli.operations.{other}" for other in others})


def test_commands_do_not_import_commands() -> None:
    """What two commands share has a place of its own. The table of contents imports them all."""
    assert not _strangers("cli/commands", {"twbot.cli.commands"})
    users = {name for name, found in graph().items() if any(n.startswith("twbot.cli.commands") for n in found)}
    assert users == {"twbot.cli.main"}


def test_tests_share_by_way_of_support_only() -> None:
    """No test imports another test's module, nor a conftest."""
    modules = (path for path in (ROOT / "tests").rglob("*.py"))
    shared = {name for path in modules for name in _imports(path) if name.startswith("tests.")}
    assert not {name for name in shared if not name.startswith("tests.support")}


def test_no_import_circle() -> None:
    """No module imports itself by way of others, not even within a function."""
    modules = {name: {n for n in found if n in graph() and n != name} for name, found in graph().items()}
    graphlib.TopologicalSorter(modules).prepare()


@pytest.mark.parametrize(
    "module", ["twbot", "twbot.cli.main", "twbot.lambdas.wiring", "twbot.lambdas.contracts", "twbot.lambdas.ports"]
)
def test_nothing_heavy_loads_before_it_is_needed(module: str) -> None:
    """`twbot --help`, the map and the contracts come up without CDK, boto3, models, DuckDB or a web server."""
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not HEAVY & {name.split(".")[0] for name in loaded}
