"""The templates of bots in cli/templates/, and how a folder is made of one.

A template's files are written as they stand, but for these names: `dot-gitignore` becomes `.gitignore`, and
`chatbot.de.toml` of the first language becomes `chatbot.toml`. {{name}} and its like are replaced.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from twbot import __version__
from twbot.cli.errors import CliError, Exit, writing

FOLDER = Path(__file__).parents[1] / "templates"
COMMON = FOLDER / "common"
WORKFLOW = Path(".github/workflows/bot.yml")
TEMPLATES = {
    "minimal": "opening hours: one intent, one function",
    "support": "questions about orders, tickets for who is angry, alerts",
    "photos": "says what is in pictures, and who",
}
LANGUAGES = ("en", "de")
_SAY = {
    ("minimal", "en"): "When do you open?",
    ("minimal", "de"): "Wann habt ihr offen?",
    ("support", "en"): "Where is my order 47110815?",
    ("support", "de"): "Wo ist meine Bestellung 47110815?",
    ("photos", "en"): "What can you do?",
    ("photos", "de"): "Was kannst du?",
}
_NAME = re.compile(r"[^\W_][\w .&'-]{0,49}")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_OF_LANGUAGE = re.compile(r"(?P<stem>chatbot|conversations)\.(?P<language>[a-z]{2})\.toml")
# Whoever may read the repository may read these, as what Lambda runs; others may change nothing.
FILE_MODE, FOLDER_MODE = 0o644, 0o755


class NewBot(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen for a new bot."""

    name: str
    template: str = "minimal"
    languages: tuple[str, ...] = ("en",)

    @property
    def say(self) -> str:
        """Return something that the bot has an answer to."""
        return _SAY[self.template, self.languages[0]]


def checked(bot: NewBot) -> NewBot:
    """Return the same choice. Raises CliError for one that there is not."""
    if bot.template not in TEMPLATES:
        raise CliError(f"There is no template {bot.template!r}; there are {', '.join(TEMPLATES)}.", code=Exit.USAGE)
    if not bot.languages or len(set(bot.languages)) < len(bot.languages):
        raise CliError("Name each language once, such as --languages de,en.", code=Exit.USAGE)
    if unknown := [each for each in bot.languages if each not in LANGUAGES]:
        hint = f"Begin with one of these, then write bot/chatbot.{unknown[0]}.toml and name it in twbot.toml"
        message = f"The templates have no texts in {unknown[0]!r}, only in {', '.join(LANGUAGES)}."
        raise CliError(message, hint=hint, code=Exit.USAGE)
    if not _NAME.fullmatch(bot.name):
        raise CliError(
            f"{bot.name!r} is no name: 50 letters, digits, spaces and . & ' - at most, a letter or digit first.",
            hint='Give one: --name "Coffee Bot"',
            code=Exit.USAGE,
        )
    return bot


def write_bot(folder: Path, bot: NewBot) -> list[Path]:
    """Write the files of a bot, and return their paths within the folder. Raises CliError where it is not empty."""
    # The folder of a fresh repository has .git.
    if folder.exists() and (not folder.is_dir() or any(each.name != ".git" for each in folder.iterdir())):
        raise CliError(f"{folder} is not empty.", hint="Name a new folder: twbot new FOLDER", code=Exit.USAGE)
    files = files_of(bot)
    for path, content in files.items():
        _write(folder, path, content)
    return list(files)


def files_of(bot: NewBot) -> dict[Path, bytes]:
    """Return the content of each file of a bot, by its path."""
    values = {
        "name": bot.name,
        "language": bot.languages[0],
        "languages": msgspec.json.encode(bot.languages).decode().replace(",", ", "),
        "say": bot.say,
        "stage": "prod",
        "version": __version__,
    }
    found: dict[Path, bytes] = {}
    for root in (COMMON, FOLDER / bot.template):
        for source in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            path = _path(source.relative_to(root), bot.languages)
            if path is not None:
                content = _filled(source.read_bytes(), values)
                # Conversations of all languages are one file.
                found[path] = found[path] + b"\n" + content if path in found else content
    return found


def write_workflow(stage: str, folder: Path = Path()) -> Path:
    """Write the workflow that checks, tests and deploys the bot. Return its path. Raises CliError."""
    path = folder / WORKFLOW
    if path.exists():
        raise CliError(f"There is a {path} already.", hint="Move it away first", code=Exit.USAGE)
    source = COMMON / _dotted(WORKFLOW)
    _write(folder, WORKFLOW, _filled(source.read_bytes(), {"stage": stage, "version": __version__}))
    return path


def _dotted(path: Path) -> Path:
    return Path(*(f"dot-{part[1:]}" if part.startswith(".") else part for part in path.parts))


def _path(path: Path, languages: tuple[str, ...]) -> Path | None:
    """Return where a template's file goes; None for one of a language that was not chosen."""
    path = Path(*(f".{part[4:]}" if part.startswith("dot-") else part for part in path.parts))
    if not (found := _OF_LANGUAGE.fullmatch(path.name)):
        return path
    if found["language"] not in languages:
        return None
    is_one = found["stem"] == "conversations" or found["language"] == languages[0]
    return path.with_name(f"{found['stem']}.toml") if is_one else path


def _filled(content: bytes, values: dict[str, str]) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:  # a picture
        return content
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text).encode()


def _write(folder: Path, path: Path, content: bytes) -> None:
    target = folder / path
    with writing(target):
        for each in (folder, *reversed([folder / parent for parent in path.parents[:-1]])):
            if not each.is_dir():
                each.mkdir(parents=True)
                each.chmod(FOLDER_MODE)
        target.write_bytes(content)
        target.chmod(FILE_MODE)
