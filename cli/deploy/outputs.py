"""Reads and shows the outputs of a stage's stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twbot.cli.deploy.target import Deployment
from twbot.cli.ui.console import table

if TYPE_CHECKING:
    from twbot.cli.deploy.deployed_stacks import Stack


def outputs_of(on: Deployment) -> list[Stack]:
    """Return the stage's stacks with their outputs. Raises CliError if none is deployed."""
    from twbot.cli.deploy.deployed_stacks import some_stacks
    from twbot.cli.operations.errors import translate_errors

    with translate_errors():
        return some_stacks(on.bot)


def show_outputs(found: list[Stack]) -> None:
    """Print a table with a row per output, and a row for each stack without outputs."""
    rows: list[tuple[str, ...]] = []
    for stack in found:
        state = stack.status.lower().replace("_", " ")
        rows += [(stack.service, state, key, value) for key, value in stack.outputs.items() or [("", "")]]
    table(["microservice", "state", "output", "value"], rows)
