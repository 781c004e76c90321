"""Reads text files as people have them: with a byte order mark, or in UTF-16 as PowerShell's `>` writes them."""

from __future__ import annotations

import codecs

# Longer marks first: UTF-32's begins as UTF-16's does. https://www.unicode.org/faq/utf_bom.html#bom4
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def encoding_of(beginning: bytes) -> str:
    """Return the encoding that a byte order mark names; UTF-8 without one."""
    return next((name for mark, name in _ENCODINGS.items() if beginning.startswith(mark)), "utf-8")


def decode_text(content: bytes, *, errors: str = "strict") -> str:
    """Return a file's text, without a byte order mark. Raises UnicodeDecodeError, unless `errors` says otherwise."""
    return content.decode(encoding_of(content), errors)
