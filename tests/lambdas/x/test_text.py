"""Texts for X: as long as it takes, cut where people would, and without links of somebody else's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.x.grammar import parse_tweet
from twbot.lambdas.x.grammar import urls as urls_in
from twbot.lambdas.x.text import fit, neutralise, weight

FAMILY = "👨‍👩‍👧‍👦"
TEXTS = st.text(max_size=400) | st.lists(
    st.sampled_from(["word ", "日本 ", FAMILY, "🇨🇭", "é", "e\u0301", "http://a.com/path ", "x.com", "…", "\n"]),
    max_size=200,
).map("".join)


@given(TEXTS)
def test_what_is_fitted_fits(text: str) -> None:
    """Whatever comes in, X takes what goes out, unless there is nothing to say."""
    fitted = fit(text)
    assert not fitted or parse_tweet(fitted).valid


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=280))
def test_a_text_that_fits_stays_as_it_is(text: str) -> None:
    """But for space around it."""
    if parse_tweet(text).weightedLength <= 280:
        assert fit(text) == text.strip()


@given(st.text(st.characters(max_codepoint=0x7E), max_size=300) | st.just("http://a.to b.co/x"))
def test_the_short_cut_weighs_the_same(text: str) -> None:
    """Plain texts are weighed without the parser, to the same result."""
    assert weight(text) == parse_tweet(text).weightedLength


def test_a_long_text_ends_at_a_word() -> None:
    """With an ellipsis, and as many whole words as fit."""
    fitted = fit("seven words make one quite short sentence. " * 20)
    assert fitted.endswith("…")
    assert fitted[:-1].rsplit(" ", 1)[1] in {"seven", "words", "make", "one", "quite", "short", "sentence"}
    assert 270 <= weight(fitted) <= 280


def test_an_emoji_is_never_cut() -> None:
    """A family stays together: what is left of it would be other people."""
    fitted = fit(FAMILY * 200)
    assert fitted == FAMILY * 139 + "…"


def test_a_letter_keeps_its_marks() -> None:
    """A mark that has no composed form stays with its letter."""
    fitted = fit("ab" + "q\u0303" * 300)
    assert re.fullmatch("ab(q\u0303)+…", fitted)


def test_an_address_is_never_cut() -> None:
    """Half an address leads elsewhere; it counts 23, however long it is."""
    address = "http://a.com/" + "x" * 300
    assert fit(f"see {address}") == f"see {address}"
    assert fit("w" * 270 + "(" + address) == "w" * 270 + "(…"


HOSTILE = ["@victim", "＠victim", "mail a@b.com", "evil.com", "https://evil.com/x?y", "see http://t.co/abc.",
           "NYC.gov/x.com",
           "#spam", "＃spam", "$TSLA", "a.evil.com.evil.org", "x@evil.com@evil.com"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_becomes_a_link(text: str) -> None:
    """Not a mention, not a tag, not an address; and the words can still be read."""
    harmless = neutralise(text)
    assert not urls_in(harmless)
    assert not re.search(r"[@＠#＃]\w|\$[A-Za-z]", harmless)
    assert harmless.replace("\u200b", "") == text


@given(st.lists(st.sampled_from([*HOSTILE, ".", " ", "a", "com", "://", "/"]), max_size=8).map("".join))
def test_no_mixture_becomes_a_link(text: str) -> None:
    """However the pieces are put together."""
    assert not urls_in(neutralise(text))


def test_plain_words_are_left_alone() -> None:
    """Amounts, decimals, abbreviations, and the end of a sentence."""
    text = "It's $5 or 3.50, e.g. at 5 @ the bar. #1!"
    assert neutralise(text).replace("#\u200b1", "#1") == text
