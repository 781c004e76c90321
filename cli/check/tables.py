"""Reads the TOML files of a bot's folder with all their faults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from twbot.cli.check.findings import Findings
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import FILE, read_folder
from twbot.lambdas.folder.records import ChatbotFile, EventFields, File, Function, Limits
from twbot.lambdas.folder.toml_file import SEE_CHECK, Parsed, parse_toml

T = TypeVar("T")
_PLACE = re.compile(r"^(?P<path>.+?\.\w+)(:(?P<line>\d+))?: (?P<says>.*)$", re.DOTALL)
_AT_LINE = re.compile(r"\(at line (?P<line>\d+), column \d+\)$")


class Use(NamedTuple):
    """A function of the folder, and where it is named."""

    run: Function
    path: Path
    line: int
    limits: Limits
    rule: str | None = None
    """The rule whose function it is."""


class Tables:
    """What the folder's TOML files say, as far as they are right."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self.folder, self._findings = folder, findings
        self.path = folder / FILE
        self.file = self.read(self.path, File)
        self.declared = (self.file and self.file.value) or File()
        self.chatbots = {
            path: parsed for path in sorted((folder / "bot").glob("chatbot*.toml")) if (parsed := self._chatbot(path))
        }
        self.events_path = folder / "bot" / "events.toml"
        self.events = self.read(self.events_path, EventFields)

    def read(self, path: Path, as_type: type[T]) -> Parsed[T] | None:
        """Return a file, and note its faults; None where it is not there, or no TOML."""
        try:
            parsed = parse_toml(path, as_type)
        except FileNotFoundError:
            return None
        except TwbotError as error:
            note_error(error, path, self._findings)
            return None
        for fault in parsed.faults:
            self._findings.wrong(path, fault.line, fault.says)
        return parsed

    def line(self, *place: str | int) -> int:
        """Return the line of a place in twbot.toml."""
        return self.file.line(*place) if self.file else 1

    def functions(self) -> list[Use]:
        """Return the functions that the tables name, in their order."""
        found = [
            Use(each.run, self.path, self.line("rules", number, "run"), each, each.name)
            for number, each in enumerate(self.declared.rules)
            if each.run
        ]
        answers = self.declared.answers
        for key, names in (("texts", answers.texts), ("images", answers.images)):
            found += [Use(run, self.path, self.line("answers", key), answers) for run in names]
        found += [
            Use(each.run, self.path, self.line("steps", number, "run"), each)
            for number, each in enumerate(self.declared.steps)
        ]
        for path, parsed in self.chatbots.items():
            intents = parsed.value.intents if parsed.value else []
            found += [
                Use(each.run, path, parsed.line("intents", number, "run"), answers)
                for number, each in enumerate(intents)
                if each.run
            ]
        return found

    def secrets(self) -> list[tuple[int, str]]:
        """Return the secrets that the tables name, each with its line, once."""
        found: dict[str, int] = {}
        for table, items in (("rules", self.declared.rules), ("steps", self.declared.steps)):
            for number, each in enumerate(items):
                for name in each.secrets:
                    found.setdefault(name, self.line(table, number, "secrets"))
        for name in self.declared.answers.secrets:
            found.setdefault(name, self.line("answers", "secrets"))
        if self.declared.llm and self.declared.llm.key:
            found.setdefault(self.declared.llm.key, self.line("llm", "key"))
        return [(line, name) for name, line in found.items()]

    def _chatbot(self, path: Path) -> Parsed[ChatbotFile] | None:
        return self.read(path, ChatbotFile)


def check_as_it_runs(tables: Tables, findings: Findings) -> None:
    """Read the folder as the bot does, where nothing else is wrong: what it refuses is wrong, whatever it is."""
    if any(each.level == "wrong" for each in findings.all()):
        return
    try:
        read_folder(tables.folder)
    except TwbotError as error:
        note_error(error, tables.path, findings)


def note_error(error: TwbotError, path: Path, findings: Findings) -> None:
    """Note an error whose text begins with `path:line:`, as those of lambdas/folder/ do."""
    place = _PLACE.match(str(error))
    line: Any = place and place["line"]
    says = place["says"] if place else str(error)
    if not line and (at := _AT_LINE.search(says)):
        line = at["line"]
    found = Path(place["path"]) if place else path
    hint = None if error.hint == SEE_CHECK else error.hint
    findings.wrong(found if found.is_absolute() else path, int(line) if line else None, says, hint)
