"""The import rules of the house (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = {"cli", "stacks", "lambdas", "local", "queries", "tests", "docs"}
MICROSERVICES = {"ingress", "analysis", "alerting", "responding", "egress", "analytics"}
HEAVY = {"aws_cdk", "boto3", "botocore", "onnxruntime", "duckdb", "spacy", "numpy", "starlette", "uvicorn", "PIL"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_lambdas_imports_nothing_of_ours_but_itself() -> None:
    """What the system does knows neither platform nor the command."""
    others = HOUSE - {"lambdas"}
    strangers = {(path.name, n) for path in ours("lambdas") for n in imports(path) if n.split(".")[0] in others}
    assert not strangers


def test_stacks_imports_only_lambdas() -> None:
    """The AWS side reads the declarations, never the local platform nor the command."""
    others = {"cli", "local"}
    strangers = {(path.name, n) for path in ours("stacks") for n in imports(path) if n.split(".")[0] in others}
    assert not strangers


def test_local_takes_only_the_map_from_stacks() -> None:
    """The local platform reads the same rules, and nothing else of the AWS side."""
    strangers = {
        (path.name, name)
        for path in ours("local")
        for name in imports(path)
        if name.split(".")[0] == "cli" or (name.startswith("stacks") and not name.startswith("stacks.wiring"))
    }
    assert not strangers


@pytest.mark.parametrize("service", sorted(MICROSERVICES))
def test_microservices_meet_on_the_bus_only(service: str) -> None:
    """One microservice never imports another."""
    others = tuple(f"lambdas.{other}" for other in MICROSERVICES - {service})
    strangers = {(path.name, n) for path in ours(f"lambdas/{service}") for n in imports(path) if n.startswith(others)}
    assert not strangers


@pytest.mark.parametrize("module", ["cli.main", "stacks.wiring", "lambdas.contracts", "lambdas.ports"])
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
