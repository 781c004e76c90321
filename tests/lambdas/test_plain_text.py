"""A stranger's text is one harmless line wherever it is shown, and words and emoji look as they were meant."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.plain_text import NOT_PLAIN, REPLACEMENT, one_line, plain, replacements

# Arabic signs that enclose the digits after them are of the category of format characters, and are seen.
# https://www.unicode.org/reports/tr44/#Prepended_Concatenation_Mark
SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
ODD = st.text(
    st.one_of(
        st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn"]),
        st.sampled_from("a b\u0628\u0915\u094d\U0001f469\u2764\ufe0f\u200d\u200c\U0001f3fb=@\r\n"),
    ),
    max_size=20,
)


def test_all_characters_of_format_and_control_are_known() -> None:
    """Of this Python's Unicode: what a later one adds shows in this test."""
    left = [
        f"U+{number:04X}"
        for number in range(sys.maxunicode + 1)
        if unicodedata.category(character := chr(number)) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
        and character not in SEEN
        and not NOT_PLAIN.match(character)
    ]
    assert left == []


@given(ODD)
def test_is_one_line_without_controls(text: str) -> None:
    """Whatever is in it: nothing that a terminal obeys, no line end, no tag, no change of direction."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    for character in line:
        assert unicodedata.category(character) not in {"Cc", "Zl", "Zp", "Cs"}
        assert character in SEEN | {"\u200c", "\u200d"} or unicodedata.category(character) != "Cf"
        assert not "\U000e0000" <= character <= "\U000e007f"
    line.encode()


@given(ODD)
def test_is_harmless_at_once(text: str) -> None:
    """What was made harmless is left as it is, a joiner beside what was left out apart."""
    twice = one_line(one_line(text))
    assert one_line(twice) == twice


@given(ODD)
def test_the_replacements_make_the_line(text: str) -> None:
    """For whoever moves styles along with it."""
    made, end = "", 0
    for start, after, fresh in replacements(text):
        made, end = made + text[end:start] + fresh, after
    assert made + text[end:] == one_line(text)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "schön – “quoted” €5",
        "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL} a family",
        "\N{WOMAN}\U0001f3fd\u200d\N{ROCKET} with a skin tone",
        "\N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE} on fire",
        "\N{WAVING WHITE FLAG}\ufe0f\u200d\N{RAINBOW}",
        "\N{RUNNER}\u200d\u2642\ufe0f",
        "1\ufe0f\u20e3 a keycap",
        "می\u200cخواهم، علی\u200cرضا",
        "क्\u200dष क्\u200cष",
        "র\u200d্য",
        "ක්\u200dෂ",
        "葛\U000e0100城",
    ],
)
def test_what_is_needed_stays(text: str) -> None:
    """Emoji sequences, Persian words, Indic conjuncts, variants of an ideograph."""
    assert one_line(text) == text
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\r\nc\rd\x0be\x0cf\x85g\u2028h\u2029i\tj", "a b c d e f g h i j"),
        ("\x1b[31mred\x9b2J\x07", f"{REPLACEMENT}[31mred{REPLACEMENT}2J{REPLACEMENT}"),
        ("\u202egpj.exe\u202c \u2066x\u2069", f"{REPLACEMENT}gpj.exe{REPLACEMENT} {REPLACEMENT}x{REPLACEMENT}"),
        ("\u200eL\u200fR\u061cA", "LRA"),
        ("z\u200bw\u2060j\ufeffb\u00ads\u180e", "zwjbs"),
        ("pay\u200cpal pay\u200dpal \u200da \u200c", "paypal paypal a "),
        ("hi\U000e0041\U000e0042", "hi"),
        ("x\ufe0f\ufe0f\ufe0f", "x\ufe0f"),
        ("half \ud83d", f"half {REPLACEMENT}"),
        ("\u3164\u115f\uffa0", ""),
    ],
)
def test_what_goes(text: str, line: str) -> None:
    """Line ends become blanks, controls are marked, what is invisible is left out."""
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\r\nthree\u2028four", "two\nlines\nthree\nfour"),
        ("a\x1b[31mb\x00c\u202ed\u200fe\U000e0041f", "a[31mbcdef"),
        ("\n\n", "\n"),
        ("", ""),
    ],
)
def test_of_mails_and_alt_texts_the_lines_stay(text: str, shown: str) -> None:
    """And nothing marks what went: there is no terminal to warn of."""
    assert plain(text) == shown
