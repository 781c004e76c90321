"""How long commands take to start, and what their libraries take of that."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from tests.bench.figures import Figure, cpu_of, medians, say

ROUNDS = 9
COMMAND = "import sys; sys.argv[1:] = {!r}; from twbot.cli.main import main; main()"


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder:
        found = medians(
            ROUNDS,
            python=lambda: cpu_of("-c", "pass"),
            typer=lambda: cpu_of("-c", "import typer"),
            rich=lambda: cpu_of("-c", "import typer, rich.console, rich.panel, rich.table"),
            help=lambda: cpu_of("-c", COMMAND.format(["--help"])),
            status=lambda: cpu_of("-c", COMMAND.format(["status", "--data", folder])),
            analyse_help=lambda: cpu_of("-c", COMMAND.format(["analyse", "--help"])),
        )
    floor = found["rich"]
    yield say(
        Figure(
            "Python / Typer / Typer and Rich alone",
            " / ".join(f"{found[n]:.0f}" for n in ("python", "typer", "rich")) + " ms of CPU",
        )
    )
    yield say(
        Figure(
            "`twbot --help`", f"{found['help']:.0f} ms of CPU, {found['help'] / floor:.2f} of Typer and Rich", "150 ms"
        )
    )
    yield say(
        Figure(
            "`twbot status`, no bot",
            f"{found['status']:.0f} ms of CPU, {found['status'] / floor:.2f} of Typer and Rich",
            "150 ms",
        )
    )
    yield say(Figure("`twbot analyse --help`, Typer's own help", f"{found['analyse_help']:.0f} ms of CPU"))
