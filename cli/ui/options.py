"""Options that several commands share, spelled the same everywhere."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from twbot.cli.operations.target import Target
from twbot.cli.ui.fields import is_json
from twbot.lambdas import environment
from twbot.lambdas.settings import LOCAL

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON, for programs.", callback=is_json)]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", help="The data folder.", envvar=environment.HOME.name, show_default=".twbot", file_okay=False
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def _stages(incomplete: str) -> list[str]:
    from twbot.cli.operations.target import stage_names

    return [name for name in stage_names() if name.startswith(incomplete)]


StageName = Annotated[
    str,
    typer.Option(
        "--stage", help="Which bot: local, or a stage on AWS.", envvar=environment.STAGE.name, autocompletion=_stages
    ),
]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS profile.", show_default="the stage's")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region.", show_default="the stage's")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")]


def targeted(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command whose first parameter is `target: Target` with --stage, --profile, --region and --data."""
    hints = get_type_hints(command, include_extras=True)
    own = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name])
        for each in list(inspect.signature(command).parameters.values())[1:]
    ]
    options = {"stage": (StageName, LOCAL), "profile": (Profile, None), "region": (Region, None), "data": (Data, None)}
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in options.items()
    ]

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        target = Target(**{name: given.pop(name, default) for name, (_, default) in options.items()})
        return command(target, **given)

    # Typer reads the signature, and `inspect` would follow __wrapped__ to the command's own, with `target` in it:
    # https://docs.python.org/3/library/inspect.html#inspect.signature
    vars(run).pop("__wrapped__")
    run.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in (*own, *added)}
    return run
