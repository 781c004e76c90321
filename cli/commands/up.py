"""`twbot up` and `twbot down`: run the bot on this machine, and stop it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import start_hint
from twbot.cli.ui.console import as_json, as_json_line, print_line, say
from twbot.cli.ui.options import AsJson, Data
from twbot.lambdas.settings import FILE

if TYPE_CHECKING:
    from twbot.local.data_folder import DataFolder, RunInfo
    from twbot.local.system import System

PORT = 8080
START_SECONDS = 60.0
STOP_SECONDS = 20.0

Port = Annotated[int, typer.Option(help="Where the webhook listens; 0 for any free port.", min=0, max=65535)]
Host = Annotated[str, typer.Option(help="The address to listen on. Anything but loopback can be reached by others.")]
X = Annotated[Literal["simulated", "live"], typer.Option("--x", help="Talk to a simulated X, or to X itself.")]
Config = Annotated[Path, typer.Option("--config", help="The settings: its table [stages.local].")]


def up(
    x: X = "simulated",
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    warm: Annotated[bool, typer.Option("--warm", help="Load the models now, not when they are first used.")] = False,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    config: Config = FILE,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Run the bot on this machine, beside a simulated X or facing X itself. Ctrl-C stops it.

    Example: twbot up

    Example: twbot up --detach --warm && twbot send "tell me a joke" --as alice
    """
    from twbot.local.data_folder import DataFolder, data_folder, data_option, make_private, running_bot
    from twbot.local.server.log_files import logging_to

    home = DataFolder(make_private(data_folder(data)))
    if (running := running_bot(home.folder)) is not None:
        hint = f"Stop it: twbot down{data_option(data)}"
        raise CliError(f"Another twbot is running on {home.folder} (process {running.pid}).", hint=hint)
    if detach:
        options = ["--x", x, "--host", host, "--port", str(port), "--config", str(config)]
        _show(_start_detached(home, options, warm), data_option(data), json)
        return
    # Before the start, which takes seconds: a Ctrl-C meanwhile stops the bot in order, too.
    stop_requested = _stop_signal()
    with logging_to(home.log), _system(home, x, config, host, port) as system:
        if warm:
            say("Loading the models …")
            system.bot.analysers.warm()
        _greet(system, data_option(data), json)
        stop_requested.wait()
        say("Stopping: finishing what is under way …")


def down(data: Data = None, json: AsJson = False) -> None:
    """Stop the bot that runs on this machine; what is not finished goes on at the next start.

    Example: twbot down
    """
    from twbot.local.data_folder import data_folder, running_bot

    folder = data_folder(data)
    run = running_bot(folder)
    if run is None:
        raise CliError(f"No bot runs on {folder}.", hint=start_hint(data), code=Exit.NOT_CONFIGURED)
    with contextlib.suppress(ProcessLookupError):
        os.kill(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(run.pid):
        if time.monotonic() > deadline:
            raise CliError(f"The bot (process {run.pid}) does not stop.", code=Exit.TIMED_OUT)
        time.sleep(0.05)
    as_json({"stopped": run.pid}) if json else print_line(f"Stopped the bot (process {run.pid}).")


def _system(home: DataFolder, x: str, config: Path, host: str, port: int) -> contextlib.AbstractContextManager[System]:
    from twbot.lambdas.settings import load
    from twbot.local.system import beside_simulated_x, facing_x

    settings = load(config)
    if x == "live":
        return facing_x(home, settings, host=host, port=port)
    return beside_simulated_x(home, settings, on_progress=lambda step: say(f"{step} …"), host=host, port=port)


def _stop_signal() -> threading.Event:
    """Return an event that Ctrl-C or SIGTERM sets. A second Ctrl-C raises KeyboardInterrupt at once."""
    requested = threading.Event()

    def on_signal(*_: object) -> None:
        requested.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, on_signal)
    return requested


def _greet(system: System, option: str, json: bool) -> None:
    simulated = None if system.x is None else system.x.url
    if json:
        as_json_line({"pid": os.getpid(), "webhook": system.url, "simulated_x": simulated})
        return
    print_line(f"The bot is up. Its webhook: {system.url}")
    if simulated:
        print_line(f"The simulated X: {simulated}")
        print_line(f'Now, in another terminal: twbot send "tell me a joke" --as alice{option}')
    else:
        print_line(
            f"Register the address at which X reaches it: twbot webhook register --url https://…/twitter{option}"
        )
    print_line("Ctrl-C stops it.")


def _start_detached(home: DataFolder, options: list[str], warm: bool) -> RunInfo:
    """Start `twbot up` as a process of its own, and wait until it is up. Raises CliError with its last output."""
    from twbot.local.data_folder import running_bot

    command = [
        sys.executable,
        "-c",
        "from twbot.cli.main import main; main()",
        "up",
        "--data",
        str(home.folder),
        *options,
    ]
    with (home.folder / "up.log").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command + ["--warm"] * warm,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # it outlives this terminal, and its Ctrl-C
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    deadline = time.monotonic() + START_SECONDS
    while (run := running_bot(home.folder)) is None or run.pid != process.pid:
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            lines = Path(output.name).read_text(errors="replace").strip().splitlines()
            raise CliError(f"The bot did not start: {lines[-1] if lines else 'it said nothing.'}")
        time.sleep(0.05)
    return run


def _show(run: RunInfo, option: str, json: bool) -> None:
    if json:
        as_json({"pid": run.pid, "webhook": run.url})
        return
    print_line(f"The bot is up (process {run.pid}). Its webhook: {run.url}")
    print_line(f'Next: twbot send "tell me a joke" --as alice{option}, and to stop it: twbot down{option}')


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 only checks that the process exists
    except ProcessLookupError:
        return False
    return True
