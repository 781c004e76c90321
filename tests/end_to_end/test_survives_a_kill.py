"""kill -9 in the middle of the work: nothing is lost, nobody is answered twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.support.paths import ROOT
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder, make_private
from twbot.local.simulator.client import Simulator, SimulatorClient
from twbot.local.system import introduce


class Bot:
    def __init__(self, home: DataFolder, x_url: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "tests.support.bot_process", str(home.folder), x_url, str(port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_every_post_has_one_reply_though_the_bot_is_killed_twice(tmp_path: Path) -> None:
    """What was answered with 200 is delivered after the restart; what was posted is not posted again."""
    home = DataFolder(make_private(tmp_path / "bot"))
    with Simulator(tmp_path / "x", retry_delays=",".join(["0.3"] * 40)) as x:
        x.client.limits({"POST /2/tweets": 100_000}, posts_a_day=100_000)
        FileSecrets(home.secrets).save(x.client.keys())
        bot = Bot(home, x.url)
        webhook = f"http://127.0.0.1:{bot.port}/twitter"
        keys = FileSecrets(home.secrets)
        introduce(XManagement(keys, base_url=x.url), webhook, keys.keys().user_id)
        posts = [x.client.post(f"user{n}", f"@twbot number {n}", generation="v1.1")["id"] for n in range(40)]
        for replies in (1, 15):
            until(lambda replies=replies: len(_answered(x.client)) >= replies)  # type: ignore[misc]
            bot.kill()
            bot = Bot(home, x.url, bot.port)
        until(lambda: not x.client.deliveries(state="pending"))
        until(lambda: _waiting(home) == 0, 90)
        bot.kill()
        assert Counter(_answered(x.client)) == Counter(posts)


def _answered(x: SimulatorClient) -> list[str]:
    return [post["reply_to"] for post in x.posts("twbot")]


def _waiting(home: DataFolder) -> int:
    with History(home.bus) as history:
        return history.waiting()
