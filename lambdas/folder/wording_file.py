"""Reads bot/wording.<language>.toml: sentences by their names, which must be names of shipped ones."""

from __future__ import annotations

import functools
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.toml_file import line_of, read_toml
from twbot.lambdas.nearest import near
from twbot.lambdas.text_files import decode_text

# https://cldr.unicode.org/index/cldr-spec/plural-rules
CATEGORIES = ("zero", "one", "two", "few", "many", "other")
NAMES = "See all names and their sentences: twbot wording"
FOLDER = Path(__file__).parents[1] / "default_bot" / "bot"


@functools.cache
def shipped(language: str) -> Mapping[str, str]:
    """Return the sentences that twbot ships in a language (ISO 639-1), by their names; none for another language."""
    path = FOLDER / f"wording.{language}.toml"
    return dict(_flat(read_toml(path, dict[str, Any]))) if path.is_file() else {}


def read_wording(path: Path) -> dict[str, str]:
    """Return the file's sentences by their names. Raises TwbotError: file, line, fault."""
    found = dict(_flat(read_toml(path, dict[str, Any])))
    for line, says in wording_faults(path, found):
        raise TwbotError(f"{path}:{line}: {says}", NAMES)
    return found


def wording_faults(path: Path, found: Mapping[str, Any] | None = None) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with a file's sentences, with their lines. Raises TwbotError where it is no TOML."""
    sentences = dict(_flat(read_toml(path, dict[str, Any]))) if found is None else found
    for name, sentence in sentences.items():
        if fault := _fault(name, sentence):
            yield line_of(decode_text(path.read_bytes()), f"$.{name}"), f"{name}: {fault}"


def base_of(name: str) -> str:
    """Return the name without its plural category."""
    base, _, category = name.rpartition(".")
    return base if base and category in CATEGORIES else name


@functools.cache
def placeholders() -> Mapping[str, frozenset[str]]:
    """Return the names of what is filled into each sentence, by the sentence's name without a plural category."""
    found: dict[str, set[str]] = {}
    for name, sentence in shipped("en").items():
        found.setdefault(base_of(name), set()).update(field for field in _fields(sentence) if field)
    return {name: frozenset(fields) for name, fields in found.items()}


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    # An unquoted `strangers.one = …` is a table within a table.
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _fault(name: str, sentence: object) -> str | None:
    base, known = base_of(name), placeholders()
    if base not in known:
        found = near(base, known, cutoff=0.5)
        return "there is no such sentence" + (f": did you mean `{found[0]}`?" if found else ".")
    if (name != base) != (f"{base}.other" in shipped("en")):
        is_plural = name == base
        return f"it depends on a number: write `{base}.other`." if is_plural else f"it is `{base}`, for every number."
    if not isinstance(sentence, str) or not sentence.strip():
        return f"expected a sentence, got {sentence!r:.60}."
    try:
        fields = set(_fields(sentence))
    except ValueError as error:
        return f"{error}. A brace that is to be shown is written twice: {{{{"
    if unknown := fields - known[base]:
        possible = ", ".join(f"{{{each}}}" for each in sorted(known[base])) or "nothing"
        return f"{{{min(unknown)}}} is not filled in here; possible: {possible}."
    return None


def _fields(sentence: str) -> Iterator[str]:
    """Yield the names within braces. Raises ValueError for braces that enclose none."""
    for _, field, form, conversion in string.Formatter().parse(sentence):
        if field is not None:
            yield field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
