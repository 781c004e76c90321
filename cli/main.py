"""The twbot command: a table of contents, and the one place where errors become text and exit codes."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ClassVar, NoReturn

import typer
from typer.exceptions import TyperException

from twbot.cli.errors import CliError, Exit, Unexpected, as_cli_error, folder_gone, is_folder_gone, system_error
from twbot.cli.installation import extra_of, version_option
from twbot.cli.lazy_group import LazyGroup
from twbot.cli.old_spellings import current
from twbot.cli.spelling import pasteable, project_option
from twbot.cli.ui.console import as_json_line, print_error, say
from twbot.cli.ui.fields import chosen
from twbot.cli.ui.streams import escape_what_does_not_fit, flush, give_up_output, open_missing_streams
from twbot.lambdas import environment
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import VARIABLE, is_bot, without_words

MIN_GARBAGE = 50_000  # objects more than were freed until Python looks for circles


class Contents(LazyGroup):
    """All commands."""

    panels: ClassVar = {
        "Every day": (
            *("demo", "up", "down", "open", "send", "status", "tail", "trace", "query", "export", "doctor", "help"),
        ),
        "Your bot": ("new", "check", "test", "wording", "schema", "config", "lock"),
        "What it understands": ("analyse", "chat", "celebrities"),
        "Set up X": ("secrets", "webhook", "subscription", "x"),
        "Operate": (
            *("replies", "alerts", "replay", "dlq", "logs", "metrics", "rules"),
            *("forget", "backup", "restore", "bug-report"),
        ),
        "On AWS": ("init", "deploy", "diff", "synth", "outputs", "destroy", "cost"),
    }
    modules: ClassVar = {"down": "up", "restore": "backup", "diff": "deploy", "outputs": "destroy"}


app = typer.Typer(
    name="twbot",
    cls=Contents,
    help="An event-driven X (Twitter) bot with AI analysis, on one machine or on AWS.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


Project = Annotated[
    str | None,
    typer.Option(
        "--project", metavar="FOLDER", help="The folder of the bot.", envvar=VARIABLE, show_default="this one"
    ),
]


# What runs the bot, or says what it says, needs all of its folder. The others go on without its words.
NEEDS_WORDS = frozenset(
    {"up", "demo", "new", "check", "test", "wording", "lock", "chat", "deploy", "diff", "synth", "cost"}
)


@app.callback()
def options(
    context: typer.Context,
    version: version_option = False,  # noqa: ARG001 - its callback shows it
    project: Project = None,  # noqa: ARG001 - _in_project takes it
) -> None:
    """An event-driven X (Twitter) bot with AI analysis, on one machine or on AWS."""
    if context.invoked_subcommand not in NEEDS_WORDS:
        context.with_resource(without_words(_warner()))


def _warner() -> Callable[[TwbotError], None]:
    """Return what says each fault of the bot's folder once."""
    said: set[str] = set()

    def warn(fault: TwbotError) -> None:
        if str(fault) not in said:
            said.add(str(fault))
            say(f"Warning: {fault} {fault.hint or ''}".rstrip())

    return warn


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with one of twbot.cli.errors.Exit."""
    # Python would look for circles of garbage 40 times while modules load, and find hardly any.
    # https://docs.python.org/3/library/gc.html#gc.set_threshold
    gc.set_threshold(MIN_GARBAGE)
    open_missing_streams()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code. Errors end here, on stderr, as text or (with --json) as JSON."""
    escape_what_does_not_fit()
    # What a command writes, texts of posts and keys among it, is for its owner only.
    before, project = os.umask(0o077), os.environ.get(VARIABLE)
    project_option.set(None)
    chosen.set(None)
    try:
        return _run(arguments, "--json" in arguments or _has_format_json(arguments))
    finally:
        os.umask(before)
        os.environ.pop(VARIABLE, None)
        if project is not None:
            os.environ[VARIABLE] = project


def _run(arguments: list[str], for_programs: bool) -> int:
    is_completing = environment.COMPLETE.name in os.environ
    try:
        try:
            typed = _of_data(_in_project(_half_typed() if is_completing else arguments))
            typed = arguments if is_completing else current(typed)
            return int(app(typed, prog_name="twbot", standalone_mode=not for_programs) or Exit.DONE)
        finally:
            flush()
    except SystemExit as end:
        return int(end.code or Exit.DONE)
    except BrokenPipeError:
        # Whoever read the output has enough, as `head` does.
        give_up_output()
        return Exit.FAILED
    except KeyboardInterrupt:
        return _report(CliError("Interrupted.", code=Exit.INTERRUPTED), for_programs)
    except Exception as error:
        if is_completing:  # a shell has no place for what went wrong
            return Exit.FAILED
        found = _as_cli_error(error, arguments)
        if found is None and os.environ.get(environment.TRACEBACK.name):
            raise
        return _report(found or Unexpected(error), for_programs)


def _half_typed() -> list[str]:
    """Return the words of the command line that a shell asks completions for, after the first."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    # https://docs.python.org/3/library/shlex.html#shlex.split: a quote may be open still
    with contextlib.suppress(ValueError):
        return shlex.split(line)[1:]
    return []


def _has_format_json(arguments: list[str]) -> bool:
    """Return whether the answer is JSON by --format."""
    return "--format=json" in arguments or ("--format", "json") in itertools.pairwise(arguments)


def _in_project(arguments: list[str]) -> list[str]:
    """Take --project FOLDER out of the arguments, wherever it stands, and make its folder the bot's."""
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for at, each in enumerate(ours):
        name, is_assigned, folder = each.partition("=")
        if name == "--project" and (is_assigned or at + 1 < len(ours)):
            width = 1 if is_assigned else 2
            os.environ[VARIABLE] = folder if is_assigned else ours[at + 1]
            project_option.set(os.environ[VARIABLE])
            return [*arguments[:at], *arguments[at + width :]]
    return arguments


def _of_data(arguments: list[str]) -> list[str]:
    """Where nobody says which bot is meant, it is the one that last ran on the data folder."""
    if os.environ.get(VARIABLE) or is_bot(Path.cwd()):
        return arguments
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = [each.removeprefix("--data=") for each in ours if each.startswith("--data=")]
    given += [after for each, after in itertools.pairwise(ours) if each == "--data"]
    # Without local/data_folder.py, which takes its time to load: its `project` is this file.
    note = Path(given[-1] if given else os.environ.get(environment.HOME.name) or ".twbot") / "project"
    with contextlib.suppress(OSError, ValueError):
        folder = os.fsdecode(note.read_bytes())
        if Path(folder).is_dir():
            os.environ[VARIABLE] = folder
    return arguments


def _as_cli_error(error: Exception, arguments: list[str]) -> CliError | None:
    """Return what people are told; None for an error that should not happen."""
    if isinstance(error, TwbotError):
        return as_cli_error(error)
    if isinstance(error, TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "twbot"
        return CliError(error.format_message(), hint=f"Try: {command} --help", code=Exit(error.exit_code))
    if isinstance(error, ModuleNotFoundError) and (extra := extra_of(error)) is not None:
        return CliError(f"{error.name} is not installed: pip install 'twbot[{extra}]'", code=Exit.NOT_CONFIGURED)
    if isinstance(error, UnicodeEncodeError) and (odd := [each for each in arguments if not _is_text(each)]):
        # A path may hold any bytes: https://docs.python.org/3/library/os.html#file-names
        return CliError(f"{odd[0]!r} is no text, which is needed here: its bytes are not UTF-8.", code=Exit.USAGE)
    if os.environ.get(environment.TRACEBACK.name):
        return None
    if isinstance(error, OSError) and (found := system_error(error)) is not None:
        return found
    # Libraries put it into words of their own.
    return folder_gone() if is_folder_gone() else None


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in argument)


def _report(error: CliError, for_programs: bool) -> int:
    hint = pasteable(error.hint) if error.hint else None
    try:
        if for_programs:
            document = {"error": str(error), "hint": hint, "code": int(error.code), "kind": error.name}
            as_json_line(document, to_stderr=True)
        else:
            print_error(str(error), hint)
        flush()
    except OSError:
        give_up_output()  # nobody is there to read it: the exit code tells
    return error.code
