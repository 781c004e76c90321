"""`twbot up --reload`: the bot starts anew when its folder changed and is in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from twbot.cli.check.findings import Finding
from twbot.cli.reloading import Reloader, faults_of, state_of

PROGRAM = """
import os, pathlib, signal, sys, threading
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
if pathlib.Path(sys.argv[2]).exists():
    sys.exit(3)
stop.wait()
"""


class Run:
    """A reloader on a folder, whose command notes its process id. `steps` are done meanwhile, in another thread."""

    def __init__(self, folder: Path) -> None:
        (folder / "bot").mkdir()
        self.folder, self.faults, self.checked = folder, list[Finding](), 0
        self.log, self.failing = folder / "started", folder / "failing"
        self.log.touch()
        command = [sys.executable, "-c", PROGRAM, str(self.log), str(self.failing)]
        self.reloader = Reloader(folder, command, faults=self._check)

    def _check(self, _: Path) -> list[Finding]:
        self.checked += 1
        return self.faults

    @property
    def started(self) -> list[int]:
        return [int(line) for line in self.log.read_text().split()]

    def change(self, name: str = "bot/code.py") -> None:
        with (self.folder / name).open("a") as file:
            file.write("# changed\n")

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def do(self, steps: Callable[[], None]) -> int:
        failed: list[BaseException] = []

        def work() -> None:
            try:
                self.until(lambda: len(self.started) == 1)
                steps()
            except BaseException as error:
                failed.append(error)
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=work)
        thread.start()
        code = self.reloader.run(look=0.02, settle=0.01)
        thread.join()
        assert not failed, failed
        return code


@pytest.fixture
def reloading(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_change_starts_the_bot_anew(reloading: Run) -> None:
    """The former one has ended by then; SIGTERM ends both."""

    def steps() -> None:
        for number, name in enumerate(("bot/code.py", "twbot.toml", "bot/people/Ada/1.jpg"), start=2):
            (reloading.folder / name).parent.mkdir(parents=True, exist_ok=True)
            reloading.change(name)
            reloading.until(lambda number=number: len(reloading.started) == number)  # type: ignore[misc]
            with pytest.raises(ProcessLookupError):
                os.kill(reloading.started[-2], 0)
        os.kill(os.getpid(), signal.SIGTERM)

    assert reloading.do(steps) == 0
    assert len(reloading.started) == 4
    with pytest.raises(ProcessLookupError):
        os.kill(reloading.started[-1], 0)


def test_a_folder_that_is_not_in_order_leaves_the_bot_as_it_is(
    reloading: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says why, with file and line; the next change that is in order is taken."""
    reloading.faults = [Finding(file="twbot.toml", line=7, level="wrong", says="There is no key `rnu` here.")]

    def steps() -> None:
        reloading.change()
        reloading.until(lambda: reloading.checked == 1)
        assert len(reloading.started) == 1
        reloading.faults = []
        reloading.change()
        reloading.until(lambda: len(reloading.started) == 2)
        os.kill(os.getpid(), signal.SIGTERM)

    assert reloading.do(steps) == 0
    said = capsys.readouterr().err
    assert "twbot.toml:7: There is no key `rnu` here." in said
    assert "bot/code.py changed, and is not in order: the bot runs on as it was." in said


def test_a_bot_that_ends_by_itself_ends_the_command(reloading: Run) -> None:
    """`twbot down` stops it for good."""
    assert reloading.do(lambda: os.kill(reloading.started[0], signal.SIGTERM)) == 0


def test_a_bot_that_does_not_start_after_a_change_waits_for_the_next(reloading: Run) -> None:
    """What can't be known without starting it, such as a photo without a face."""

    def steps() -> None:
        reloading.failing.touch()
        reloading.change()
        reloading.until(lambda: len(reloading.started) == 2)
        reloading.failing.unlink()
        reloading.change()
        reloading.until(lambda: len(reloading.started) == 3)
        os.kill(os.getpid(), signal.SIGTERM)

    assert reloading.do(steps) == 0


def test_what_is_no_part_of_the_bot_changes_nothing(tmp_path: Path) -> None:
    """What Python and editors write, the data folder, the tests."""
    (tmp_path / "bot" / "__pycache__").mkdir(parents=True)
    before = state_of(tmp_path)
    names = ("bot/__pycache__/code.pyc", "bot/.code.py.swp", "bot/code.py~", "README.md", ".twbot")
    for name in names:
        (tmp_path / name).write_text("x")
    assert state_of(tmp_path) == before == {}
    (tmp_path / "bot" / "code.py").write_text("x")
    assert state_of(tmp_path) != before


def test_faults_have_file_and_line(tmp_path: Path) -> None:
    """What keeps the bot from running: tables, functions; not what only AWS minds."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "code.py").write_text("def fine(event, bot):\n    return None\n")
    rule = '[[rules]]\nname = "r"\nwhen = { detail-type = ["MESSAGE_ANALYSED"] }\nrun = "bot.code:fine"\n'
    (tmp_path / "twbot.toml").write_text(rule)
    assert faults_of(tmp_path) == []
    (tmp_path / "bot" / "code.py").write_text("def fine(event, bot):\n    return (\n")
    (found,) = faults_of(tmp_path)
    assert "SyntaxError" in found.says
    (tmp_path / "bot" / "code.py").write_text("def fine(event, bot): return 1\n")
    (tmp_path / "twbot.toml").write_text(rule + "memry = 5\n")
    (found,) = faults_of(tmp_path)
    assert (found.place, "memory" in found.says) == ("twbot.toml:5", True)
