"""The code of each function."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import IgnoreMode
from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).parents[1]
LEFT_OUT = ["/*", "!/lambdas/", "__pycache__"]


def code_of(name: str) -> lambda_.Code:  # noqa: ARG001  (one source for all, until each has its bundle)
    """The code of a function of stacks/functions.py."""
    return lambda_.Code.from_asset(str(ROOT), exclude=LEFT_OUT, ignore_mode=IgnoreMode.GIT)
