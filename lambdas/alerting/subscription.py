"""The subscribers of alerts and their addresses. A webhook's address is a secret: whoever has it can post there."""

from __future__ import annotations

import hashlib
import re
from typing import Literal, get_args
from urllib.parse import unquote, urlsplit

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import LOOPBACK, is_safe_url

Kind = Literal["email", "sms", "https", "slack", "discord"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CHATS: tuple[Kind, ...] = ("slack", "discord")
WEBHOOKS: tuple[Kind, ...] = ("https", *CHATS)
HOSTS = {"slack": ("hooks.slack.com", "hooks.slack-gov.com"), "discord": ("discord.com", "discordapp.com")}
_EMAIL = re.compile(r"[^@\s,;:<>\"()\[\]\\]{1,64}@[\w-]+(\.[\w-]+)+", re.ASCII)
_PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_PORTS = {"smtps": 465, "smtp": 587}
MIN_MASKED_LENGTH = 12


class BadAddress(TwbotError):
    """The address is unusable. The text says why and never contains the address."""


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """The server that sends our mail."""

    host: str
    port: int
    tls: bool
    """Whether the connection starts with TLS; else STARTTLS is required, except of a server on this machine."""
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Smtp({self.host}:{self.port})"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber of alerts."""

    kind: Kind
    address: str
    smtp: Smtp | None = None
    """The mail server, for email on `local`."""

    # Logs and tracebacks show the repr, and must not show the address.
    def __repr__(self) -> str:
        return f"Subscription({self.kind} {self.id})"

    @property
    def id(self) -> str:
        return subscriber_id(self.kind, self.address)

    @property
    def masked(self) -> str:
        return masked(self.kind, self.address)


def subscriber_id(kind: str, address: str) -> str:
    """Return an id that is the same for an address on either platform.

    It hides a webhook's address, which nobody can guess. It hides no phone number, as all of them can be tried, and no
    email address that somebody suspects.
    """
    return hashlib.sha256(f"{kind}:{address}".encode()).hexdigest()[:8]


def masked(kind: str, address: str) -> str:
    """Return the host and the last four characters of a long address: enough to distinguish addresses."""
    if kind == "email":
        name, _, host = address.rpartition("@")
        return f"{_tail(name)}@{host}"
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return _tail(address)
    return f"{host}/{_tail(parts.path + parts.query)}" if host else _tail(address)


def _tail(text: str) -> str:
    return "…" + (text[-4:] if len(text) >= MIN_MASKED_LENGTH else "")


def subscription(kind: Kind, address: str, smtp: Smtp | None = None) -> Subscription:
    """Check an address and return its subscription. Raises BadAddress."""
    address = address.strip()
    if kind == "email" and not _EMAIL.fullmatch(address):
        raise BadAddress("That is not an email address.")
    if kind == "sms" and not _PHONE.fullmatch(address):
        raise BadAddress("A phone number is written with its country: +441234567890.")
    if kind in WEBHOOKS:
        _check_webhook(kind, address)
    return Subscription(kind=kind, address=address, smtp=smtp)


def _check_webhook(kind: Kind, address: str) -> None:
    if not (address.isascii() and address.isprintable() and " " not in address and is_safe_url(address)):
        raise BadAddress("A webhook's address begins with https:// (http:// only on this machine).")
    host = urlsplit(address).hostname or ""
    known = HOSTS.get(kind, (host,))
    if host not in LOOPBACK and not any(host == each or host.endswith(f".{each}") for each in known):
        raise BadAddress(f"An incoming webhook of {kind.title()} is at https://{known[0]}/…")


def smtp_server(url: str, password: str | None = None) -> Smtp:
    """Parse smtps://user@host:465 or smtp://user@host:587 (STARTTLS). Raises BadAddress."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if not host or parts.scheme not in _PORTS or parts.path.strip("/") or parts.query:
        raise BadAddress("A mail server is written smtps://user@host:465, or smtp://user@host:587 (STARTTLS).")
    if parts.password is not None:
        raise BadAddress("The mail server's password does not belong into its address: it is asked for.")
    user = unquote(parts.username) if parts.username else None
    return Smtp(host=host, port=port or _PORTS[parts.scheme], tls=parts.scheme == "smtps", user=user, password=password)
