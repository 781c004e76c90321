"""Text files are read with any byte order mark: PowerShell's `>` and Notepad write them."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.text_files import decode_text

MARKS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\0")))
@pytest.mark.parametrize("encoding", MARKS)
def test_reads_what_was_written(encoding: str, text: str) -> None:
    """The text itself, without the mark."""
    assert decode_text(MARKS[encoding] + text.encode(encoding)) == text


def test_what_is_no_text_is_said() -> None:
    """As an error that callers put into words, or by a mark in the text where they ask for it."""
    with pytest.raises(UnicodeDecodeError):
        decode_text(b"\xff")
    assert decode_text(b"a\xff", errors="replace") == "a\N{REPLACEMENT CHARACTER}"
