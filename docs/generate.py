"""Writes what docs/ says of the code: JSON Schemas of the contracts, the commands, the rules, what AWS must allow.

Run it with `make docs`; a test fails when what it would write differs from what is committed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import msgspec

from twbot.lambdas.contracts import DETAILS
from twbot.lambdas.wiring import RULES

ROOT = Path(__file__).parents[1]


def schemas() -> Iterator[tuple[Path, str]]:
    """One JSON Schema a detail type."""
    for name, record in DETAILS.items():
        schema = msgspec.json.schema(record)
        for each in schema["$defs"].values():
            each["description"] = cleandoc(each["description"])  # Python keeps the indentation until 3.13
        text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
        yield ROOT / "docs" / "schemas" / f"{name}.json", text + "\n"


def rules() -> Iterator[tuple[Path, str]]:
    """The rules as a table."""
    lines = [
        "# Rules",
        "",
        "Generated from `lambdas/wiring.py` by `make docs`. Both platforms read that file.",
        "",
        "| rule | of | events | go to |",
        "|---|---|---|---|",
    ]
    for rule in RULES:
        pattern = msgspec.json.encode(rule.pattern).decode()
        lines.append(f"| `{rule.name}` | {rule.service} | `{pattern}` | {rule.description} |")
    yield ROOT / "docs" / "rules.md", "\n".join(lines) + "\n"


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated document: its path and what it should say."""
    from docs.commands import commands
    from docs.permissions import permissions

    yield from schemas()
    yield from rules()
    yield from commands(ROOT / "docs" / "commands.md")
    yield from permissions(ROOT / "docs" / "permissions.md")


if __name__ == "__main__":
    for path, text in documents():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
