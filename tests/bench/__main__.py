"""Measures this machine, and writes docs/benchmarks.md: python -m tests.bench [--write]"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sqlite3
import time
from importlib.metadata import version

from tests.bench import footprint, functions, growing, pictures, pipeline, starting
from tests.bench.figures import Figure
from tests.support.paths import ROOT
from twbot.cli.installation import commit

PAGE = ROOT / "docs" / "benchmarks.md"
SECTIONS = {
    "Starting": starting.figures,
    "Messages": pipeline.figures,
    "Own functions": functions.figures,
    "Pictures": pictures.figures,
    "With a large archive and lake": growing.figures,
    "Size": footprint.figures,
}
LIBRARIES = ("typer", "rich", "msgspec", "duckdb", "onnxruntime", "uvicorn", "requests")
TEXT = """# Benchmarks

Written by `make bench`. Ratios are taken in one run, what is compared in turns: they hold on other machines, times do
not. What was tried and what it brought is in [the decision](decisions/0020-what-was-measured-and-what-made-it-fast.md).

"""
LIMITS = """
## What limits it now

- **Starting**: Python, Typer and Rich. Typer's own help, of one command, imports Rich's Markdown and tracebacks, too.
- **Messages**: Python that computes, in two interpreters: the bot's, and that of the process that posts its replies. Of
  the bot's a third is the webhook (half of it uvicorn), a quarter the writer, a fifth the workflow. Both share two
  cores with the simulated X, which takes about as long as the replies.
- **The models**: most of the time of a text. For a quarter of that they hold the interpreter, mostly spaCy's network.
- **With a large lake**: a start looks in the background for hours to join: 7 ms of CPU for a month.
- **A lake**: the first query of days that have no copy yet reads their JSON. Of later ones most is DuckDB's start.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    write, began = parser.parse_args().write, time.monotonic()
    found = {name: list(figures()) for name, figures in SECTIONS.items()}
    if write:
        PAGE.write_text(_page(found, time.monotonic() - began))


def _page(found: dict[str, list[Figure]], seconds: float) -> str:
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}; {seconds:.0f} s of measuring"
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines = [
        f"- {datetime.date.today():%Y-%m-%d}, commit {commit()}\n",
        f"- {machine}\n",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}\n",
    ]
    for name, figures in found.items():
        lines.append(f"\n## {name}\n\n| | measured | aim |\n|---|---|---|\n")
        lines += [f"| {each.what} | {each.measured} | {each.aim} |\n" for each in figures]
    return TEXT + "".join(lines) + LIMITS


if __name__ == "__main__":
    main()
