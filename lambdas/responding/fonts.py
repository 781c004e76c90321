"""Fonts for any name: Noto Sans for the scripts it covers, and a Latin transliteration for all others."""

from __future__ import annotations

import functools
import importlib.resources
import re
import unicodedata
from collections.abc import Iterator

from anyascii import anyascii
from PIL import ImageFont, features

# The script in the name of Noto's file, by the code points that need it.
SCRIPTS = (
    (range(0x0530, 0x0590), "Armenian"),
    (range(0x0590, 0x0600), "Hebrew"),
    (range(0x0600, 0x0780), "Arabic"),
    (range(0x0900, 0x0980), "Devanagari"),
    (range(0x0980, 0x0A00), "Bengali"),
    (range(0x0A00, 0x0A80), "Gurmukhi"),
    (range(0x0A80, 0x0B00), "Gujarati"),
    (range(0x0B00, 0x0B80), "Oriya"),
    (range(0x0B80, 0x0C00), "Tamil"),
    (range(0x0C00, 0x0C80), "Telugu"),
    (range(0x0C80, 0x0D00), "Kannada"),
    (range(0x0D00, 0x0D80), "Malayalam"),
    (range(0x0D80, 0x0E00), "Sinhala"),
    (range(0x0E00, 0x0E80), "Thai"),
    (range(0x0E80, 0x0F00), "Lao"),
    (range(0x1000, 0x10A0), "Myanmar"),
    (range(0x10A0, 0x1100), "Georgian"),
    (range(0x1200, 0x13A0), "Ethiopic"),
    (range(0x1780, 0x1800), "Khmer"),
)
# anyascii transliterates Chinese without spaces: ZhangYiMou.
SYLLABLES = re.compile(r"(?<=[a-z])(?=[A-Z])")
LATIN_GREEK_CYRILLIC = (range(0x20, 0x7F), range(0xA0, 0x0530), range(0x1E00, 0x2070), range(0x20A0, 0x20C0))


# These are drawn letter by letter from left to right. All other scripts join letters, place marks or run from right to
# left, for which Pillow needs raqm: https://pillow.readthedocs.io/en/stable/reference/features.html
SIMPLE_SCRIPTS = frozenset({"Armenian", "Georgian", "Ethiopic"})
# Marks that look alike. Noto's fonts of single scripts have one or the other, if any.
ALIKE = ("-\u2010\u2011\u2013\u05be", "'\u2019\u02bc\u05f3\u00b4")
JOINERS = frozenset("\u200c\u200d\u200e\u200f\u2060")
# A character that no font has: it shows what a font draws for such a one.
_NO_CHARACTER = "\U0010fffe"


def font_for(text: str, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return the text as it can be drawn, and the font that has all of its characters."""
    for spelling in _spellings(text):
        for script in ("", *_scripts()):
            if (written := _written(spelling, script)) is not None:
                return written, _font(script, size)
    readable = "".join(character for character in text if character not in JOINERS)
    return SYLLABLES.sub(" ", anyascii(readable)), _font("", size)


def _spellings(text: str) -> tuple[str, str]:
    """Return the text, and with ordinary letters for the shapes of letters that old programs write."""
    # Without raqm no mark finds its place above its letter: what has a character of its own is drawn by that.
    whole = text if features.check("raqm") else unicodedata.normalize("NFC", text)
    return whole, unicodedata.normalize("NFKC", text)


def _scripts() -> list[str]:
    """Return the scripts that can be drawn here. Pillow loads a part of raqm at run time, and may not find it."""
    shapes = features.check("raqm")
    return [name for _, name in SCRIPTS if shapes or name in SIMPLE_SCRIPTS]


def _written(text: str, script: str) -> str | None:
    """Return the text in the characters that the script's font has; None where it has none for one of them."""
    found = [_character(each, script) for each in text]
    return None if None in found else "".join(each or "" for each in found)


def _character(character: str, script: str) -> str | None:
    if character.isspace() or _is_in(script, ord(character)):
        return character
    if character in JOINERS:
        # Raqm draws nothing for a joiner, whether or not the font has it.
        return character if features.check("raqm") else ""
    if unicodedata.category(character) in ("Ll", "Lu", "Lt", "Lo", "Mn", "Mc"):
        return None
    # Punctuation and digits belong to every script.
    return next((each for each in _alike(character, script) if _has_glyph(script, each)), None)


def _alike(character: str, script: str) -> Iterator[str]:
    yield character
    yield from next((group for group in ALIKE if character in group), "")
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        own = (chr(code_point) for block, name in SCRIPTS if name == script for code_point in block)
        yield from (each for each in own if unicodedata.decimal(each, None) == digit)


def _is_in(script: str, code_point: int) -> bool:
    if not script:
        return any(code_point in block for block in LATIN_GREEK_CYRILLIC)
    return any(code_point in block for block, name in SCRIPTS if name == script)


@functools.lru_cache(maxsize=1024)
def _has_glyph(script: str, character: str) -> bool:
    font = _font(script, 24)
    drawn, missing = font.getmask(character), font.getmask(_NO_CHARACTER)
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


@functools.lru_cache(maxsize=64)
def _font(script: str, size: int) -> ImageFont.FreeTypeFont:
    file = importlib.resources.files("manimgx_fonts").joinpath(f"NotoSans{script}[wght].ttf")
    with importlib.resources.as_file(file) as path:
        font = ImageFont.truetype(path, size)
    # Semibold: legible at small sizes on a dark label.
    font.set_variation_by_axes([600])
    return font
