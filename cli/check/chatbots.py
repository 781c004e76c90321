"""Checks the chatbots: their intents against each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from twbot.cli.check.findings import Findings
from twbot.cli.check.tables import Tables, note_error
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import LANGUAGE
from twbot.lambdas.folder.records import ChatbotFile
from twbot.lambdas.folder.toml_file import Parsed
from twbot.lambdas.folder.wording_file import NAMES, wording_faults
from twbot.lambdas.responding.lex_limits import Problem, locale_of, problems


def check_chatbots(tables: Tables, findings: Findings) -> None:
    """Check each language's chatbot against Lex and its intents against each other, and the wording."""
    languages = tables.declared.bot.languages
    for path, parsed in tables.chatbots.items():
        if parsed.value is not None:
            language = path.name.split(".")[1] if path.name.count(".") == 2 else languages[0]
            if language in languages:
                _lex(path, parsed, problems(parsed.value, language), tables, findings)
            _intents(path, parsed, parsed.value, findings)
    _languages(tables, findings)
    _locales(tables, findings)
    _files(tables, findings)


def _lex(path: Path, parsed: Parsed[ChatbotFile], found: Iterable[Problem], tables: Tables, findings: Findings) -> None:
    """Note what Lex would refuse, each at its line."""
    names = [each.name for each in parsed.value.intents] if parsed.value else []
    for each in found:
        if each.intent is None:
            findings.wrong(tables.path, tables.line("bot", "languages"), each.problem)
            continue
        line = parsed.line("intents", names.index(each.intent), "name")
        if each.utterance is not None:
            line = line_with(parsed.text, each.utterance, line)
        findings.wrong(path, line, f"{each.intent}: {each.problem}")


def _languages(tables: Tables, findings: Findings) -> None:
    """Note languages that are none, and those without a chatbot."""
    languages = tables.declared.bot.languages
    names = {path.name for path in (tables.folder / "bot").glob("chatbot*.toml")}
    line = tables.line("bot", "languages")
    for language in languages:
        is_first = language == languages[0]
        if not LANGUAGE.fullmatch(language):
            says = f"bot.languages: {language!r} is no language: ISO 639-1, such as de."
            findings.wrong(tables.path, line, says)
        elif f"chatbot.{language}.toml" not in names and not (is_first and (not names or "chatbot.toml" in names)):
            hint = f"Write bot/chatbot.{language}.toml, or take {language} out of the languages"
            findings.wrong(tables.path, line, f"bot.languages: {language} has no chatbot.", hint)


def _locales(tables: Tables, findings: Findings) -> None:
    """Note languages that are one to Lex."""
    found: dict[str, str] = {}
    for language in tables.declared.bot.languages:
        locale = locale_of(language)
        if locale is not None and found.setdefault(locale, language) != language:
            says = f"{found[locale]} and {language} are the same to Lex ({locale})."
            findings.wrong(tables.path, tables.line("bot", "languages"), says, "Take one of them out of bot.languages")


def normalised(text: str) -> str:
    """Return an utterance as it is compared: case, punctuation and spaces aside, as Lex does."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(each if each.isalnum() else " " for each in folded).split())


def _intents(path: Path, parsed: Parsed[ChatbotFile], chatbot: ChatbotFile, findings: Findings) -> None:
    """Note what two intents have in common but for punctuation, which Lex would take and nobody can tell apart."""
    said: dict[str, str] = {}
    for number, intent in enumerate(chatbot.intents):
        start = parsed.line("intents", number)
        for utterance in intent.utterances:
            words = normalised(utterance)
            owner = said.setdefault(words, intent.name)
            if words and owner != intent.name:
                says = f"{utterance!r} is said in {owner} and in {intent.name}: which is it?"
                findings.wrong(
                    path, line_with(parsed.text, utterance, start), says, "Take it out of one of them", once=True
                )


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
            elif stem == "wording":
                _wording(path, findings)


def _wording(path: Path, findings: Findings) -> None:
    try:
        for line, says in wording_faults(path):
            findings.wrong(path, line, says, NAMES)
    except TwbotError as error:
        note_error(error, path, findings)
