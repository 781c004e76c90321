"""`twbot config`: every setting that holds, and where it comes from."""

from __future__ import annotations

from typing import Any

import msgspec
import typer

from twbot.cli.operations.settings_in_force import settings_in_force, variables
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, say, table
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, targeted
from twbot.lambdas import environment

app = typer.Typer(help="Every setting that holds for a stage, and where it comes from.", no_args_is_help=True)
VARIABLES = {"stage": environment.STAGE.name, "data": environment.HOME.name}


@app.command("list")
@targeted
def list_settings(target: Target, context: typer.Context, json: AsJson = False) -> None:
    """List every setting of a stage with its value and where that comes from, and the environment variables.

    A value comes from twbot.toml and its line, from an option or a variable, or it is the default. Secrets are never
    shown: of their variables only whether they are set.

    Example: twbot config list

    Example: twbot config list --stage prod --json
    """
    settings = list(settings_in_force(target, _typed(context)))
    found = variables()
    if json:
        as_json({"stage": target.stage, "settings": settings, "environment": found})
        return
    table(["setting", "value", "from"], [(each.name, _shown(each.value), each.source) for each in settings])
    rows = [(each.name, (each.value or "set") if each.set else "", each.says) for each in found]
    table(["variable", "value", Column("what it says", gives_way=True)], rows)
    if not target.is_local:
        say("What AWS has of it: twbot diff --stage " + target.stage)


def _typed(context: typer.Context) -> dict[str, str]:
    """Return where the options' values come from, of those that were given."""
    found = {}
    for name in ("stage", "data", "profile", "region"):
        source: Any = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            found[name] = f"--{name}"
        elif source is not None and source.name == "ENVIRONMENT":
            found[name] = VARIABLES[name]
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
