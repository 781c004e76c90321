"""Where the page is, and who is let in there: whoever has its token."""

from __future__ import annotations

import urllib.parse

from starlette.types import ASGIApp

from twbot.local.server.guard import Guard

PATH = "/page"
# No script may make HTML of a text.
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types 'none'"


def guarded(app: ASGIApp, base_url: str, token: str) -> Guard:
    """Return the app behind a guard. `base_url`: where the simulated X listens."""
    parts = urllib.parse.urlsplit(base_url)
    return Guard(
        app,
        hosts={parts.netloc, *(f"{name}:{parts.port}" for name in ("127.0.0.1", "localhost", "[::1]"))},
        token=token,
        cookie=f"twbot-x-{parts.port}",
        opened_by="twbot x open --print",
        path=PATH,
        policy=TRUSTED_TYPES,
    )


def address(base_url: str, token: str) -> str:
    """Return the address by which the page is opened."""
    return f"{base_url}{PATH}/?token={urllib.parse.quote(token)}"
