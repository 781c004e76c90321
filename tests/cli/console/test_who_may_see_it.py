"""Only the owner's browser gets an answer, and nothing happens that a page of the console did not send."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.support.console import Visitor
from tests.support.world import World
from twbot.cli.console.server import ConsoleInfo, running_console
from twbot.local.data_folder import DataFolder
from twbot.local.server.guard import HEADERS, POLICY

PATHS = ["/", "/post/1", "/live", "/media/1/a.jpg", "/static/console.css", "/nowhere", "/send"]


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_there_is_nothing(console: ConsoleInfo, path: str) -> None:
    """Not even whether a page exists; and how to get in is said."""
    answer = requests.get(console.url.rstrip("/") + path, timeout=10)
    assert answer.status_code == 401
    assert "twbot open" in answer.text


@pytest.mark.parametrize("token", ["", "x", "0" * 32, "é"])
def test_a_wrong_token_opens_nothing(console: ConsoleInfo, token: str) -> None:
    answer = requests.get(console.url, params={"token": token}, timeout=10)
    assert answer.status_code == 401
    assert not answer.cookies


def test_the_token_leaves_the_address_for_a_strict_cookie(console: ConsoleInfo) -> None:
    """Histories keep addresses; the cookie is of this console alone, and no script reads it."""
    answer = requests.get(f"{console.url}post/5?steps=1&token={console.token}", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["location"]) == (303, "/post/5?steps=1")
    cookie = answer.headers["set-cookie"].lower()
    assert f"twbot-console-{console.port}=" in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "///evil.example"])
def test_the_way_in_leads_nowhere_else(console: ConsoleInfo, path: str) -> None:
    request = requests.Request("GET", console.url).prepare()
    request.url = f"{console.url.rstrip('/')}{path}?token={console.token}"
    answer = requests.Session().send(request, allow_redirects=False, timeout=10)
    where = answer.headers["location"]
    assert where.startswith("/")
    assert where[1] not in "/\\"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8931", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
def test_another_name_for_loopback_gets_nothing(visitor: Visitor, host: str) -> None:
    """A page whose name is made to resolve to 127.0.0.1 is of the same origin as itself, not as the console."""
    answer = visitor.session.get(visitor.url("/"), headers={"Host": host}, timeout=10)
    assert answer.status_code in {400, 421}


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
def test_a_form_of_another_page_does_nothing(world: World, visitor: Visitor, origin: str | None) -> None:
    headers = {"Origin": origin.format(port=visitor.info.port)} if origin else {}
    fields = {"author": "mallory", "text": "tell me a joke"}
    answer = visitor.session.post(visitor.url("/send"), data=fields, headers=headers, timeout=10)
    assert answer.status_code == 403
    assert not world.x.posts("mallory")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_policy(visitor: Visitor, path: str) -> None:
    """Nothing inline runs, nothing is loaded from elsewhere, nobody frames it, no cache keeps it."""
    with visitor.session.get(visitor.url(path), timeout=10, stream=True) as answer:
        assert answer.headers.items() >= (HEADERS | {"Cache-Control": answer.headers["Cache-Control"]}).items()
    assert "unsafe" not in POLICY
    assert "http:" not in POLICY


def test_templates_have_nothing_inline() -> None:
    """The policy would refuse it; and what comes from X is never marked as safe, nor set as HTML."""
    folder = Path(__file__).parents[3] / "cli" / "console"
    for path in [*folder.glob("templates/*.html"), *folder.glob("static/*.js")]:
        text = path.read_text()
        for word in (
            "<style",
            " style=",
            " onclick",
            " onload",
            " onsubmit",
            "javascript:",
            "|safe",
            "innerHTML",
            "//cdn",
        ):
            assert word not in text, (path.name, word)


def test_who_opens_it_is_told_by_a_private_file(world: World, console: ConsoleInfo) -> None:
    """`twbot open` finds the console that runs; its token is for the owner of the data folder."""
    assert running_console(world.home) == console
    assert world.home.console.stat().st_mode & 0o077 == 0


def test_a_dead_console_is_not_found(tmp_path: Path, world: World) -> None:
    """What a console that was killed left behind leads nobody to whoever has its port now."""
    (tmp_path / "console.json").write_bytes(world.home.console.read_bytes())
    assert running_console(DataFolder(tmp_path)) is None
