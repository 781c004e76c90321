"""Makes a stranger's text harmless where it is shown: no control characters, nothing invisible, no lines of its own.

Which characters, and why some invisible ones stay: docs/decisions/0013-this-machine-and-what-comes-from-outside.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Line ends, as str.splitlines() knows them, and tabs.
_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"
# What terminals obey, what turns the text after it, and halves of surrogate pairs.
# https://www.unicode.org/reports/tr9/
_ACTIVE = "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
# Unicode's Default_Ignorable_Code_Point, and the annotations beside it: they show nothing, and can hide text.
# https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
NOT_PLAIN = re.compile(f"\r\n|[{_BLANKS}{_ACTIVE}{_INVISIBLE}]")
_JOINERS = "\u200c\u200d"
_VIRAMA = 9  # the combining class: https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_BEFORE_JOINER = re.compile(f"([^{_SKIN_TONES}])[\ufe0e\ufe0f{_SKIN_TONES}]*$")


def one_line(text: str) -> str:
    """Return the text as one harmless line, for a terminal or a cell of a table.

    Line ends and tabs become blanks, control characters U+FFFD; what is invisible is left out, but joiners and
    variation selectors within an emoji or a word that needs them.
    """
    return NOT_PLAIN.sub(_plain, text)


def plain(text: str) -> str:
    """Return the text without control, directional and invisible characters, for mails, alt texts and their like.

    Line ends stay, each as a newline.
    """
    lines = (_ACTIVE_CHARACTERS.sub("", line.replace("\t", " ")) for line in text.splitlines())
    return "\n".join(map(one_line, lines))


def replacements(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, replacement) of each place that `one_line` replaces."""
    for found in NOT_PLAIN.finditer(text):
        if (fresh := _plain(found)) != found[0]:
            yield found.start(), found.end(), fresh


_ACTIVE_CHARACTERS = re.compile(f"[{_ACTIVE}]")


def _plain(found: re.Match[str]) -> str:
    character, at, text = found[0], found.start(), found.string
    if character[0] in _BLANKS:
        return " "
    if _ACTIVE_CHARACTERS.match(character):
        return REPLACEMENT
    if character in _JOINERS and 0 < at < len(text) - 1:
        return character if _joins(text, at) else ""
    if _SELECTOR.match(character) and at and not text[at - 1].isspace() and not NOT_PLAIN.match(text[at - 1]):
        return character
    return ""


def _joins(text: str, at: int) -> bool:
    """Return whether the joiner at this place changes how its neighbours look, as RFC 5892 has it, or joins emoji.

    https://datatracker.ietf.org/doc/html/rfc5892#appendix-A
    """
    before, after = text[at - 1], text[at + 1]
    if _VIRAMA in (unicodedata.combining(before), unicodedata.combining(after)):
        return True
    # A run of vowel signs may stand between an Arabic letter and the joiner; few are enough for any word.
    letters = [each for each in text[max(0, at - 4) : at] if not unicodedata.combining(each)]
    if letters and unicodedata.bidirectional(letters[-1]) == unicodedata.bidirectional(after) == "AL":
        return True
    emoji = _BEFORE_JOINER.search(text, max(0, at - 4), at)
    return text[at] == "\u200d" and emoji is not None and _is_emoji(emoji[1]) and _is_emoji(after)


def _is_emoji(character: str) -> bool:
    # By block, too: this Python may not know the newest yet.
    return unicodedata.category(character) == "So" or "\U0001f000" <= character <= "\U0001faff"
