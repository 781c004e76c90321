"""`twbot replay from-x`: what X delivered while the bot was down arrives after all, and nobody is answered twice."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.instant_models import Instant
from twbot.cli.main import run
from twbot.lambdas.settings import Settings
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bot import Bot
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder, SimulatorInfo, make_private
from twbot.local.simulator.client import Simulator
from twbot.local.system import announce_run, introduce


@contextlib.contextmanager
def up(home: DataFolder, x: Simulator, port: int = 0) -> Iterator[tuple[Bot, int]]:
    bot = Bot(home, Settings(), analysers=Instant, x_url=x.url, simulator=x.url, port=port)
    try:
        port = bot.start()
        webhook = f"http://{bot.host}:{port}/twitter"
        introduce(XManagement(bot.secrets, base_url=x.url), webhook, bot.secrets.keys().user_id)
        announce_run(bot, webhook, SimulatorInfo(x.url, x.control_token))
        yield bot, port
    finally:
        bot.stop(5.0)
        home.run.unlink(missing_ok=True)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def settle(bot: Bot, x: Simulator) -> None:
    until(lambda: not x.client.deliveries(state="pending") and bot.bus.drain(5.0, retries=True))


def test_missed_posts_are_answered_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One post is answered, two come while the bot is down; X is asked twice to send all of it again."""
    home = DataFolder(make_private(tmp_path / "bot"))
    with Simulator(tmp_path / "x", retry_delays="0.01,0.01") as x:
        FileSecrets(home.secrets).save(x.client.keys())
        with up(home, x) as (bot, port):
            posts = [x.client.post("ada", "@twbot are you there?")["id"]]
            settle(bot, x)
        assert len(x.client.replies(posts[0], author="twbot")) == 1
        posts += [
            x.client.post("bob", f"@twbot and now, in {each}?", generation=each)["id"]
            for each in ("v1.1", "x-activity")
        ]
        until(lambda: not x.client.deliveries(state="pending"))
        assert {each["state"] for post in posts[1:] for each in x.client.deliveries(post)} == {"failed"}
        with up(home, x, port) as (bot, _):
            for _ in range(2):
                capsys.readouterr()
                arguments = ["replay", "from-x", "--since", "10m", "--yes", "--json", "--data", str(home.folder)]
                assert run(arguments) == 0
                (window,) = json.loads(capsys.readouterr().out)["windows"]
                settle(bot, x)
                assert _job(home) == window["job_id"]
            for post in posts:
                assert len(x.client.replies(post, author="twbot")) == 1
        with History(home.bus) as history:
            received = [event.detail["Twitter"]["TweetId"] for event in history.events(detail_type="MESSAGE_RECEIVED")]
        assert sorted(received) == sorted(posts)


def _job(home: DataFolder) -> str:
    """The last that X said was done."""
    with History(home.bus) as history:
        *_, done = history.events(detail_type="TWITTER_REPLAY_COMPLETED")
    return str(done.detail["replay_job_status"]["job_id"])
