"""Checks the chatbots: their intents against each other."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from twbot.cli.check.findings import Findings
from twbot.cli.check.tables import Tables
from twbot.lambdas.folder.records import ChatbotFile
from twbot.lambdas.folder.toml_file import Parsed


def check_chatbots(tables: Tables, findings: Findings) -> None:
    """Check each language's chatbot, and that there are chatbots of the languages that are named."""
    for path, parsed in tables.chatbots.items():
        if parsed.value is not None:
            _intents(path, parsed, parsed.value, findings)
    _files(tables, findings)


def normalised(text: str) -> str:
    """Return an utterance as it is compared: case, punctuation and spaces aside, as Lex does."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(each if each.isalnum() else " " for each in folded).split())


def _intents(path: Path, parsed: Parsed[ChatbotFile], chatbot: ChatbotFile, findings: Findings) -> None:
    intents: dict[str, int] = {}
    said: dict[str, str] = {}
    for number, intent in enumerate(chatbot.intents):
        start = parsed.line("intents", number)
        if intent.name.casefold() in intents:
            findings.wrong(path, parsed.line("intents", number, "name"), f"there are two intents {intent.name}.")
        intents[intent.name.casefold()] = number
        for utterance in intent.utterances:
            line = line_with(parsed.text, utterance, start)
            words = normalised(utterance)
            if not words:
                findings.wrong(path, line, f"{intent.name}: {utterance!r} has no words.")
            elif said.setdefault(words, intent.name) != intent.name:
                says = f"{utterance!r} is said in {said[words]} and in {intent.name}: which is it?"
                findings.wrong(path, line, says, "Take it out of one of them")


def line_with(text: str, quoted: str, start: int) -> int:
    """Return the line, at `start` or later, that has a string; `start` where none has."""
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if number >= start and quoted in line), start)


def _files(tables: Tables, findings: Findings) -> None:
    """Warn of files of languages that are not named: nothing reads them."""
    languages = tables.declared.bot.languages
    for stem in ("chatbot", "wording"):
        for path in sorted((tables.folder / "bot").glob(f"{stem}.*.toml")):
            language = path.name.split(".")[1]
            if language not in languages:
                says = f"{language} is not one of the languages ({', '.join(languages)}): nothing reads this file."
                findings.warn(path, None, says, "Name it in twbot.toml: [bot] languages, or remove the file")
