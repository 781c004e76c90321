"""`twbot up --detach`, `send`, `down`: the bot as an operator runs it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.running import pretend_running
from twbot.cli.commands.up import _new_output
from twbot.cli.main import run
from twbot.lambdas.ports import Keys
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bus.lock import Lock
from twbot.local.data_folder import DataFolder, RunInfo, running_bot, write_run_info

COMMAND = [sys.executable, "-c", "from twbot.cli.main import main; main()"]


def detached(*arguments: str) -> int:
    """The process id of a bot that a process of its own started: what it leaves behind is not ours to wait for."""
    command = [*COMMAND, "up", "--detach", "--port", "0", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout)["pid"])


def test_up_send_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It comes up, answers, refuses a second copy, stops, comes up again with what it had, and stops again."""
    data = ("--data", str(tmp_path / "data"))

    def twbot(*arguments: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        ended = run([*arguments, *data])
        out, err = capsys.readouterr()
        assert ended == code, err
        return out, err

    pid = detached(*data)
    reply, _ = twbot("send", "tell me a joke", "--as", "ann", "--json", "--timeout", "60")
    assert json.loads(reply)["reply"]["text"]
    _, refusal = twbot("up", "--port", "0", code=1)
    assert "Another twbot is running" in refusal
    twbot("down")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    twbot("down", code=3)
    home = DataFolder(tmp_path / "data")
    assert home.stopped.exists()
    detached(*data)
    assert not home.stopped.exists()
    for path in (home.secrets, home.run, home.bus, home.log):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    twbot("send", "hello", "--as", "ben", "--timeout", "60")
    twbot("down")
    authors, _ = twbot("query", "authors", "--json")
    assert {row[0] for row in json.loads(authors)["rows"]} == {"ann", "ben"}


def test_down_ends_nothing_but_the_bot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A killed bot's process id is another process's by now: that one lives, and the next bot starts."""
    home = DataFolder(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        for pid in (innocent.pid, 0, -1, 1, os.getpid()):
            write_run_info(tmp_path, RunInfo(pid, "http://127.0.0.1:1/twitter", 1.0, None, "x"))
            assert run(["down", "--data", str(tmp_path)]) == 3
            # Another command works on the folder, beside what the bot left.
            with Lock(home.lock):
                assert run(["down", "--data", str(tmp_path)]) == 3
            assert "Stopped" not in capsys.readouterr().out
            assert innocent.poll() is None
        innocent.communicate(b"\n")


def test_down_asks_a_bot_whose_process_is_not_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in another container: whoever has that process id here did not open the lock's file."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        there = RunInfo(innocent.pid, "http://127.0.0.1:1/twitter", 1.0, None, "x")
        with pretend_running(tmp_path, there):
            assert run(["down", "--data", str(tmp_path)]) == 1
            assert "does not answer" in capsys.readouterr().err
        assert innocent.poll() is None
        innocent.communicate(b"\n")


def test_a_second_bot_starts_no_second_x(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever became of run.json, the lock is asked first."""
    monkeypatch.setattr("twbot.local.system.Simulator", lambda *_, **__: pytest.fail("a simulated X was started"))
    with Lock(DataFolder(tmp_path).lock):
        assert run(["up", "--port", "0", "--data", str(tmp_path)]) == 1


def test_the_output_of_the_last_start_is_kept(tmp_path: Path) -> None:
    """That of the one before is not: it takes no more room with each start."""
    home = DataFolder(tmp_path)
    for number in range(3):
        with _new_output(home) as output:
            output.write(str(number).encode())
    assert [path.read_text() for path in sorted(tmp_path.glob("up.log*"))] == ["2", "1"]


def test_ctrl_c_drains_and_stops(tmp_path: Path) -> None:
    """Within seconds, with exit code 0, and nothing says that it still runs."""
    command = [*COMMAND, "up", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "Ctrl-C" not in process.stdout.readline():
            assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert time.monotonic() - began < 15
    assert running_bot(tmp_path) is None
    assert DataFolder(tmp_path).stopped.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["send", "hi"], 4, "twbot up"),
        (["down"], 3, "twbot up"),
        (["up", "--x", "live"], 3, "keys"),
        (["up", "--data", "/proc/nowhere"], 1, "Cannot write"),
    ],
)
def test_says_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    """Nothing configured, nothing running, nowhere to write: one clear line each."""
    data = [] if "--data" in arguments else ["--data", str(tmp_path / "none")]
    assert run([*arguments, *data]) == code
    assert says in capsys.readouterr().err


def test_a_taken_port_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And another can be chosen."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["up", "--port", port, "--data", str(tmp_path)]) == 1
    assert f"127.0.0.1:{port}" in (said := capsys.readouterr().err)
    assert "--port" in said


def test_keys_of_x_itself_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The simulated X has keys of its own; whoever stored real ones keeps them."""
    real = Keys(api_key="a", api_secret="b", access_token="7-c", access_token_secret="d")
    FileSecrets(DataFolder(tmp_path).secrets).save(real)
    assert run(["up", "--port", "0", "--data", str(tmp_path)]) == 3
    assert "--x live" in capsys.readouterr().err
    assert FileSecrets(DataFolder(tmp_path).secrets).keys() == real
