"""The bot's folder: found, read and checked for what can be known from its data alone."""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from twbot.lambdas.environment import PROJECT
from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.folder.records import Answers, ChatbotFile, EventFields, File, Llm, OwnRule, Pattern, Step
from twbot.lambdas.folder.toml_file import read_toml
from twbot.lambdas.folder.wording_file import read_wording
from twbot.lambdas.text_files import decode_text

T = TypeVar("T")
VARIABLE = PROJECT.name
FILE = "twbot.toml"
# The folder as one file, for Lambda: what is bundled (stacks/bundling/).
COMPILED = "twbot-folder.json"
SHIPPED = Path(__file__).parents[1] / "default_bot"
_HOST = re.compile(r"https?://([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)", re.IGNORECASE)
LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
# A bot's own code is small; what is larger is data, and no place for a link.
MAX_SCANNED = 1_000_000


class BotFolder(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder says."""

    languages: list[str]
    """The first is the default."""
    chatbots: dict[str, ChatbotFile]
    """By language: each of `languages` has one."""
    wordings: dict[str, dict[str, str]] = {}
    """By language: the sentences that read otherwise, by their names (lambdas/wording.py)."""
    rules: list[OwnRule] = []
    answers: Answers = Answers()
    alerts: list[Pattern] = []
    """None: negative sentiment."""
    steps: list[Step] = []
    llm: Llm | None = None
    events: EventFields = {}
    links: list[str] = []
    """The hosts, in lower case, of the links that its files contain: replies may link to these."""

    def language_of(self, spoken: str | None) -> str:
        """Return the language to answer a post of this language in (ISO 639-1, None where it is unknown)."""
        if spoken in self.languages:
            return spoken
        base = (spoken or "").partition("-")[0]
        return next((each for each in self.languages if each.partition("-")[0] == base), self.languages[0])

    def chatbot(self, language: str | None = None) -> ChatbotFile:
        """Return the chatbot of a language, as `language_of` finds it."""
        return self.chatbots[self.language_of(language)]

    @property
    def functions(self) -> list[str]:
        """Return the functions that a reply may come from: those of [answers] and the intents' `run`."""
        intents = (each.run for chatbot in self.chatbots.values() for each in chatbot.intents if each.run)
        return list(dict.fromkeys([*self.answers.texts, *self.answers.images, *intents]))

    @property
    def all_functions(self) -> list[str]:
        """Return all functions that the folder names."""
        rules = [rule.run for rule in self.rules if rule.run]
        return list(dict.fromkeys([*rules, *(step.run for step in self.steps), *self.functions]))


def project() -> Path:
    """Return the folder of the bot: TWBOT_PROJECT, else the current one where it is a bot's, else the shipped one."""
    if chosen := os.environ.get(VARIABLE):
        folder = Path(chosen).expanduser()
        if not folder.is_dir():
            raise TwbotError(f"There is no folder {folder}.", f"Make one: twbot new {folder}", kind=ErrorKind.NOT_FOUND)
        return folder.resolve()
    here = Path.cwd()
    return here if is_bot(here) else SHIPPED


def is_bot(folder: Path) -> bool:
    """Return whether a folder says what a bot is."""
    return (folder / FILE).is_file() or (folder / "bot").is_dir()


def is_shipped() -> bool:
    """Return whether the bot is the one that twbot ships."""
    return project() == SHIPPED


def bot_folder() -> BotFolder:
    """Return what the bot's folder says, read once. Raises TwbotError."""
    if _report is None:
        return _read_once(project())
    found, fault = _read_as_far(project())
    if fault is not None:
        _report(fault)
    return found


_report: Callable[[TwbotError], object] | None = None


@contextlib.contextmanager
def without_words(report: Callable[[TwbotError], object]) -> Iterator[None]:
    """Within, `bot_folder` reports a chatbot or a wording that can't be read, and goes on without: nobody is answered.

    It is for what looks at the bot, not for what talks. All threads are within.
    """
    global _report
    before, _report = _report, report
    try:
        yield
    finally:
        _report = before


def read_folder(folder: Path, *, words: bool = True) -> BotFolder:
    """Return what a folder says; what it leaves out is the shipped one's. Raises TwbotError: file, line, fault.

    words: whether to read its chatbots and wordings, too
    """
    compiled = folder / COMPILED
    if compiled.is_file():
        return msgspec.json.decode(compiled.read_bytes(), type=BotFolder)
    file = _table(folder / FILE, File) or File()
    bot = folder / "bot"
    return BotFolder(
        languages=file.bot.languages,
        chatbots=_chatbots(folder, file.bot.languages) if words else read_folder(SHIPPED).chatbots,
        wordings={path.name.split(".")[1]: read_wording(path) for path in _wordings(folder)} if words else {},
        rules=file.rules,
        answers=file.answers,
        alerts=file.alerts.when,
        steps=file.steps,
        llm=file.llm,
        events=_table(bot / "events.toml", EventFields) or {},
        links=sorted(set(_hosts(folder))),
    )


_read_once = functools.cache(read_folder)


@functools.cache
def _read_as_far(folder: Path) -> tuple[BotFolder, TwbotError | None]:
    """Return what a folder says, without its words where they are at fault, and the fault. Raises TwbotError."""
    try:
        return _read_once(folder), None
    except TwbotError as fault:
        return read_folder(folder, words=False), fault


def _chatbots(folder: Path, languages: list[str]) -> dict[str, ChatbotFile]:
    found: dict[str, ChatbotFile] = {}
    for language in languages:
        if not LANGUAGE.fullmatch(language):
            raise TwbotError(f"{folder / FILE}: bot.languages: {language!r} is no language: ISO 639-1, such as de.")
        names = [f"chatbot.{language}.toml", *(["chatbot.toml"] if language == languages[0] else [])]
        tables = (_table(folder / "bot" / name, ChatbotFile) for name in names)
        if (chatbot := next(filter(None, tables), None)) is not None:
            found[language] = chatbot
    if not found and folder != SHIPPED:
        found = {languages[0]: read_folder(SHIPPED).chatbot()}
    if missing := [each for each in languages if each not in found]:
        raise TwbotError(
            f"{folder / FILE}: bot.languages: {missing[0]} has no chatbot.",
            f"Write bot/chatbot.{missing[0]}.toml, or take {missing[0]} out of the languages",
        )
    return found


def _wordings(folder: Path) -> list[Path]:
    if folder == SHIPPED:  # whose sentences every bot has (lambdas/wording.py)
        return []
    return sorted(path for path in (folder / "bot").glob("wording.*.toml") if len(path.name.split(".")) == 3)


def _table(path: Path, as_type: type[T]) -> T | None:
    try:
        return read_toml(path, as_type)
    except FileNotFoundError:
        return None


def _hosts(folder: Path) -> Iterator[str]:
    paths = [folder / FILE, *(folder / "bot").rglob("*.toml"), *(folder / "bot").rglob("*.py")]
    for path in paths:
        if path.is_file() and path.stat().st_size <= MAX_SCANNED:
            yield from (host.lower() for host in _HOST.findall(decode_text(path.read_bytes(), errors="replace")))
