"""The twbot command: a table of contents, and the one place where errors become text and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

import msgspec
import typer
from rich.text import Text
from typer.exceptions import TyperException

from twbot.cli.commands import alerts, celebrities, dlq, replay, replies, rules, secrets, subscription, webhook
from twbot.cli.commands.analyse import analyse
from twbot.cli.commands.backup import backup, restore
from twbot.cli.commands.chat import chat
from twbot.cli.commands.cost import cost
from twbot.cli.commands.demo import demo
from twbot.cli.commands.deploy import deploy, diff
from twbot.cli.commands.destroy import destroy, outputs
from twbot.cli.commands.doctor import doctor
from twbot.cli.commands.export import export
from twbot.cli.commands.forget import forget
from twbot.cli.commands.init import init
from twbot.cli.commands.logs import logs
from twbot.cli.commands.metrics import metrics
from twbot.cli.commands.query import query
from twbot.cli.commands.send import send
from twbot.cli.commands.status import status
from twbot.cli.commands.synth import synth
from twbot.cli.commands.tail import tail
from twbot.cli.commands.trace import trace
from twbot.cli.commands.up import down, up
from twbot.cli.errors import Exit, as_cli_error
from twbot.cli.installation import extra_of, version_option
from twbot.cli.old_spellings import current
from twbot.cli.ui.console import err
from twbot.lambdas.errors import TwbotError

app = typer.Typer(
    name="twbot",
    help="An event-driven X (Twitter) bot with AI analysis, on one machine or on AWS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def options(version: version_option = False) -> None:
    """An event-driven X (Twitter) bot with AI analysis, on one machine or on AWS."""


PANELS: dict[str, tuple[Callable[..., None] | ModuleType, ...]] = {
    "Every day": (demo, up, down, send, status, tail, trace, query, export, doctor),
    "What it understands": (analyse, chat, celebrities),
    "Set up X": (secrets, webhook, subscription),
    "Operate": (replies, alerts, replay, dlq, logs, metrics, rules, forget, backup, restore),
    "On AWS": (init, deploy, diff, synth, outputs, destroy, cost),
}
for panel, commands in PANELS.items():
    for each in commands:
        if isinstance(each, ModuleType):
            app.add_typer(each.app, name=each.__name__.rpartition(".")[2], rich_help_panel=panel)
        else:
            app.command(rich_help_panel=panel)(each)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with one of twbot.cli.errors.Exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code. Errors end here, on stderr, as text or (with --json) as JSON."""
    for_programs = "--json" in arguments
    try:
        return int(app(current(arguments), prog_name="twbot", standalone_mode=not for_programs) or Exit.DONE)
    except SystemExit as end:
        return int(end.code or Exit.DONE)
    except TwbotError as error:
        ended = as_cli_error(error)
        return _report(str(ended), ended.hint, ended.code, for_programs)
    except TyperException as error:
        return _report(error.format_message(), "Try: twbot --help", Exit(error.exit_code), for_programs)
    except KeyboardInterrupt:
        return _report("Interrupted.", None, Exit.INTERRUPTED, for_programs)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (extra := extra_of(error)) is not None:
            message = f"{error.name} is not installed: pip install 'twbot[{extra}]'"
            return _report(message, None, Exit.NOT_CONFIGURED, for_programs)
        if os.environ.get("TWBOT_TRACEBACK"):
            raise
        hint = "This should not happen. Set TWBOT_TRACEBACK=1 and run it again to see where."
        return _report(f"{type(error).__name__}: {error}", hint, Exit.FAILED, for_programs)


def _report(message: str, hint: str | None, code: Exit, for_programs: bool) -> int:
    if for_programs:
        sys.stderr.write(msgspec.json.encode({"error": message, "hint": hint, "code": int(code)}).decode() + "\n")
    else:
        err.print(Text.assemble((message, "bold red"), f"\n{hint}" if hint else ""), soft_wrap=True)
    return code
