"""`twbot x`: the simulated X beside a bot, and alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.support.operate import Operate, Said
from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.local.child_python import import_path, python


class Served(NamedTuple):
    """A simulated X that runs alone."""

    folder: Path
    said: dict[str, Any]
    """What it printed when it was up."""


@pytest.mark.parametrize("there", [True, False])
def test_the_page_is_opened(operate: Operate, world: World, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    """In the browser, by an address that is printed, too, and works. Without one it says what to do."""
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return there

    monkeypatch.setattr(webbrowser, "open", browse)
    said = operate("x", "open")
    assert (said.code, [said.out.strip()], "There is no browser here" in said.err) == (Exit.DONE, opened, not there)
    assert "Post as anybody" in requests.get(opened[0]).text
    assert world.system.x is not None
    assert opened[0].startswith(f"{world.system.x.url}/page/?token=")


def test_the_address_is_only_printed(operate: Operate, monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser opens."""
    monkeypatch.setattr(webbrowser, "open", pytest.fail)
    assert operate("x", "open", "--print").out.startswith("http://127.0.0.1:")


def test_where_nothing_runs_it_says_what_to_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a bot nor a simulated X."""
    assert run(["x", "open", "--data", str(tmp_path)]) == Exit.NOT_CONFIGURED
    assert "twbot up" in capsys.readouterr().err


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A simulated X alone, seeded, as `twbot x serve` runs it."""
    folder = tmp_path_factory.mktemp("served")
    seed = folder / "seed.json"
    seed.write_text('{"version": 1, "posts": [{"author": "ann", "text": "seeded", "id": "1"}]}')
    command = python(
        "-m", "twbot", "x", "serve", "--bot", "mybot", "--seed", str(seed), "--data", str(folder), "--json"
    )
    environment = {**os.environ, "PYTHONPATH": import_path()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Served(folder, json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == Exit.DONE
    assert not (folder / "x" / "alone.json").exists()


@pytest.fixture
def alone(served: Served, capfd: pytest.CaptureFixture[str]) -> Operate:
    def command(*arguments: str) -> Said:
        capfd.readouterr()
        code = run([*arguments, "--data", str(served.folder)])
        return Said(code, *capfd.readouterr())

    return command


def test_served_alone_any_client_works_with_it(served: Served, alone: Operate) -> None:
    """What it prints is all that a client needs: the address and the keys, of the bot and of others."""
    keys = served.said["keys"]
    assert alone("x", "keys", "--json").json == keys
    assert keys["Username"] == "mybot"
    session = OAuth1Session(keys["ApiKey"], keys["ApiSecret"], keys["AccessToken"], keys["AccessTokenSecret"])
    assert session.get(f"{served.said['url']}/2/users/me").json()["data"]["username"] == "mybot"
    others = alone("x", "keys", "--user", "carol", "--json").json
    assert (others["Username"], others["ApiKey"]) == ("carol", keys["ApiKey"])
    assert keys["ApiSecret"] in alone("x", "keys").out
    assert alone("x", "open", "--print").out.strip() == served.said["page"]


def test_nobody_else_starts_on_its_folder(served: Served, alone: Operate) -> None:
    """Neither a bot nor another simulated X, and it is no bot."""
    for command in (["x", "serve"], ["up", "--port", "0"]):
        said = alone(*command)
        assert (said.code, "Another twbot is running" in said.err) == (Exit.FAILED, True)
    assert "No bot runs" in alone("send", "hello").err


def test_its_state_is_kept_and_forgotten(alone: Operate, tmp_path: Path) -> None:
    """Exported, reset (which asks), and taken in again."""
    kept = tmp_path / "kept.json"
    assert alone("x", "export", "-o", str(kept)).code == Exit.DONE
    assert json.loads(kept.read_text()) == alone("x", "export").json
    assert kept.stat().st_mode & 0o077 == 0
    assert alone("x", "reset", "--dry-run", "--json").json == {"posts": 1}
    assert (said := alone("x", "reset")).code == Exit.USAGE
    assert "--yes" in said.err
    assert alone("x", "export").json["posts"][0]["text"] == "seeded"
    assert alone("x", "reset", "--yes").code == Exit.DONE
    assert "posts" not in alone("x", "export").json
    found = alone("x", "import", str(kept), "--json").json
    assert found["posts"] == 1
    assert alone("x", "export").json["posts"][0]["text"] == "seeded"


MISTAKES = {
    "another version": '{"version": 2}',
    "no JSON": "{",
    "no text": b"\xff\xfe",
    "no list": '{"kind": "error"}',
    "no kind": '[{"kind": "sabotage"}]',
    "nothing": "",
}


@pytest.mark.parametrize("content", MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.parametrize("command", [("x", "import"), ("x", "faults", "plan")], ids=" ".join)
def test_a_file_with_a_mistake_is_refused(
    alone: Operate, tmp_path: Path, command: tuple[str, ...], content: str | bytes
) -> None:
    """In words, and nothing changes."""
    file = tmp_path / "file.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = (alone("x", "export").json, alone("x", "faults", "list", "--json").json)
    said = alone(*command, str(file))
    assert said.code in (Exit.FAILED, Exit.USAGE)
    assert "Traceback" not in said.err
    assert "should not happen" not in said.err
    assert (alone("x", "export").json, alone("x", "faults", "list", "--json").json) == before
    assert alone(*command, str(tmp_path / "nowhere")).code == Exit.USAGE


def test_faults_are_planned_and_cleared(alone: Operate, tmp_path: Path) -> None:
    """One by one, or by a file; each shows how far it goes."""
    alone("x", "faults", "add", "unavailable", "--percent", "20")
    listed = alone("x", "faults", "add", "sent_twice", "--count", "2", "--json").json
    assert [(each["kind"], each["share"], each["count"]) for each in listed] == [
        ("unavailable", 0.2, None),
        ("sent_twice", 1.0, 2),
    ]
    assert "20%" in alone("x", "faults", "list").out
    assert [each["kind"] for each in alone("x", "faults", "clear", str(listed[0]["id"]), "--json").json] == [
        "sent_twice"
    ]
    assert alone("x", "faults", "clear", "99").code == Exit.NOT_FOUND
    file = tmp_path / "plan.json"
    file.write_text('[{"kind": "slow", "call": "*", "seconds": 1, "count": null, "share": 0.5}]')
    assert [each["kind"] for each in alone("x", "faults", "plan", str(file), "--seed", "1", "--json").json] == ["slow"]
    assert alone("x", "faults", "clear", "--json").json == []
