"""X's signatures, and what proves nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.ingress.signature import Unsigned, crc_response, is_token, verify

SECRET = "a consumer secret"


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@given(st.binary())
def test_what_the_secret_signed_is_let_in(body: bytes) -> None:
    """Whatever the bytes are, their own signature opens, unless it is one that a challenge would give to anybody."""
    if is_token(body.decode(errors="backslashreplace")):
        body = b"{" + body
    verify(body, signature(body), SECRET)


@given(st.text(min_size=1))
def test_no_answer_to_a_challenge_opens(token: str) -> None:
    """Whoever sends a challenge gets the signature of its token. It is not X's word for an event."""
    if is_token(token):
        with pytest.raises(Unsigned, match="challenge"):
            verify(token.encode(errors="replace"), crc_response(token, SECRET), SECRET)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'"text"', b"", b"\xff", b"\xff\xfe{\x00}\x00", b"7" * 1_001])
def test_what_no_challenge_can_be_is_let_in(body: bytes) -> None:
    """JSON of X's kind, in any encoding, and what is too long for a token."""
    verify(body, signature(body), SECRET)


@given(st.binary(), st.binary())
def test_no_other_body_is_let_in(body: bytes, other: bytes) -> None:
    """A signature is good for its own bytes only."""
    if body != other:
        with pytest.raises(Unsigned, match="not that of this body") as refusal:
            verify(other, signature(body), SECRET)
        assert refusal.value.status == 403


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    """Any header is refused, never an error of ours."""
    with pytest.raises(Unsigned):
        verify(b"{}", header, SECRET)


@pytest.mark.parametrize(
    ("header", "status", "said"),
    [
        (None, 401, "is missing"),
        ("", 401, "is missing"),
        ("sha1=AAAA", 401, "does not begin with sha256="),
        ("sha256=not/base64!", 401, "is not base64"),
        ("sha256=AAAA", 401, "has 3 bytes, not 32"),
        (signature(b"{}")[:-8], 401, "has 27 bytes, not 32"),
        (signature(b"{}", "another secret"), 403, "is not that of this body"),
    ],
)
def test_each_refusal_says_what_is_wrong(header: str | None, status: int, said: str) -> None:
    """Missing, malformed, short and wrong signatures are told apart."""
    with pytest.raises(Unsigned, match=said) as refusal:
        verify(b"{}", header, SECRET)
    assert refusal.value.status == status


def test_the_challenge_is_answered_as_x_computes_it() -> None:
    """sha256= and the base64 of HMAC-SHA256 over the token, keyed with the consumer secret."""
    assert crc_response("foo", "bar") == "sha256=FHkzIYqqvAuLEKKzpcNGhMjZQ0G88QpHNtxycPd0GFE="


@given(st.dictionaries(st.text(), st.text()))
def test_a_challenge_never_signs_an_event(body: dict[str, str]) -> None:
    """The answer to a challenge is also the signature of a body: no token that could be an event is answered."""
    assert not is_token(str(body))
