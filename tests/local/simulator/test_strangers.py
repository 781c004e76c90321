"""What strangers send the simulated X: it reads no body of theirs beyond a limit."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from twbot.local.simulator.app import create_app
from twbot.local.simulator.calls import MAX_BODY, MAX_FORM

CHUNK = b"x" * 65_536
FORM = "application/x-www-form-urlencoded"


def read_of(folder: Path, *, path: str, authorization: str, kind: str) -> tuple[int, int]:
    """Return the status, and how many bytes of an endless body were read before it."""
    taken = 0
    status = 0
    headers = [(b"authorization", authorization.encode()), (b"content-type", kind.encode())]

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += len(CHUNK)
        assert taken < 2 * MAX_BODY, "it reads without end"
        return {"type": "http.request", "body": CHUNK, "more_body": True}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    app = create_app(folder)
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    more = {"server": ("testserver", 80), "client": ("127.0.0.1", 1), "scheme": "http", "http_version": "1.1"}
    asyncio.run(app({**scope, **more}, receive, send))
    app.state.world.close()
    return status, taken


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "OAuth oauth_token=x", "Basic eDp5"])
@pytest.mark.parametrize("kind", ["application/json", FORM, "multipart/form-data; boundary=b"])
@pytest.mark.parametrize("path", ["/2/tweets", "/2/media/upload", "/1.1/account_activity/all/prod/webhooks.json"])
def test_of_a_stranger_little_is_read(tmp_path: Path, path: str, authorization: str, kind: str) -> None:
    """Nothing, unless a signature may be about it."""
    status, taken = read_of(tmp_path, path=path, authorization=authorization, kind=kind)
    assert status in {401, 413}
    assert taken <= (MAX_FORM + len(CHUNK) if kind == FORM else 0)


def test_of_who_is_known_it_is_bounded_too(tmp_path: Path) -> None:
    """Up to the limit."""
    app = create_app(tmp_path)
    bearer = f"Bearer {app.state.world.keys.bearer_token}"
    app.state.world.close()
    status, taken = read_of(tmp_path, path="/2/webhooks", authorization=bearer, kind="application/json")
    assert status == 413
    assert taken <= MAX_BODY + len(CHUNK)
