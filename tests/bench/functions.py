"""What a function of the bot's folder costs on one machine."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from tests.bench.figures import Figure, say
from tests.support.instant_models import Instant
from twbot.lambdas.contracts import BOT, Entry
from twbot.lambdas.settings import Settings
from twbot.local.bot import Bot
from twbot.local.data_folder import DataFolder

ROUNDS, MESSAGES = 9, 200
RULE = '[[rules]]\nname = "own"\nwhen = { detail-type = ["MESSAGE_ANALYSED"] }\nrun = "bot.code:f"\n'
CODE = "def f(event, bot):\n    return None\n"


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder, contextlib.ExitStack() as opened:
        bots = {name: opened.enter_context(_running(Path(folder) / name, rule)) for name, rule in _RULES.items()}
        _cpu_ms(bots["with"])  # starts the process
        process = bots["with"].functions._idle["own"][0]
        found: dict[str, list[float]] = {name: [] for name in bots}
        own = _seconds_of(process.pid)
        for _ in range(ROUNDS):
            for name, bot in bots.items():
                found[name].append(_cpu_ms(bot))
        own = (_seconds_of(process.pid) - own) * 1000 / ROUNDS / MESSAGES
        extra = statistics.median(found["with"]) - statistics.median(found["without"])
        says = f"{extra:.2f} ms of CPU in the bot, {own:.2f} ms in its process"
        yield say(Figure("An own rule, for each message", says, "1 ms"))
        yield say(Figure("Memory of a process for own functions", f"{_memory_mb(process.pid):.0f} MB"))


_RULES = {"without": "", "with": RULE}


@contextlib.contextmanager
def _running(folder: Path, rule: str) -> Iterator[Bot]:
    (folder / "bot").mkdir(parents=True)
    (folder / "twbot.toml").write_text(rule)
    (folder / "bot" / "code.py").write_text(CODE)
    with mock.patch.dict(os.environ, {"TWBOT_PROJECT": str(folder)}):
        bot = Bot(DataFolder(folder / "data"), Settings(), analysers=Instant)
        bot.start()
    try:
        yield bot
    finally:
        bot.stop()


def _cpu_ms(bot: Bot) -> float:
    """CPU of this process for each message."""
    detail = {"Text": "hi", "Author": "ada", "Summoned": False, "Twitter": {"TweetId": "5", "UserId": "7"}}
    detail["Analysis"] = {"TextSentiment": "NEUTRAL"}
    began = time.process_time()
    for _ in range(MESSAGES):
        bot.bus.publish([Entry(source=BOT, detail_type="MESSAGE_ANALYSED", detail=detail)])
    assert bot.bus.drain(60, retries=True)
    return (time.process_time() - began) * 1000 / MESSAGES


def _seconds_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
