"""Pictures on the command line: files, or those that come with twbot (sample:coffee)."""

from __future__ import annotations

from pathlib import Path

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.completion import is_plain
from twbot.lambdas.nearest import did_you_mean

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif"})


def complete_pictures(incomplete: str) -> list[str]:
    """Return the pictures that come with twbot, and the folders and pictures that begin like this."""
    from twbot.local.simulator.sample_pictures import sample_pictures

    folder, _, start = incomplete.rpartition("/")
    try:
        below = sorted(Path(f"{folder}/" if "/" in incomplete else ".").iterdir())
    except OSError:
        below = []
    found = [
        f"{incomplete[: len(incomplete) - len(start)]}{path.name}{'/' if path.is_dir() else ''}"
        for path in below
        if path.name.startswith(start) and is_plain(path.name) and (path.suffix.lower() in SUFFIXES or path.is_dir())
    ]
    return [*(name for name in sample_pictures() if name.startswith(incomplete)), *found]


def picture_path(text: str, within: Path = Path(), *, code: Exit = Exit.NOT_FOUND) -> Path:
    """Return the path of a picture that is there. Raises TwbotError: what is near, or which there are.

    within: the folder from which the path leads
    """
    from twbot.local.simulator.sample_pictures import picture_at

    path = picture_at(text, within)
    if path.is_file():
        return path
    if path.is_dir():
        raise CliError(f"{text} is a folder, and no picture.", code=code)
    names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, names, f"{Path(text).parent}/{{}}" if "/" in text else "{}")
    hint = hint or "One that comes with twbot has a name: sample:coffee"
    raise CliError(f"There is no picture {text}.", hint=hint, code=code)
