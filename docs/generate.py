"""Generates the documents in docs/ that describe the code: JSON Schemas, commands, rules and permissions on AWS.

Run it with `make docs`. A test fails if the committed documents differ from the generated ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from twbot.lambdas.contracts import DETAILS
from twbot.lambdas.schemas import schema_of
from twbot.lambdas.wiring import RULES

ROOT = Path(__file__).parents[1]


def schemas() -> Iterator[tuple[Path, str]]:
    """Yield the path and text of a JSON Schema for each detail type."""
    for name in DETAILS:
        text = msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=2).decode()
        yield ROOT / "docs" / "schemas" / f"{name}.json", text + "\n"


def rules() -> Iterator[tuple[Path, str]]:
    """Yield the path and text of the table of rules."""
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
    """Yield the path and text of every generated document."""
    from docs.commands import commands, summaries
    from docs.permissions import permissions
    from docs.reference import reference

    yield from schemas()
    yield from rules()
    yield from commands(ROOT / "docs" / "commands.md")
    yield from summaries(ROOT / "cli" / "summaries.json")
    yield from permissions(ROOT / "docs" / "permissions.md")
    yield from reference(ROOT / "docs" / "reference.md")


if __name__ == "__main__":
    for path, text in documents():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
