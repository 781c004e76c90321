"""Finds names in posts by the lists data/*names.txt and data/places.txt: in lower case and in hashtags, too.

Also tells of words that are no names, by data/words.txt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from twbot.local.models.loading import loads_once

DATA = Path(__file__).parent / "data"
# What a listed name starts with: an ordinary word, too; to be written exactly so; a first name, too.
MARKED, EXACT, NAMESAKE = "*", "=", "+"
# Headings of data/names.txt and data/first_names.txt that say more than a type.
TEAM, FIRST_NAME = "ORGANIZATION team", "PERSON first name"
# Characters before a name that tell what it is.
NEAR = 40
_HEADING = re.compile(r"\[(.+)\]")
_WORD = re.compile(r"\w+")
_WITHIN_ADDRESS = re.compile(r"\w[./]$")
_CAPITALISED_NEXT = re.compile(r" (?!I\b)[^\W\d_a-z]\w")
_SENTENCE_END = re.compile(r"(?:^|[.!?…:\n\"“(])\W*$")
# What is said of sport: a town is then its team, and "go chiefs" needs no capital.
_SPORT = re.compile(
    r"\b(?:beat|beats|vs|match|goals?|scored?|drew|striker|midfield(?:er)?|defender|goalkeeper|keeper|penalty|offside"
    r"|half ?time|full ?time|kick ?off|extra time|league|cup|derby|playoffs?|quarterback|touchdown|home run|inning"
    r"|season|squad|coach|manager|fans|relegat\w+|fixture|transfer|signing|away days?)\b|\b\d{1,2} ?[-–] ?\d{1,2}\b"
)
_WHERE = re.compile(r"\b(?:in|from|to|at|near|around|across|through|visit|visiting|leaving|outside|via)\s+$")
_CHEER = re.compile(r"\b(?:go|vs|v|beat)\W+(?:the\s+)?$")


class Name(NamedTuple):
    """A name in a text. `begin` and `end` count characters; `end` is exclusive.

    `listed` is how the list has it, without `mark`. `certain`: the way it is written says that it is a name; otherwise
    another sign is needed.
    """

    type: str
    text: str
    begin: int
    end: int
    listed: str
    mark: str
    certain: bool


class _Listed(NamedTuple):
    heading: str
    text: str
    mark: str


class _Lists(NamedTuple):
    """`names` are by their folded form, `glued` by the form without blanks, as in hashtags; `words` is the longest."""

    names: dict[str, list[_Listed]]
    glued: dict[str, list[_Listed]]
    words: dict[str, int]


def find_names(text: str) -> list[Name]:
    """Return the names in the order of the text: the longest first, none within another."""
    post, lists = _Post(text), _lists()
    words = [(found.start(), found.end()) for found in _WORD.finditer(post.folded)]
    found, at = list[Name](), 0
    while at < len(words):
        name, used = _longest(post, words, at, lists)
        if name is not None:
            found.append(name)
        at += used
    return found


def starts_sentence(text: str, begin: int) -> bool:
    """Tell whether a capital there says nothing."""
    return _SENTENCE_END.search(_before(text, begin)) is not None


def is_ordinary(word: str) -> bool:
    """Tell whether it is one of the 10,000 words that are met most, in any case."""
    return word.lower() in _ordinary()


def may_begin_name(word: str) -> bool:
    """Tell whether any listed name begins with the word, in any case."""
    return fold(word) in _lists().words


def _before(text: str, begin: int) -> str:
    """Return what stands close before. Looking at all of it for each name takes .3 s with the longest post."""
    return text[max(0, begin - NEAR) : begin]


def fold(text: str) -> str:
    """Return the text in lower case without accents, as many characters long."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFKD", each)[0].lower()[0] for each in text).replace("’", "'")


class _Post:
    """A text, and what all of it says of the names in it."""

    def __init__(self, text: str) -> None:
        self.text, self.folded = text, fold(text)

    @cached_property
    def shouts(self) -> bool:
        """Tell whether capitals say nothing here: all letters are, or nearly all words start with one."""
        words = [word for word in _WORD.findall(self.text) if word[0].isalpha() and len(word) > 3]
        return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.8 * len(words)

    @cached_property
    def sporty(self) -> bool:
        return _SPORT.search(self.folded) is not None

    def before(self, begin: int) -> str:
        return _before(self.folded, begin)


def _longest(post: _Post, words: list[tuple[int, int]], at: int, lists: _Lists) -> tuple[Name | None, int]:
    """Return the longest name that starts with the word, and how many words to go on by."""
    begin, end = words[at]
    if begin and post.text[begin - 1] == "#" and (listed := lists.glued.get(post.folded[begin:end])):
        return _name(post, listed, begin, end), 1
    for size in range(min(lists.words.get(post.folded[begin:end], 0), len(words) - at), 0, -1):
        end = words[at + size - 1][1]
        listed = lists.names.get(" ".join(post.folded[begin:end].split()))
        if listed and (name := _name(post, listed, begin, end)):
            return name, size
    return None, 1


def _name(post: _Post, listed: list[_Listed], begin: int, end: int) -> Name | None:
    """Return what is written there if the way it is written lets it be a name."""
    written = post.text[begin:end]
    each = _sense(post, listed)
    if (each.mark == EXACT and written != each.text) or _WITHIN_ADDRESS.search(post.before(begin)):
        return None
    certain = each.mark not in (MARKED, NAMESAKE) or _cheered(post, each, begin)
    if not certain:
        if not _capitalised(written, each.text):
            return None
        certain = _meant(post, each, begin, end)
    return Name(each.heading.split()[0], written, begin, end, each.text, each.mark, certain)


def _cheered(post: _Post, each: _Listed, begin: int) -> bool:
    return each.heading == TEAM and _CHEER.search(post.before(begin)) is not None


def _meant(post: _Post, each: _Listed, begin: int, end: int) -> bool:
    """Tell whether a word's capital makes it this name."""
    if each.mark == NAMESAKE:
        return _WHERE.search(post.before(begin)) is not None
    if each.heading == TEAM and not post.text[begin:end].isupper() and post.sporty:
        return True
    if _CAPITALISED_NEXT.match(post.text, end):  # a part of a longer name, or of a heading
        return False
    return not (post.shouts or starts_sentence(post.folded, begin))


def _sense(post: _Post, listed: list[_Listed]) -> _Listed:
    """Choose between a team and its town, which bear one name."""
    team = next((each for each in listed if each.heading == TEAM), None)
    others = [each for each in listed if each is not team]
    return team if team and (not others or post.sporty) else others[0]


def _capitalised(written: str, listed: str) -> bool:
    """Tell whether each word has a capital where the list's has one."""
    pairs = zip(_WORD.findall(written), _WORD.findall(listed), strict=True)
    return all(ours[0].isupper() or not theirs[0].isupper() for ours, theirs in pairs)


@loads_once
def _lists() -> _Lists:
    lists = _Lists({}, {}, {})
    for heading, name in listed_names():
        mark = MARKED if heading == FIRST_NAME else name[0] if name[0] in MARKED + EXACT + NAMESAKE else ""
        each = _Listed(heading, name.removeprefix(mark), mark)
        key = fold(each.text).strip(".!+")
        lists.names.setdefault(key, []).append(each)
        if " " in key and not mark:
            lists.glued.setdefault(re.sub(r"\W", "", key), []).append(each)
        words = _WORD.findall(key)
        lists.words[words[0]] = max(lists.words.get(words[0], 0), len(words))
    return lists


@loads_once
def _ordinary() -> frozenset[str]:
    lines = (DATA / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def listed_names() -> Iterator[tuple[str, str]]:
    """Yield each line's heading and name, with its mark, from all lists."""
    for file in ("names.txt", "places.txt", "first_names.txt"):
        heading = ""
        for line in (DATA / file).read_text(encoding="utf-8").splitlines():
            if found := _HEADING.fullmatch(line):
                heading = found[1]
            elif line and not line.startswith("#"):
                yield from ((heading, name.strip()) for name in line.split(","))
