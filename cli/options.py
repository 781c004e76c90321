"""Options that are spelled the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON, for programs.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder.", envvar="TWBOT_HOME", show_default=".twbot", file_okay=False),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def _stages(incomplete: str) -> list[str]:
    from cli.stage import stage_names

    return [name for name in stage_names() if name.startswith(incomplete)]


StageName = Annotated[
    str,
    typer.Option("--stage", help="Which bot: local, or a stage on AWS.", envvar="TWBOT_STAGE", autocompletion=_stages),
]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS profile.", show_default="the stage's")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region.", show_default="the stage's")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")]
