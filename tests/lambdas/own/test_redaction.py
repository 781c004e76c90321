"""No secret is in what functions print and log, however it is spelled."""

from __future__ import annotations

import base64
import html
import io
import itertools
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.own.redaction import HIDDEN, MAX_LINE, RedactedStream, Redactor

SECRET = 'p/ss"w\\örd+& 7%'
SPELLED = {
    "as it is": SECRET,
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "JSON with escaped slashes": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "JSON in JSON": json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
    "repr": repr(SECRET)[1:-1],
    "repr of bytes": repr(SECRET.encode())[2:-1],
    "URL": urllib.parse.quote(SECRET, safe=""),
    "URL path": urllib.parse.quote(SECRET),
    "URL, lower case": "p%2fss%22w%5c%c3%b6rd%2b%26%207%25",
    "form": urllib.parse.quote_plus(SECRET),
    "URL in a URL": urllib.parse.quote(urllib.parse.quote(SECRET, safe=""), safe=""),
    "HTML": html.escape(SECRET),
    "hex": SECRET.encode().hex(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLED)
def test_a_secret_is_hidden_as_libraries_spell_it(spelling: str) -> None:
    """Of each spelling nothing is left."""
    assert Redactor([SECRET])(f"token={SPELLED[spelling]}.") == f"token={HIDDEN}."


@given(st.binary(min_size=8, max_size=60).map(lambda raw: raw.hex()), st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_within_base64_is_hidden(secret: str, before: bytes, after: bytes) -> None:
    """Basic authentication encodes `user:password` as one."""
    text = base64.b64encode(before + secret.encode() + after).decode()
    hidden = Redactor([secret])(text)
    assert HIDDEN in hidden
    # What remains are the characters of what stands before and after it, and those that have bits of both.
    assert len(hidden) - len(HIDDEN) <= (len(before) + len(after)) * 4 / 3 + 8


@given(st.lists(st.integers(0, 120), max_size=12))
def test_a_secret_written_in_parts_is_hidden(cuts: list[int]) -> None:
    """However a function splits what it writes."""
    text = f"one {SECRET} two\nthree {SECRET}{SECRET}\nand {SECRET}"
    out = io.StringIO()
    stream = RedactedStream(out, Redactor([SECRET]))
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    for start, end in itertools.pairwise(edges):
        stream.write(text[start:end])
        stream.flush()
    stream.finish()
    assert out.getvalue() == f"one {HIDDEN} two\nthree {HIDDEN}{HIDDEN}\nand {HIDDEN}\n"


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    """Its beginning is written, and a secret at the cut is whole on one side of it."""
    out = io.StringIO()
    stream = RedactedStream(out, Redactor([SECRET]))
    for _ in range(MAX_LINE // 500):
        stream.write("x" * 997 + SECRET)
        assert len(stream._held) <= MAX_LINE + 2000
    stream.finish()
    assert out.getvalue().count(HIDDEN) == MAX_LINE // 500
    assert SECRET[:4] not in out.getvalue()


def test_a_secret_of_several_lines_is_hidden_line_by_line() -> None:
    """A key in PEM, as a function prints it."""
    lines = [
        "-----BEGIN PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "Zm9vYmFyYmF6cXV4",
        "-----END PRIVATE KEY-----",
    ]
    hidden = Redactor(["\n".join(lines) + "\n"])("\n".join(f"> {line}" for line in lines))
    assert hidden == f"> {lines[0]}\n> {HIDDEN}\n> {HIDDEN}\n> {lines[3]}"


def test_the_beginning_of_a_long_secret_is_hidden_too() -> None:
    """Libraries cut long values in their messages."""
    secret = "sk-0123456789abcdefghijklmnopqrstuvwxyz"
    assert Redactor([secret])(f"wrong key {secret[:25]}… given") == f"wrong key {HIDDEN}… given"


def test_ordinary_words_stay() -> None:
    """Too short a secret is none, and none at all hides nothing."""
    assert Redactor(["abc", ""])("abc") == "abc"
    assert Redactor([])("anything") == "anything"
