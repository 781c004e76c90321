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
from typing import IO, TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import start_hint
from twbot.cli.spelling import pasteable, project_option
from twbot.cli.ui.console import as_json, as_json_line, print_line, say
from twbot.cli.ui.options import AsJson, Data
from twbot.cli.ui.streams import is_terminal
from twbot.lambdas.settings import settings_file

if TYPE_CHECKING:
    from twbot.cli.console.beside import Beside
    from twbot.local.data_folder import DataFolder, RunInfo
    from twbot.local.system import System

PORT = 8080
START_SECONDS = 60.0
MAX_SAID = 12  # lines of the output of a bot that did not start
STOP_SECONDS = 40.0  # on a full disk a bot needs all of its time limits, some 25 seconds

Port = Annotated[int, typer.Option(help="Where the webhook listens; 0 for any free port.", min=0, max=65535)]
Host = Annotated[str, typer.Option(help="The address to listen on. Anything but loopback can be reached by others.")]
X = Annotated[Literal["simulated", "live"], typer.Option("--x", help="Talk to a simulated X, or to X itself.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="The settings: its table stages.local.", show_default="the bot's twbot.toml"),
]


def up(
    x: X = "simulated",
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    reload: Annotated[
        bool, typer.Option("--reload", help="Start anew when twbot.toml or bot/ changes, and is in order.")
    ] = False,
    warm: Annotated[bool, typer.Option("--warm", help="Load the models now, not when they are first used.")] = False,
    console: Annotated[bool, typer.Option("--console/--no-console", help="Run the console beside it.")] = True,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    config: Config = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Run the bot on this machine, beside a simulated X or facing X itself. Ctrl-C stops it.

    Example: twbot up

    Example: twbot up --reload

    Example: twbot up --detach --warm && twbot send "tell me a joke" --as alice
    """
    from twbot.local.data_folder import (
        DataFolder,
        check_room,
        data_folder,
        data_option,
        make_private,
        running_bot,
    )
    from twbot.local.server.log_writer import logging_to
    from twbot.local.simulator import alone

    home = DataFolder(make_private(data_folder(data)))
    check_room(home.folder)
    _check_project(home)
    if (running := running_bot(home.folder)) is not None:
        hint = f"Stop it: twbot down{data_option(data)}"
        raise CliError(f"Another twbot is running on {home.folder} (process {running.pid}).", hint=hint)
    if alone.find(home) is not None:
        hint = "Stop it with Ctrl-C where it runs, or use another folder: twbot up --data FOLDER"
        raise CliError(f"A simulated X is served alone on {home.folder}.", hint=hint)
    options = ["--x", x, "--host", host, "--port", str(port), "--config", str(config or settings_file())]
    options += [] if console else ["--no-console"]
    if detach and reload:
        raise CliError("--reload is for a bot in the foreground.", hint="Leave out --detach", code=Exit.USAGE)
    if detach:
        _show(_start_detached(home, options, warm), data_option(data), json)
        return
    if reload:
        _reload(home, [*options, *(["--warm"] * warm), *(["--json"] * json)])
    _warn_of_packages()
    # Before the start, which takes seconds: a Ctrl-C meanwhile stops the bot in order, too.
    stop_requested = StopSignal()
    with (
        logging_to(home.log),
        _system(home, x, config or settings_file(), host, port) as system,
        _console(home, console) as beside,
    ):
        if warm:
            say("Loading the models …")
            system.bot.analysers.warm()
        _greet(system, beside.address() if beside else None, data_option(data), json)
        _warn(system, data_option(data))
        stop_requested.wait()
        say("Stopping: finishing what is under way …")
    if stop_requested.by_hand:
        _note_stopped(home)


def _warn_of_packages() -> None:
    """Say which locked packages are not here: a function that imports one will fail."""
    from twbot.lambdas.folder.folder import project

    folder = project()
    if not (folder / "twbot.lock").is_file():
        return
    from twbot.stacks.bundling.lock import not_installed

    if missing := not_installed(folder):
        say(f"Of twbot.lock this Python lacks {', '.join(missing)}: python -m pip install -r {folder / 'twbot.lock'}")


def down(data: Data = None, json: AsJson = False) -> None:
    """Stop the bot that runs on this machine; what is not finished goes on at the next start.

    It is noted that the bot was stopped on purpose: `twbot doctor` expects it to run no more, until `twbot up`.

    Example: twbot down
    """
    from twbot.local.data_folder import DataFolder, data_folder, running_bot

    home = DataFolder(data_folder(data))
    run = running_bot(home.folder)
    if run is None:
        raise _not_running(home, data)
    _end(home, run)
    _note_stopped(home)
    as_json({"stopped": run.pid}) if json else print_line(f"Stopped the bot (process {run.pid}).")


def _not_running(home: DataFolder, data: Path | None) -> CliError:
    from twbot.local.bus.lock import holder

    if holder(home.lock) is not None:
        # A process that starts has no run.json yet. Another command may hold the lock, too, and is not ours to end.
        message = f"A twbot works on {home.folder}, but no bot has said that it is up."
        return CliError(message, hint="Wait until it is, or until it has finished", code=Exit.NOT_CONFIGURED)
    if home.bus.exists():
        _note_stopped(home)
    return CliError(f"No bot runs on {home.folder}.", hint=start_hint(data), code=Exit.NOT_CONFIGURED)


def _end(home: DataFolder, run: RunInfo) -> None:
    """Stop the bot that holds the folder's lock, and nothing else. Raises CliError."""
    from twbot.local.bus.lock import has_open, holder
    from twbot.local.server.control import ControlClient

    # A process id means nothing in another container, and may be another process's by now: who has the lock's file
    # open is the bot. The bot of another container is asked to stop.
    here = run.pid > 1 and run.pid != os.getpid() and has_open(run.pid, home.lock)
    if here:
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, signal.SIGTERM)
    else:
        ControlClient(run).stop()
    deadline = time.monotonic() + STOP_SECONDS
    while holder(home.lock) == run.instance or (here and _is_alive(run.pid)):
        if time.monotonic() > deadline:
            raise CliError(f"The bot (process {run.pid}) does not stop.", code=Exit.TIMED_OUT)
        time.sleep(0.05)


def _note_stopped(home: DataFolder) -> None:
    """Note that the bot was stopped on purpose. See docs/decisions/0013-this-machine-and-what-comes-from-outside.md."""
    from twbot.local.private_files import create_private
    from twbot.local.reserve import with_reserve

    # Without the note, `doctor` says that the bot does not run: that is no reason to fail here.
    with contextlib.suppress(OSError):
        with_reserve(home.folder, lambda: create_private(home.stopped).close())


def _system(home: DataFolder, x: str, config: Path, host: str, port: int) -> contextlib.AbstractContextManager[System]:
    from twbot.lambdas.settings import load
    from twbot.local.system import beside_simulated_x, facing_x

    settings = load(config)
    if x == "live":
        return facing_x(home, settings, host=host, port=port)
    return beside_simulated_x(home, settings, on_progress=lambda step: say(f"{step} …"), host=host, port=port)


class StopSignal:
    """Waits for Ctrl-C or SIGTERM. A second Ctrl-C raises KeyboardInterrupt at once."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self.by_hand = False
        """Whether it was Ctrl-C: somebody sat there."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._handle)

    def wait(self) -> None:
        self._requested.wait()

    def _handle(self, number: int, *_: object) -> None:
        self.by_hand = number == signal.SIGINT
        self._requested.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _console(home: DataFolder, wanted: bool) -> contextlib.AbstractContextManager[Beside | None]:
    from twbot.cli.console.beside import console_beside

    return console_beside(home.folder) if wanted else contextlib.nullcontext()


def _greet(system: System, console: str | None, option: str, json: bool) -> None:
    simulated = None if system.x is None else system.x.url
    if json:
        bare = console and console.partition("?")[0]
        as_json_line({"pid": os.getpid(), "webhook": system.url, "simulated_x": simulated, "console": bare})
        return
    print_line(f"The bot is up. Its webhook: {system.url}")
    if console:
        # The token in it is for whoever sits here, not for a file.
        print_line(f"The console: {console}" if is_terminal() else pasteable(f"The console: twbot open{option}"))
    if system.x is not None:
        print_line(f"The simulated X: {simulated}")
        print_line(f"Its page: {system.x.client.page() if is_terminal() else pasteable(f'twbot x open{option}')}")
        print_line(pasteable(f'Now, in another terminal: twbot send "tell me a joke" --as alice{option}'))
    else:
        register = f"twbot webhook register --url https://…/twitter{option}"
        print_line(pasteable(f"Register the address at which X reaches it: {register}"))
    print_line("Ctrl-C stops it.")


def _warn(system: System, option: str) -> None:
    """Say what the bot can't do as its folder is."""
    from twbot.lambdas.folder.folder import bot_folder
    from twbot.lambdas.folder.records import LLM_NOTICE
    from twbot.lambdas.own.calls import LLM, named_secrets
    from twbot.local.functions.rules import is_on_aws

    folder, bot = bot_folder(), system.bot
    if LLM in folder.functions:
        say(LLM_NOTICE)
    stored = bot.own_secrets.names() if (named := named_secrets(folder)) else []
    for name, readers in named.items():
        if name not in stored:
            say(f"Warning: {name} is not stored, for {', '.join(readers)}: twbot secrets put {name}{option}")
    for rule in filter(is_on_aws, folder.rules):
        say(f"Warning: rule {rule.name} leads to AWS: its events are left out here.")
    for gone, count in bot.bus.orphans.items():
        say(
            f"Warning: {count} {'delivery' if count == 1 else 'deliveries'} waited for rule {gone}, which is not there "
            f"any more: dead letters now. twbot dlq list --rule {gone}{option}"
        )


def _check_project(home: DataFolder) -> None:
    """Raise CliError where the bot that the data is of is gone: another one would drop what waits for its rules."""
    from twbot.lambdas.folder.folder import is_shipped
    from twbot.local.data_folder import noted_project

    noted = noted_project(home)
    if noted is not None and not noted.is_dir() and is_shipped():
        raise CliError(
            f"The data in {home.folder} is of the bot in {noted}, which is not there any more.",
            hint=f"Name its folder: --project FOLDER; or run the shipped bot on it: rm {home.project}",
            code=Exit.NOT_FOUND,
        )


def _reload(home: DataFolder, options: list[str]) -> NoReturn:
    from twbot.cli.reloading import Reloader
    from twbot.lambdas.folder.folder import is_shipped, project

    if is_shipped():
        raise CliError(
            "There is no twbot.toml and no bot/ here: nothing can change.",
            hint="Make a bot: twbot new coffee-bot, or name its folder: --project FOLDER",
            code=Exit.NOT_FOUND,
        )
    raise typer.Exit(Reloader(project(), _command(home, options)).run())


def _command(home: DataFolder, options: list[str]) -> list[str]:
    """Return the command of a process that runs the bot, and names commands as this one does."""
    from twbot.local.child_python import python

    program = f"import sys; sys.argv[0] = {sys.argv[0]!r}; from twbot.cli.main import main; main()"
    folder = project_option.get()
    named = ["--project", folder] if folder is not None else []
    return python("-c", program, "up", "--data", str(home.folder), *named, *options)


def _start_detached(home: DataFolder, options: list[str], warm: bool) -> RunInfo:
    """Start `twbot up` as a process of its own, and wait until it is up. Raises CliError with its last output."""
    from twbot.local.child_python import import_path
    from twbot.local.data_folder import running_bot

    command = _command(home, options)
    with _new_output(home) as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command + ["--warm"] * warm,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # it outlives this terminal, and its Ctrl-C
            env={**os.environ, "PYTHONPATH": import_path()},
        )
    deadline = time.monotonic() + START_SECONDS
    while (run := running_bot(home.folder)) is None or run.pid != process.pid:
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            raise _not_started(home.output.read_text("utf-8", "replace"), process.returncode)
        time.sleep(0.05)
    return run


def _not_started(output: str, code: int | None) -> CliError:
    """Return the error for a bot that ended at once, or is not up in time (code None): all that it said, not a part."""
    lines = output.strip().splitlines()[-MAX_SAID:]
    said = "\n".join(lines) if lines else "it said nothing."
    between = "\n" if len(lines) > 1 else " "
    known = next((each for each in Exit if each == code and each is not Exit.DONE), Exit.FAILED)
    return CliError(f"The bot did not start:{between}{said}", code=known)


def _new_output(home: DataFolder) -> IO[bytes]:
    """Return a new file for the bot's output. That of the last start is kept beside it."""
    from twbot.local.private_files import create_private

    try:
        with contextlib.suppress(FileNotFoundError):
            home.output.replace(home.output.with_name("up.log.1"))
        return create_private(home.output)
    except OSError as error:
        raise CliError(f"Cannot write to {home.output}: {error.strerror}.") from None


def _show(run: RunInfo, option: str, json: bool) -> None:
    if json:
        as_json({"pid": run.pid, "webhook": run.url})
        return
    print_line(f"The bot is up (process {run.pid}). Its webhook: {run.url}")
    commands = f'twbot send "tell me a joke" --as alice{option}, and to stop it: twbot down{option}'
    print_line(pasteable(f"Next: {commands}"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 only checks that the process exists
    except ProcessLookupError:
        return False
    return True
