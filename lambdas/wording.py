"""What the bot says: its sentences by their names, in the language of whom it speaks to.

Each is that of the folder's bot/wording.<language>.toml, else the shipped one of this language, else of English.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Sequence

from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.wording_file import shipped
from twbot.lambdas.plurals import plural_category

_PROBLEM = "problem-"


def say(name: str, language: str | None = None, /, **values: object) -> str:
    """Return a sentence with the values in their places.

    language: as of a post, ISO 639-1; the bot may not have it, None where it is unknown
    values: `count` chooses the form of a sentence that depends on a number
    """
    folder = bot_folder()
    return sentence(name, folder.language_of(language), values.get("count")).format_map(values)


def sentence(name: str, language: str, count: object = None) -> str:
    """Return a sentence in a language of the bot with its braces. Raises KeyError for an unknown name."""
    found = sentences(language)
    if name in found:
        return found[name]
    category = plural_category(language, count if isinstance(count, int) else 0)
    return found.get(f"{name}.{category}") or found[f"{name}.other"]


def sentences(language: str) -> dict[str, str]:
    """Return all sentences as the bot says them in one of its languages, by their names."""
    own = bot_folder().wordings
    base = language.partition("-")[0]
    return {**shipped("en"), **shipped(base), **own.get(base, {}), **own.get(language, {})}


def listed(words: Sequence[str], language: str | None = None, *, last: str = "and") -> str:
    """Join words as in: A, B and C. `last`: the sentence that joins the last one."""
    text = "".join(words[:1])
    for number, word in enumerate(words[1:], start=2):
        text = say(last if number == len(words) else "comma", language, list=text, item=word)
    return text


def translated_problem(problem: str, language: str | None = None) -> str:
    """Return in a language what an event says in English about a picture; as it is where it is no such sentence."""
    for name, pattern in _problems():
        if found := pattern.fullmatch(problem):
            return say(name, language, **found.groupdict())
    return problem


@functools.cache
def _problems() -> list[tuple[str, re.Pattern[str]]]:
    """Return a pattern for each shipped problem: it matches what the sentence becomes with values."""
    return [(name, _pattern(text)) for name, text in shipped("en").items() if name.startswith(_PROBLEM)]


def _pattern(text: str) -> re.Pattern[str]:
    parts = string.Formatter().parse(text)
    return re.compile(
        "".join(re.escape(before) + (f"(?P<{field}>.+)" if field else "") for before, field, _, _ in parts)
    )
