"""Writes the page of the environment variables, from their declaration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from twbot.lambdas.environment import VARIABLES, Variable

HEADER = """# Environment variables

Generated from `lambdas/environment.py` by `make docs`. An option of the command line goes before a variable. `twbot
config list` shows which are set, and where the value of each setting comes from; never a secret.
"""
FOOTER = """
The bot's own functions see little of your environment, proxies and certificates for instance: what else they need is a
setting or a secret ([functions](how-to/functions.md)).
"""


def environment(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of the page."""
    ours = [each for each in VARIABLES if each.is_ours]
    others = [each for each in VARIABLES if not each.is_ours]
    yield path, f"{HEADER}\n## Of twbot\n{_table(ours)}\n## Of others that it follows\n{_table(others)}{FOOTER}"


def _table(variables: list[Variable]) -> str:
    rows = (f"| `{each.name}` | {each.says} | {f'`{each.option}`' if each.option else ''} |\n" for each in variables)
    return f"\n| variable | what it says | instead of |\n|---|---|---|\n{''.join(rows)}"
