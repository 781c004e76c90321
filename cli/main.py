"""The twbot command: a table of contents, and the one place where errors become text and exit codes."""

from __future__ import annotations

import sys
from typing import NoReturn

import msgspec
import typer
from rich.text import Text

from cli.errors import CliError, Exit
from cli.render import err
from lambdas.errors import TwbotError

app = typer.Typer(
    name="twbot",
    help="An event-driven X (Twitter) bot with AI analysis, on one machine or on AWS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with one of cli.errors.Exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    try:
        code = app(arguments, standalone_mode=False)
    except KeyboardInterrupt:
        return _report("Interrupted.", None, Exit.INTERRUPTED, arguments)
    except TwbotError as error:
        hint, code = (error.hint, error.code) if isinstance(error, CliError) else (None, Exit.FAILED)
        return _report(str(error), hint, code, arguments)
    return int(code or 0)


def _report(message: str, hint: str | None, code: Exit, arguments: list[str]) -> int:
    if "--json" in arguments:
        sys.stderr.write(msgspec.json.encode({"error": message, "hint": hint, "code": int(code)}).decode() + "\n")
    else:
        err.print(Text.assemble((message, "bold red"), f"\n{hint}" if hint else ""))
    return code
