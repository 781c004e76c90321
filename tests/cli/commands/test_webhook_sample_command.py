"""`twbot webhook sample`: a signed sample for any webhook, and what its answer means."""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.loopback import Answer, answering
from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.main import run
from twbot.cli.x import sample_delivery as sampling
from twbot.lambdas.ports import Keys
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.data_folder import DataFolder

KEYS = Keys(api_key="k", api_secret="the-api-secret", access_token="77-token", access_token_secret="s")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    FileSecrets(DataFolder(tmp_path).secrets).save(KEYS)
    return tmp_path


def sample(data: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    capsys.readouterr()
    code = run(["webhook", "sample", *arguments, "--data", str(data), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


@pytest.mark.parametrize(
    ("generation", "kind", "event"),
    [("xaa", "dm", "dm.received"), ("v2", "follow", "follow_events"), ("v1.1", "mention", "tweet_create_events")],
)
def test_delivers_as_x_does(
    data: Path, capsys: pytest.CaptureFixture[str], generation: str, kind: str, event: str
) -> None:
    """A POST of JSON, signed with the stage's secret; the bot in it is the stage's."""
    with answering(Answer(200, {"accepted": 1})) as hook:
        code, found, _ = sample(data, capsys, f"{hook.url}/x?a=1", "--generation", generation, "--kind", kind)
        (asked,) = hook.asked
    assert (code, found["status"], found["event"], found["line"]) == (0, 200, event, '{"accepted":1}')
    assert found["milliseconds"] > 0
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert (asked.method, asked.path, headers["content-type"]) == ("POST", "/x?a=1", "application/json")
    assert headers["x-twitter-webhooks-signature"] == signature(asked.body, KEYS.api_secret) == found["signature"]
    assert "77" in str(asked.json.get("for_user_id") or asked.json["data"]["filter"])


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (301, "redirects"),
        (401, "no signature that it can read"),
        (403, "same API secret"),
        (404, "nothing at this path"),
        (418, "refuses"),
        (429, "too much"),
        (500, "broke"),
        (503, "too much"),
    ],
)
def test_explains_what_was_answered(data: Path, capsys: pytest.CaptureFixture[str], status: int, says: str) -> None:
    """5, the reason and what to do; the answer is shown all the same."""
    with answering(Answer(status, b"first line\x1b[31m\nsecond", {"Location": "/elsewhere"})) as hook:
        code, found, err = sample(data, capsys, hook.url)
        assert len(hook.asked) == 1
    assert (code, found["status"], found["line"]) == (5, status, "first line[31m")
    assert says in err


def test_nobody_listens(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """5, and says so."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, found, err = sample(data, capsys, f"http://127.0.0.1:{port}/twitter")
    assert (code, found["status"]) == (5, None)
    assert "refused" in err


@contextlib.contextmanager
def listening(answer: bytes = b"") -> Iterator[int]:
    """Takes connections, says something at once or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken.append(server.accept()[0])
                    if answer:
                        taken[-1].sendall(answer)
                        taken[-1].close()

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        for each in taken:
            each.close()


def test_an_endpoint_that_does_not_answer(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """6: X would give up after ten seconds, too."""
    monkeypatch.setattr(sampling, "X_WAITS", 0.2)
    with listening() as port:
        code, _, err = sample(data, capsys, f"http://127.0.0.1:{port}")
    assert code == 6
    assert "did not answer" in err


def test_tls_that_is_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """5: no certificate that X would take."""
    with listening(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        code, _, err = sample(data, capsys, f"https://127.0.0.1:{port}")
    assert code == 5
    assert "TLS" in err


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "127.0.0.1",
        "",
        "http://a:b@127.0.0.1/",
        "http://example.com/x",
        "https://",
        "https://a b/",
        "http://[::1",
        "http://127.0.0.1.example.com/",
    ],
)
def test_only_where_it_is_safe(data: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    """http or https, without a password, and in plain text only to this machine."""
    code, found, _ = sample(data, capsys, url)
    assert (code, found) == (2, None)


def test_plain_http_elsewhere_when_asked_for(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--allow-http; with --dry-run nothing is sent, and the sample is shown."""
    arguments = ("http://example.com/x", "--allow-http", "--dry-run")
    code, found, _ = sample(data, capsys, *arguments)
    assert (code, found["body"]["data"]["event_type"]) == (0, "post.mention.create")


def test_the_secret_may_come_from_elsewhere(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file of its owner's, an environment variable; never from the command line, never shown."""
    monkeypatch.setenv("HOOK_SECRET", "from-the-environment")
    file = tmp_path / "secret"
    file.write_text("from-the-file\n")
    file.chmod(0o600)
    with answering(Answer(200, {})) as hook:
        for source, secret in (("env:HOOK_SECRET", "from-the-environment"), (str(file), "from-the-file")):
            code, _, err = sample(tmp_path / "none", capsys, hook.url, "--secret-from", source)
            assert code == 0
            headers = {name.lower(): value for name, value in hook.asked[-1].headers.items()}
            assert headers["x-twitter-webhooks-signature"] == signature(hook.asked[-1].body, secret)
            assert secret not in err
    own = DataFolder(data).secrets
    code, found, _ = sample(tmp_path / "none", capsys, hook.url, "--secret-from", str(own), "--dry-run")
    assert found["body"]["data"]["filter"]["user_id"] == "77"
    assert found["signature"]


@pytest.mark.parametrize("source", ["env:NOT_THERE", "no-such-file", "open", "lines", "json"])
def test_a_secret_that_is_none(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, source: str) -> None:
    """Says what is wrong, without what is in it."""
    for name, content in (
        ("open", "hidden-word"),
        ("lines", "hidden-word\nmore"),
        ("json", '{"ApiSecret": "hidden-word"}'),
    ):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o644 if name == "open" else 0o600)
    path = source if source.startswith("env:") else str(tmp_path / source)
    code, _, err = sample(data, capsys, "http://127.0.0.1:1", "--secret-from", path)
    assert code in (2, 3)
    assert "hidden-word" not in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["http://127.0.0.1:1", "--kind", "nothing"], "mention"),
        (["http://127.0.0.1:1", "--generation", "v3"], "v1.1"),
        (["http://127.0.0.1:1", "--bot", "no name"], "username"),
        (["http://127.0.0.1:1", "--reply-to", "5"], "--reply-to"),
        ([], "URL"),
    ],
)
def test_says_what_is_wrong(data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    """2, before anything is sent."""
    code, _, err = sample(data, capsys, *arguments)
    assert code == 2
    assert says in err


def test_without_keys_it_says_what_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """3."""
    code, _, err = sample(tmp_path, capsys, "http://127.0.0.1:1")
    assert code == 3
    assert "twbot secrets set" in err


def test_the_running_bot_takes_it(world: World, operate: Operate) -> None:
    """Its own webhook, its own keys: accepted, for people in two lines."""
    from twbot.local.data_folder import running_bot

    bot = running_bot(world.home.folder)
    assert bot is not None
    found = operate("webhook", "sample", bot.url, "--kind", "like")
    assert found.code == 0, found.err
    assert "like.create → " in found.out
    assert "200 in" in found.out
