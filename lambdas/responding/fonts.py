"""Fonts for any name: Noto Sans for the scripts it covers, and a Latin transliteration for all others."""

from __future__ import annotations

import functools
import importlib.resources
import re

from anyascii import anyascii
from PIL import ImageFont

# The script in the name of Noto's file, by the code points that need it.
SCRIPTS = (
    (range(0x0530, 0x0590), "Armenian"),
    (range(0x0590, 0x0600), "Hebrew"),
    (range(0x0600, 0x0780), "Arabic"),
    (range(0x0900, 0x0980), "Devanagari"),
    (range(0x0980, 0x0A00), "Bengali"),
    (range(0x0A00, 0x0A80), "Gurmukhi"),
    (range(0x0A80, 0x0B00), "Gujarati"),
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


def font_for(text: str, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return the text as it can be drawn, and the font that has all of its characters."""
    for script in ("", *(name for _, name in SCRIPTS)):
        if all(character.isspace() or _draws(script, ord(character)) for character in text):
            return text, _font(script, size)
    return SYLLABLES.sub(" ", anyascii(text)), _font("", size)


def _draws(script: str, code_point: int) -> bool:
    if not script:
        return any(code_point in block for block in LATIN_GREEK_CYRILLIC)
    return any(code_point in block for block, name in SCRIPTS if name == script)


@functools.lru_cache(maxsize=64)
def _font(script: str, size: int) -> ImageFont.FreeTypeFont:
    file = importlib.resources.files("manimgx_fonts").joinpath(f"NotoSans{script}[wght].ttf")
    with importlib.resources.as_file(file) as path:
        font = ImageFont.truetype(path, size)
    # Semibold: legible at small sizes on a dark label.
    font.set_variation_by_axes([600])
    return font
