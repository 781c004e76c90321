"""The process that posts the replies: it does and says what the bot would, and none outlives the bot."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from twbot.lambdas.contracts import Entry, Event, MessageReceived, SendTweet, Twitter, entry, new_event
from twbot.lambdas.egress.attempts import OutcomeUnknown
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import BadEvent, MachineFault, Permanent, Temporary, XUnavailable
from twbot.lambdas.ports import Keys
from twbot.local.adapters.replies import LocalReplies
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bus.lock import Lock
from twbot.local.bus.store import AlreadyRunning
from twbot.local.child_python import import_path
from twbot.local.data_folder import DataFolder
from twbot.local.database import StorageError
from twbot.local.egress.messages import Failed, Setup, answers
from twbot.local.egress.process import ReplyProcess

LANES = 2
NOBODY = "http://127.0.0.1:9"  # no X listens there
AT = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)


def command(post: str = "1", **detail: object) -> Event:
    reply = SendTweet(text="hello", reply_to_user_id="7", reply_to_tweet_id=post)
    made = entry(reply)
    return new_event(Entry(source="BOT", detail_type="SEND_TWEET", detail={**made.detail, **detail}), AT)


def prepared(folder: Path) -> DataFolder:
    home = DataFolder(folder)
    home.folder.mkdir(mode=0o700, exist_ok=True)
    FileSecrets(home.secrets).save(Keys(api_key="k", api_secret="s", access_token="7-t", access_token_secret="u"))
    return home


@contextlib.contextmanager
def posting(home: DataFolder) -> Iterator[ReplyProcess]:
    with Lock(home.lock) as lock:
        process = ReplyProcess(home.folder, Setup(NOBODY, made_with_ai=False), lock, lanes=LANES)
        try:
            yield process
        finally:
            process.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return prepared(tmp_path_factory.mktemp("egress") / "data")


@pytest.fixture(scope="module")
def process(home: DataFolder) -> Iterator[ReplyProcess]:
    with posting(home) as process:
        yield process


@pytest.fixture
def paused(home: DataFolder) -> Iterator[None]:
    with contextlib.closing(LocalReplies(home.replies)) as replies:
        replies.save(Switch(paused=True, reason="a break"))
        yield
        replies.save(Switch())


@pytest.mark.usefixtures("paused")
def test_what_it_publishes_comes_to_the_bot(process: ReplyProcess) -> None:
    """With its key, and with the switch as the operator has just set it."""
    (withheld,) = process.handle(command())
    assert (withheld.detail_type, withheld.detail["Reason"], withheld.dedup_key) == (
        "TWEET_WITHHELD",
        "paused",
        "withheld:1",
    )


def test_an_opt_out_is_stored(process: ReplyProcess, home: DataFolder) -> None:
    """By an event of another type, which publishes nothing."""
    message = MessageReceived(
        text="stop", author="ada", summoned=False, opt_out=True, twitter=Twitter(tweet_id="5", user_id="8")
    )
    assert list(process.handle(new_event(entry(message), AT))) == []
    with contextlib.closing(LocalReplies(home.replies)) as replies:
        assert replies.opted_out_users() == ["8"]


def test_a_failure_is_the_senders(process: ReplyProcess) -> None:
    """A dead letter says the same as before; the bus tries again what may succeed."""
    with pytest.raises(Temporary, match="X cannot be reached") as raised:
        process.handle(command("2"))
    assert type(raised.value).__name__ == "XUnavailable"
    with pytest.raises(BadEvent, match="SEND_TWEET"):
        process.handle(command(Text=3))


@pytest.mark.parametrize(
    "error",
    [
        XUnavailable("later", retry_at=5.5),
        OutcomeUnknown("who knows"),
        StorageError("the disk is full", "Make room"),
        MachineFault("no memory"),
        Permanent("never"),
        BadEvent("Text is missing"),
        ValueError("a fault of ours"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_keeps_its_meaning(error: Exception) -> None:
    """Its class's name, its text, whether it is tried again and when."""
    import msgspec

    answer = answers.decode(msgspec.json.encode(Failed.of(error, [])))
    assert isinstance(answer, Failed)
    found = answer.error()
    assert (type(found).__name__, str(found)) == (type(error).__name__, str(error))
    for kind in (Temporary, Permanent, BadEvent):
        assert isinstance(found, kind) is isinstance(error, kind)
    assert getattr(found, "retry_at", None) == getattr(error, "retry_at", None)


def test_what_it_logs_is_in_the_bots_log(process: ReplyProcess, caplog: pytest.LogCaptureFixture) -> None:
    """With the logger's name, the level and the fields."""
    with caplog.at_level(logging.INFO, "twbot"), contextlib.suppress(Temporary):
        process.handle(command("3", Images=[{"Key": "gone.png"}]))
    (record,) = [each for each in caplog.records if "gone.png" in each.getMessage()]
    assert (record.name, record.levelname) == ("twbot.lambdas.egress.images", "WARNING")


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_its_death_costs_no_reply(process: ReplyProcess, how: signal.Signals) -> None:
    """The delivery that it had fails for now, and the next one is handled by a new process."""
    process.handle(command("4"))
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        handled = pool.submit(process.handle, command("4"))
        while process._worker is None or process._worker._free.qsize() == LANES:
            assert not handled.done()
        os.kill(first, how)
        os.kill(first, signal.SIGCONT)
        with pytest.raises(Temporary, match=f"ended by signal {how.value}"):
            handled.result(20)
    assert process.handle(command("4"))[0].detail_type == "TWEET_WITHHELD"
    assert process.pid != first


@pytest.mark.usefixtures("paused")
def test_one_that_died_idle_is_replaced_before_it_is_asked(
    process: ReplyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """No delivery has to be tried again for it, and the log says that it died."""
    process.handle(command("7"))
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert process.handle(command("7"))
    assert process.pid != first
    assert "ended by signal 9" in caplog.text


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_the_bot_only(process: ReplyProcess, signal_: signal.Signals) -> None:
    """A terminal and a service manager signal all processes: replies that are under way are finished all the same."""
    process.handle(command("6"))
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal_)
    assert process.handle(command("6"))
    assert process.pid == pid


def test_after_its_end_nothing_is_posted(tmp_path: Path) -> None:
    """A closed one starts no other: the folder may be another bot's by now."""
    with posting(prepared(tmp_path / "data")) as process:
        process.close()
        with pytest.raises(Temporary, match="stopping"):
            process.handle(command())


_BOT = """
import sys, os, signal
from pathlib import Path
from twbot.local.bus.lock import Lock
from twbot.local.data_folder import DataFolder
from twbot.local.egress.messages import Setup
from twbot.local.egress.process import ReplyProcess
home = DataFolder(Path(sys.argv[1]))
process = ReplyProcess(home.folder, Setup("http://127.0.0.1:9", False), Lock(home.lock), lanes=1)
process.start()
print(process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_none_outlives_a_killed_bot(tmp_path: Path) -> None:
    """It ends by itself. Until then the folder is locked, so that no two ever post from it."""
    home = prepared(tmp_path / "data")
    killed = subprocess.run(
        [sys.executable, "-c", _BOT, str(home.folder)],
        env={**os.environ, "PYTHONPATH": import_path()},
        stdout=subprocess.PIPE,
        check=False,
    )
    pid, until = int(killed.stdout), time.monotonic() + 30
    while _locks(home) or _runs(pid):
        assert time.monotonic() < until


def _locks(home: DataFolder) -> bool:
    try:
        with Lock(home.lock):
            return False
    except AlreadyRunning:
        return True


def _runs(pid: int) -> bool:
    """Whether a process is there. Nobody waits for one that has lost its parent, so it may stay as a zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return False
