"""`twbot open`: the console beside a bot, alone on its data, and of a stage."""

from __future__ import annotations

import html
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from tests.support.world import World
from twbot.cli.console.app import LINKS
from twbot.cli.console.beside import console_beside
from twbot.cli.console.server import ConsoleInfo, running_console
from twbot.cli.main import run
from twbot.cli.spelling import project_option
from twbot.cli.summaries import summaries
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the addresses that a browser was opened with."""
    # https://docs.python.org/3/library/webbrowser.html: its commands are in BROWSER.
    opened, program = tmp_path / "opened", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >> "{opened}"\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    opened.touch()
    return opened


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data of a bot that does not run."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    with Bus(folder / "bus.db", []):
        pass
    return folder


def test_it_opens_the_console_of_the_running_bot(
    world: World, console: ConsoleInfo, browser: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It prints the address, with --print only that."""
    assert run(["open", "--data", str(world.home.folder), "--print"]) == 0
    assert capfd.readouterr().out == f"{console.address}\n"
    assert not browser.read_text()
    assert run(["open", "--data", str(world.home.folder)]) == 0
    assert browser.read_text() == f"{console.address}\n"


@contextmanager
def opened(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "twbot", "open", "--print", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_without_a_bot_it_runs_until_ctrl_c(data: Path) -> None:
    """What a stopped bot did can be looked at; the end is quiet."""
    with opened(data) as (process, address):
        page = requests.get(address, timeout=10)
        assert "Nobody has written to the bot yet" in page.text
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in said
    assert running_console(DataFolder(data)) is None


def test_two_consoles_never_share_a_token(tmp_path: Path, data: Path) -> None:
    """Each data folder has its own, on a port of its own."""
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    with Bus(other / "bus.db", []):
        pass
    with opened(data) as (_, one), opened(other) as (_, two):
        assert one.partition("?")[0] != two.partition("?")[0]
        assert one.partition("token=")[2] != two.partition("token=")[2]


def test_the_console_ends_with_its_bot(data: Path) -> None:
    """Also with one that was killed; a console that is there already is left alone."""
    program = (
        "import pathlib, sys, time; from twbot.cli.console.beside import console_beside\n"
        "with console_beside(pathlib.Path(sys.argv[1])) as beside:\n"
        "    print(beside.address(), flush=True); time.sleep(600)"
    )
    bot = subprocess.Popen([sys.executable, "-c", program, str(data)], stdout=subprocess.PIPE, text=True)
    assert bot.stdout is not None
    address = bot.stdout.readline().strip()
    assert requests.get(address, timeout=10).ok
    with console_beside(data) as second:
        assert second.address() == address
    bot.kill()
    bot.wait()
    bot.stdout.close()
    until = time.monotonic() + 20
    while running_console(DataFolder(data)) is not None:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_its_commands_can_be_pasted_as_those_of_its_bot(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a twbot that is not on the PATH, too, and for the folder that was named: on each page, and in each hint."""
    script = data.parent / "of mine" / "twbot"
    monkeypatch.setattr(sys, "argv", [str(script), "up"])
    monkeypatch.setenv("PATH", str(data))
    mine = data.parent / "my bot"
    mine.mkdir()
    named = project_option.set(str(mine))
    spelled = f"{shlex.quote(str(script))} --project {shlex.quote(str(mine))}"
    bare = re.compile(rf"(?<![\w./-])twbot (?:{'|'.join(summaries())})\b")
    try:
        with console_beside(data) as beside, requests.Session() as window:
            address = beside.address() or ""
            window.get(address, timeout=20)
            for path in (*(link.path for link in LINKS), "/status", "/post/1", "/queries?sql=SELECT+x"):
                page = window.get(urljoin(address, path), timeout=20).text
                copied = [html.unescape(each) for each in re.findall(r'data-copy="([^"]*)"', page)]
                assert all(each.startswith(f"{spelled} ") for each in copied), path
                assert not bare.search(html.unescape(page)), path
                assert spelled in html.unescape(page), path
    finally:
        project_option.reset(named)


def test_its_token_is_in_no_process_list(data: Path) -> None:
    with console_beside(data) as beside:
        token = (beside.address() or "").partition("token=")[2]
        assert token
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert token.encode() not in each.read_bytes()
            except OSError:
                continue


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--data", "nowhere"], 3, "twbot up"),
        (["--stage", "prod"], 3, "prod"),
    ],
)
def test_what_is_not_there_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    """Before a browser opens."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert run(["open", "--print", *arguments]) == code
    assert says in capfd.readouterr().err
    assert not list(tmp_path.iterdir())
