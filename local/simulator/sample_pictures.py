"""The pictures that come with twbot, by name: `sample:coffee`. Where they come from: pictures/LICENSES.md."""

from __future__ import annotations

import re
from pathlib import Path

from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.nearest import did_you_mean

FOLDER = Path(__file__).parent / "pictures"
PREFIX = "sample:"
# A text may begin like this and go on.
_SAMPLE = re.compile(rf"{PREFIX}\S*")


def sample_pictures() -> dict[str, Path]:
    """Return the pictures by their names, such as sample:coffee."""
    return {f"{PREFIX}{path.stem}": path for path in sorted(FOLDER.iterdir()) if path.suffix != ".md"}


def is_sample(text: str) -> bool:
    """Return whether this is meant as the name of a picture that comes with twbot."""
    return _SAMPLE.fullmatch(text) is not None


def picture_at(text: str, within: Path = Path()) -> Path:
    """Return the path of a picture: of one that comes with twbot, or of a file from a folder.

    The file may not be there. Raises TwbotError where no picture that comes with twbot has this name.
    """
    if not is_sample(text):
        return within / text
    known = sample_pictures()
    if text not in known:
        hint = did_you_mean(text, known)
        message = f"No picture that comes with twbot is called {text}: there are {', '.join(known)}."
        raise TwbotError(message, hint, kind=ErrorKind.NOT_FOUND)
    return known[text]
