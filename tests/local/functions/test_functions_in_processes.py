"""The functions of a bot's folder, in processes of their own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import FunctionFailed, Permanent, Temporary
from twbot.lambdas.ports import Call
from twbot.local import child_python
from twbot.local.functions.pool import LocalFunctions

TOKEN = "tok-0123456789abcdef"
CODE = """
import asyncio, ctypes, logging, os, pathlib, subprocess, sys, threading, time
from twbot.bot import Bot, Event, Permanent, Temporary

def plain(event, bot): return {"text": event.detail["Text"], "setting": bot.settings["replies"]}
async def later(event, bot):
    await asyncio.sleep(0)
    return "later"
def pid(event, bot): return os.getpid()
def environment(event, bot): return dict(os.environ)
def everything(event, bot):
    bot.publish("ORDER_ASKED", {"Order": 7}, once="7")
    bot.reply(event, "On its way", images=[b"\\x89PNG"])
    return [bot.media.get("a").decode(), bot.add("asked", 2)]
def nothing_there(event, bot):
    try:
        bot.media.get("gone")
    except KeyError:
        return "gone"
def full_bus(event, bot): bot.publish("ORDER_ASKED", {})
def leak(event, bot):
    token = bot.secret("TOKEN")
    print("printed", token[:8], end="", flush=True)
    print(token[8:])
    sys.stderr.write(f"error {token}\\n")
    sys.stdout.buffer.write(f"bytes {token}\\n".encode())
    os.write(1, f"raw {token}\\n".encode())
    subprocess.run(["echo", "child", token])
    bot.log.info("logged %s", {"token": token})
    logging.getLogger("library").warning("library %s", token)
    raise ValueError(f"refused: {token}")
def leak_permanent(event, bot): raise Permanent(bot.secret("TOKEN"))
def other_secret(event, bot): return bot.secret("OTHER")
def raises(event, bot): return 1 / 0
def temporary(event, bot): raise Temporary("later", retry_at=5.0)
def exits(event, bot): raise SystemExit(3)
def dies(event, bot): os._exit(3)
def crashes(event, bot): ctypes.string_at(0)
def hangs(event, bot):
    child = subprocess.Popen(["sleep", "600"])
    pathlib.Path(__file__).with_name(f"{child.pid}.child").touch()
    time.sleep(600)
def hangs_without_python(event, bot): ctypes.PyDLL(None).pause()
def prints_without_end(event, bot):
    while True: print("x")
def writes_without_end(event, bot):
    while True: os.write(1, b"x" * 1000 + b"\\n")
def no_json(event, bot): return object()
def too_much(event, bot): return "x" * 7_000_000
def garbage(event, bot):
    os.write(1, bytes(range(256)) * 10 + b"\\n")
    return "fine"
go, done, outcome = threading.Event(), threading.Event(), []
def straggler(event, bot):
    def late():
        go.wait()
        try:
            bot.publish("ORDER_ASKED", {})
        except Permanent as error:
            outcome.append(str(error))
        done.set()
    threading.Thread(target=late, daemon=True).start()
def let_go(event, bot):
    go.set()
    done.wait()
    return outcome
def leaves_a_bomb(event, bot):
    threading.Timer(0.05, lambda: os._exit(7)).start()
    return os.getpid()
"""


class Bus:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.full = False

    def publish(self, entries: Sequence[Entry]) -> None:
        if self.full:
            raise Temporary("The disk is full.", retry_at=9.0)
        self.entries += entries

    def fix(self, key: str, value: str) -> str:
        return value

    def add(self, key: str, amount: float) -> float:
        return amount + 1


class Media(dict[str, bytes]):
    def put(self, key: str, data: bytes, content_type: str) -> None:
        self[key] = data

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]


class Pool:
    """A pool, and what its functions did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bus, self.media = Bus(), Media(a=b"picture")
        self.stored = {"TOKEN": TOKEN, "OTHER": "another secret"}
        self.functions = LocalFunctions(
            folder,
            publisher=self.bus,
            media=self.media,
            secrets=lambda names: {name: self.stored[name] for name in names if name in self.stored},
            settings={"replies": True},
            events={},
            links=[],
        )

    def children(self) -> list[int]:
        """The processes that `hangs` started, by their numbers."""
        return [int(each.stem) for each in self.folder.glob("bot/*.child")]

    def call(self, name: str, *, owner: str = "rule", timeout: float = 30, secrets: tuple[str, ...] = ()) -> Any:
        return self.functions.call(Call(owner, f"bot.code:{name}", secrets, timeout), message())


def message() -> Event:
    detail = {"Text": "hi", "Author": "ada", "Summoned": True, "Twitter": {"TweetId": "5", "UserId": "7"}}
    return Event(id="1", source="BOT", time="2026-01-01T00:00:00Z", detail_type="MESSAGE_ANALYSED", detail=detail)


def folder_with(path: Path, code: str) -> Path:
    (path / "bot").mkdir(parents=True)
    (path / "bot" / "code.py").write_text(code)
    return path


@pytest.fixture(scope="module")
def shared_pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    pool = Pool(folder_with(tmp_path_factory.mktemp("folder"), CODE))
    yield pool
    pool.functions.close()


@pytest.fixture
def pool(shared_pool: Pool) -> Pool:
    shared_pool.bus.entries.clear()
    shared_pool.bus.full = False
    return shared_pool


def test_a_function_gets_the_event_and_returns_json(pool: Pool) -> None:
    """Plain or async, with the settings of the stage."""
    assert pool.call("plain") == {"text": "hi", "setting": True}
    assert pool.call("later") == "later"


def test_calls_share_a_process_and_owners_do_not(pool: Pool) -> None:
    """Starting one costs a hundred times as much as a call; what one owner does reaches no other."""
    assert pool.call("pid") == pool.call("pid")
    assert pool.call("pid") != pool.call("pid", owner="other")


def test_what_a_function_asks_for_is_done_by_the_bot(pool: Pool) -> None:
    """It publishes, replies, stores and reads pictures."""
    assert pool.call("everything") == ["picture", 3.0]
    assert [(each.detail_type, each.dedup_key) for each in pool.bus.entries] == [
        ("ORDER_ASKED", "own:ORDER_ASKED:7"),
        ("SEND_TWEET", "reply:5"),
    ]
    assert pool.media[pool.bus.entries[1].detail["ImageKey"]] == b"\x89PNG"
    assert pool.call("nothing_there") == "gone"


def test_a_bus_that_takes_nothing_is_told_to_the_function(pool: Pool) -> None:
    """And to whoever called it, with the time to try again."""
    pool.bus.full = True
    with pytest.raises(Temporary, match="full") as raised:
        pool.call("full_bus")
    assert raised.value.retry_at == 9.0


def test_a_function_sees_no_secret_that_its_rule_does_not_name(pool: Pool) -> None:
    """Nor the operator's environment."""
    assert pool.call("other_secret", secrets=("OTHER",)) == "another secret"
    with pytest.raises(Permanent, match="twbot secrets put OTHER"):
        pool.call("other_secret", secrets=("TOKEN",))


def test_the_environment_has_nothing_of_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of AWS, tokens: Lambda has none of them either. What HTTP clients and Python need stays."""
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN", "TWBOT_HOME", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret of the shell")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    given = child_python.environment(tmp_path)
    assert "secret of the shell" not in given.values()
    assert given["HTTPS_PROXY"] == "http://proxy.example"
    assert given["TWBOT_PROJECT"] == str(tmp_path)
    assert {"PATH", "PYTHONPATH"} <= given.keys()


def test_no_secret_is_in_the_log(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    """However a function writes it; each line names its rule and its post."""
    caplog.set_level(logging.INFO, "twbot.own")
    with pytest.raises(FunctionFailed) as raised:
        pool.call("leak", secrets=("TOKEN",))
    with pytest.raises(Permanent) as refused:
        pool.call("leak_permanent", secrets=("TOKEN",))
    said = [record.getMessage() for record in caplog.records]
    assert {line.split()[0] for line in said} == {"printed", "error", "bytes", "raw", "child", "logged", "library"}
    everything = json.dumps([*said, str(raised.value), raised.value.traceback, str(refused.value)])
    assert TOKEN[8:] not in everything
    assert everything.count("***") >= 10
    assert {(vars(each)["rule"], vars(each)["tweet"]) for each in caplog.records} == {("rule", "5")}


def test_what_a_function_raises_comes_back_with_its_traceback(pool: Pool) -> None:
    """Temporary and Permanent mean what they say; all else is a failure."""
    with pytest.raises(FunctionFailed, match=r"bot\.code:raises: ZeroDivisionError") as raised:
        pool.call("raises")
    assert "return 1 / 0" in (raised.value.traceback or "")
    with pytest.raises(Temporary, match="later") as temporary:
        pool.call("temporary")
    assert temporary.value.retry_at == 5.0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("exits", "SystemExit: 3"),
        ("dies", "ended with exit code 3"),
        ("crashes", "ended by SIGSEGV"),
        ("no_json", "JSON can't say"),
        ("too_much", "7000002 bytes"),
        ("missing", "AttributeError"),
    ],
)
def test_a_function_that_fails_fails_alone(pool: Pool, name: str, reason: str) -> None:
    """Whatever becomes of its process, the next call has one."""
    with pytest.raises(FunctionFailed, match=reason):
        pool.call(name)
    assert pool.call("later") == "later"


def test_what_is_written_to_the_output_breaks_nothing(pool: Pool) -> None:
    """The bot and the process speak on another line."""
    assert pool.call("garbage") == "fine"


@pytest.mark.parametrize("name", ["hangs", "hangs_without_python"])
def test_a_function_that_hangs_is_ended(pool: Pool, name: str) -> None:
    """With all that it started; the error says where it hung, and another rule is not held up."""
    done = threading.Event()

    def other() -> None:
        pool.call("later", owner="other")
        done.set()

    threading.Thread(target=other).start()
    with pytest.raises(FunctionFailed, match=rf"{name} did not return within 0\.3 s") as raised:
        pool.call(name, timeout=0.3)
    assert f"in {name}" in (raised.value.traceback or "")
    assert done.wait(10)
    assert pool.call("later") == "later"
    for child in pool.children():
        wait_until_gone(child)


@pytest.mark.parametrize("name", ["prints_without_end", "writes_without_end"])
def test_a_function_that_writes_without_end_is_ended(
    pool: Pool, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its time limit; the log keeps the first lines of it."""
    monkeypatch.setattr("twbot.local.functions.pool.MAX_LINES", 5)
    caplog.set_level(logging.INFO, "twbot.own")
    with pytest.raises(FunctionFailed, match="did not return"):
        pool.call(name, timeout=0.3)
    assert len(caplog.records) == 6
    assert "left out" in caplog.records[-1].getMessage()


def test_a_call_that_has_returned_does_nothing_more(pool: Pool) -> None:
    """A thread that it left behind publishes nothing in the name of the next."""
    pool.call("straggler")
    assert pool.call("let_go") == ["The function has returned: its bot does nothing more."]
    assert pool.bus.entries == []


def test_a_process_that_ended_between_two_calls_is_replaced(pool: Pool) -> None:
    """The next call did nothing wrong."""
    number = pool.call("leaves_a_bomb", owner="bomb")
    wait_until_gone(number)
    assert pool.call("later", owner="bomb") == "later"


def test_a_module_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    """With file and line."""
    pool = Pool(folder_with(tmp_path, "import os\ndef broken(:\n"))
    try:
        with pytest.raises(FunctionFailed, match="SyntaxError") as raised:
            pool.call("broken")
        assert f'File "{tmp_path}/bot/code.py", line 2' in (raised.value.traceback or "")
    finally:
        pool.functions.close()


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    """It costs no attempt: the next start calls it again."""
    pool = Pool(folder_with(tmp_path, CODE))
    number = pool.call("pid")
    raised: list[BaseException] = []

    def call() -> None:
        try:
            pool.call("hangs")
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    while not pool.children():
        time.sleep(0.01)
    pool.functions.close()
    thread.join(10)
    assert isinstance(raised[0], Temporary)
    assert raised[0].retry_at is not None
    for each in (number, *pool.children()):
        wait_until_gone(each)
    with pytest.raises(Temporary):
        pool.call("pid")


def test_a_process_ends_with_a_bot_that_was_killed(tmp_path: Path) -> None:
    """Also in the middle of a call: nothing is left behind."""
    folder = folder_with(tmp_path, CODE)
    program = (
        "import sys, pathlib; from tests.local.functions.test_functions_in_processes import Pool\n"
        "pool = Pool(pathlib.Path(sys.argv[1])); print(pool.call('pid'), flush=True); pool.call('hangs')"
    )
    bot = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
    assert bot.stdout is not None
    number = int(bot.stdout.readline())
    bot.kill()
    bot.communicate()
    wait_until_gone(number)


def wait_until_gone(number: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{number}/stat").exists() and Path(f"/proc/{number}/stat").read_text().split()[2] == "Z":
            return
        assert time.monotonic() < until, f"process {number} is still there"
        time.sleep(0.01)
