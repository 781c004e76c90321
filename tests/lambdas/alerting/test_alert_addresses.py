"""Addresses are checked before they are kept, and never shown whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.alerting.subscription import (
    WEBHOOKS,
    BadAddress,
    Kind,
    Smtp,
    Subscription,
    masked,
    smtp_server,
    subscription,
)

SLACK = "https://hooks.slack.com/services/T000/B000/abcdefghijklmnop"
DISCORD = "https://discord.com/api/webhooks/123/abcdefghijklmnop"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "me@example.org"),
        ("sms", "+441234567890"),
        ("https", "https://example.org/alerts?key=1"),
        ("https", "http://127.0.0.1:8000/x"),
        ("slack", SLACK),
        ("slack", "http://localhost:1/x"),
        ("discord", DISCORD),
        ("discord", "https://canary.discord.com/api/webhooks/1/x"),
    ],
)
def test_takes_what_can_be_reached(kind: Kind, address: str) -> None:
    """With the white space of whoever pasted it left out."""
    assert subscription(kind, f" {address}\n").address == address


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "me"),
        ("email", "me@example.org\nBcc: all@example.org"),
        ("email", "me@example.org, you@example.org"),
        ("sms", "01234567"),
        ("sms", "+44 1234"),
        ("https", "http://example.org/x"),
        ("https", "https://?hidden"),
        ("https", "https://[x"),
        ("https", "file:///etc/passwd"),
        ("https", "https://example.org/a b"),
        ("slack", DISCORD),
        ("slack", "https://hooks.slack.com.evil.example/x"),
        ("slack", "https://evil.example/hooks.slack.com"),
        ("discord", SLACK),
        ("discord", "https://notdiscord.com/api/webhooks/1/x"),
    ],
)
def test_refuses_what_can_t(kind: Kind, address: str) -> None:
    """And does not show it: it may hold a secret."""
    with pytest.raises(BadAddress) as error:
        subscription(kind, address)
    assert address not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("slack", SLACK, "hooks.slack.com/…mnop"),
        ("https", "https://user:hidden@example.org:8443/alerts?key=12345678", "example.org:8443/…5678"),
        ("https", "https://example.org/short", "example.org/…"),
        ("email", "me@example.org", "…@example.org"),
        ("email", "somebody.long@example.org", "…long@example.org"),
        ("sms", "+441234567890", "…7890"),
    ],
)
def test_shows_enough_to_tell_them_apart(kind: Kind, address: str, shown: str) -> None:
    """The host, and four characters of what is long enough to keep the rest."""
    assert masked(kind, address) == shown


@given(st.sampled_from(WEBHOOKS), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60))
def test_a_secret_is_in_no_repr(kind: Kind, secret: str) -> None:
    """Of an address, at most its last four characters are ever shown; its id is the same each time."""
    one = Subscription(kind=kind, address=f"https://example.org/{secret}", smtp=None)
    assert secret not in repr(one) + one.masked
    assert one.id == Subscription(kind=kind, address=one.address).id


def test_a_mail_server_is_read() -> None:
    """The ports are those of the schemes; a name can hold an @."""
    assert smtp_server("smtps://me%40example.org@smtp.example.org", "hidden") == Smtp(
        host="smtp.example.org", port=465, tls=True, user="me@example.org", password="hidden"
    )
    assert smtp_server("smtp://127.0.0.1:2525") == Smtp(host="127.0.0.1", port=2525, tls=False)
    assert "hidden" not in repr(smtp_server("smtps://me@smtp.example.org", "hidden"))


@pytest.mark.parametrize(
    "url", ["smtp.example.org", "https://smtp.example.org", "smtps://", "smtps://h:x", "smtp://h/path", "smtp://[x"]
)
def test_what_is_no_mail_server(url: str) -> None:
    """The form is named."""
    with pytest.raises(BadAddress, match="smtps://user@host:465"):
        smtp_server(url)


def test_a_password_on_the_command_line_is_refused() -> None:
    """Everybody on the machine can see it there; and it is not shown again."""
    with pytest.raises(BadAddress, match="asked for") as error:
        smtp_server("smtps://me:hidden@smtp.example.org")
    assert "hidden" not in str(error.value)
