"""What a check finds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

Level = Literal["wrong", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the bot's folder that is wrong, or may be."""

    file: str
    """Its path within the folder."""
    line: int | None
    """From 1; None where it is about the whole file."""
    level: Level
    says: str
    hint: str | None = None
    """What to do about it."""

    @property
    def place(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Findings:
    """Collects what is found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._all: dict[Finding, None] = {}

    def wrong(self, path: Path, line: int | None, says: str, hint: str | None = None, *, once: bool = False) -> None:
        """Note something wrong. `once`: not where something is wrong with that line already."""
        file = self._file(path)
        if once and any((each.file, each.line, each.level) == (file, line, "wrong") for each in self._all):
            return
        self._add(path, line, "wrong", says, hint)

    def warn(self, path: Path, line: int | None, says: str, hint: str | None = None) -> None:
        self._add(path, line, "warning", says, hint)

    def all(self) -> list[Finding]:
        """Return what was found by file and line, each once."""
        return sorted(self._all, key=lambda each: (each.file, each.line or 0, each.level != "wrong"))

    def _add(self, path: Path, line: int | None, level: Level, says: str, hint: str | None) -> None:
        self._all.setdefault(Finding(file=self._file(path), line=line, level=level, says=says, hint=hint))

    def _file(self, path: Path) -> str:
        return str(path.relative_to(self.folder) if path.is_relative_to(self.folder) else path)
