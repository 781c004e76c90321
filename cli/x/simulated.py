"""Finds the simulated X that runs on a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import start_hint

if TYPE_CHECKING:
    from twbot.local.simulator.client import SimulatorClient


def running_simulated_x(data: Path | None) -> tuple[SimulatorClient, Path]:
    """Return a client of the simulated X, and the data folder. Raises CliError where none runs."""
    from twbot.local.data_folder import data_folder, running_bot
    from twbot.local.simulator.client import SimulatorClient

    folder = data_folder(data)
    if not folder.is_dir():
        raise CliError(f"There is no bot in {folder}.", hint=start_hint(data), code=Exit.NOT_FOUND)
    run = running_bot(folder)
    if run is None:
        raise CliError(f"No bot runs on {folder}.", hint=start_hint(data), code=Exit.NOT_CONFIGURED)
    if run.simulator is None:
        raise CliError(
            "The bot talks to X itself, not to a simulated one.", hint=start_hint(data), code=Exit.NOT_CONFIGURED
        )
    return SimulatorClient(run.simulator.url, run.simulator.control_token), folder
