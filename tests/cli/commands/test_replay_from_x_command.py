"""`twbot replay from-x` as it is typed: shown first, asked, and in windows that X takes."""

from __future__ import annotations

import datetime
import threading
from typing import Any, SupportsIndex

import pytest

from tests.support.local_stage import Local, Twbot
from twbot.cli.errors import Exit
from twbot.cli.ui.console import say
from twbot.cli.x import replays as x_replays
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.data_folder import DataFolder


@pytest.fixture
def webhook_id(local: Local) -> str:
    x = XManagement(FileSecrets(DataFolder(local.folder).secrets), base_url=local.x.url)
    return x.create_webhook(local.webhook.url).id


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x_replays, "POLL_INTERVAL", 0.02)


def notices(local: Local) -> list[Any]:
    return [each for each in local.webhook.bodies if "replay_job_status" in each]


def test_a_dry_run_asks_x_for_nothing(local: Local, twbot: Twbot, webhook_id: str) -> None:
    """It shows the windows and the webhook."""
    ended = twbot("replay", "from-x", "--since", "3h", "--dry-run")
    assert (ended.code, ended.out["webhook_id"], ended.out["dry_run"]) == (0, webhook_id, True)
    (window,) = ended.out["windows"]
    assert window["job_id"] is None
    span = datetime.datetime.fromisoformat(window["until"]) - datetime.datetime.fromisoformat(window["since"])
    assert span == datetime.timedelta(hours=3)
    assert not notices(local)


def test_asks_first(local: Local, twbot: Twbot, webhook_id: str) -> None:
    """Without a terminal and --yes nothing is asked of X; the stage is named."""
    ended = twbot("replay", "from-x", "--since", "3h")
    assert ended.code == Exit.USAGE
    assert "the stage local" in ended.error["error"]
    assert not notices(local)
    assert twbot("replay", "from-x", "--since", "3h", "--yes").code == 0
    local.webhook.wait_for(lambda _: len(notices(local)) == 1)
    assert notices(local)[0]["replay_job_status"]["webhook_id"] == webhook_id


def test_what_x_keeps_no_more_is_left_out(twbot: Twbot, webhook_id: str) -> None:
    """A day of it is asked for, at v2; what is older altogether is refused."""
    (window,) = twbot("replay", "from-x", "--since", "3d", "--dry-run").out["windows"]
    first = datetime.datetime.fromisoformat(window["since"])
    age = datetime.datetime.now(datetime.UTC) - first
    assert datetime.timedelta(hours=23, minutes=58) < age < datetime.timedelta(hours=24, minutes=1)
    ended = twbot("replay", "from-x", "--since", "3d", "--until", "2d")
    assert ended.code == Exit.USAGE
    assert "24 hours" in ended.error["error"]


def test_v1_has_several_windows_one_after_the_other(local: Local, twbot: Twbot, webhook_id: str) -> None:
    """X works on one at a time, and says so: the next waits for it."""
    ended = twbot("replay", "from-x", "--since", "60h", "--api", "v1.1", "--yes")
    assert ended.code == 0
    assert len({each["job_id"] for each in ended.out["windows"]}) == len(ended.out["windows"]) == 3
    local.webhook.wait_for(lambda _: len(notices(local)) == 3)
    jobs = {each["replay_job_status"]["job_id"] for each in notices(local)}
    assert jobs == {each["job_id"] for each in ended.out["windows"]}
    too_recent = twbot("replay", "from-x", "--since", "20m", "--api", "v1.1", "--yes")
    assert too_recent.code == Exit.USAGE
    assert "31 minutes" in too_recent.error["error"]


class Late(list[int]):
    """The webhook's next answer, given once `asked` is set."""

    def __init__(self) -> None:
        super().__init__([200])
        self.asked = threading.Event()

    def pop(self, _: SupportsIndex = 0) -> int:
        assert self.asked.wait(5)
        return super().pop()


def test_another_job_under_way_is_waited_for(
    twbot: Twbot, webhook_id: str, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At v2, too: the webhook keeps its notice until the second job was refused."""
    local.webhook.answers = late = Late()

    def heard(text: str) -> None:
        say(text)
        if "still at another replay" in text:
            late.asked.set()

    monkeypatch.setattr(x_replays, "say", heard)
    assert twbot("replay", "from-x", "--since", "1h", "--yes").code == 0
    ended = twbot("replay", "from-x", "--since", "1h", "--yes")
    assert ended.code == 0
    assert "still at another replay" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--type", "TWEET_SENT"], "--type"),
        (["--to", "send-tweets", "--with-replies"], "--to"),
        (["--rate", "5"], "--rate"),
        (["--detach"], "--detach"),
    ],
)
def test_x_sends_all_of_it(twbot: Twbot, arguments: list[str], said: str) -> None:
    """What is for the archive's replays only is refused."""
    ended = twbot("replay", "from-x", "--since", "1h", *arguments)
    assert ended.code == Exit.USAGE
    assert said in ended.error["error"]


@pytest.mark.parametrize("arguments", [["--webhook", "1"], ["--api", "v1.1"]])
def test_the_archive_is_not_xs(twbot: Twbot, arguments: list[str]) -> None:
    """What is for X's replays only is refused, before anything is looked for."""
    ended = twbot("replay", "--since", "1h", *arguments)
    assert ended.code == Exit.USAGE
    assert arguments[0] in ended.error["error"]


def test_without_a_webhook_it_says_what_to_type(twbot: Twbot) -> None:
    """X delivers to webhooks."""
    ended = twbot("replay", "from-x", "--since", "1h", "--yes")
    assert ended.code == Exit.NOT_FOUND
    assert "twbot webhook register" in ended.err
