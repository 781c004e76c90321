"""The simulated X that runs on a data folder, and posts that summon the bot there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import start_hint

if TYPE_CHECKING:
    from twbot.local.simulator.client import SimulatorClient


def simulated_x_of_bot(data: Path | None) -> tuple[SimulatorClient, Path]:
    """Return a client of the simulated X beside the running bot, and the data folder. Raises CliError without one."""
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


def simulated_x(data: Path | None) -> SimulatorClient:
    """Return a client of the simulated X on a data folder, beside a bot or alone. Raises CliError where none runs."""
    from twbot.local.data_folder import DataFolder, data_folder, data_option, running_bot
    from twbot.local.simulator import alone
    from twbot.local.simulator.client import SimulatorClient

    folder = data_folder(data)
    run = running_bot(folder)
    found = run.simulator if run is not None else alone.find(DataFolder(folder))
    if run is not None and found is None:
        hint = "Run one alone, on another folder: twbot x serve --data FOLDER"
        raise CliError("The bot talks to X itself, not to a simulated one.", hint=hint, code=Exit.NOT_CONFIGURED)
    if found is None:
        option = data_option(data)
        hint = f"Start one alone: twbot x serve{option}, or beside a bot: twbot up{option}"
        raise CliError(f"No simulated X runs on {folder}.", hint=hint, code=Exit.NOT_CONFIGURED)
    return SimulatorClient(found.url, found.control_token)


def mentioning(text: str, bot: str) -> str:
    """Return a text that mentions the bot: only posts that summon it are answered, and a mention does."""
    return text if f"@{bot}".lower() in text.lower() else f"@{bot} {text}"
