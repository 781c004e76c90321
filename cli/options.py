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
