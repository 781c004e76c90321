"""`twbot send`: post at the running bot's simulated X, see the reply."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from requests_oauthlib import OAuth1Session

from tests.support.running import pretend_running
from tests.support.simulated_x import red_jpeg
from twbot.cli.commands.send import send
from twbot.cli.errors import CliError, Exit
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder, RunInfo, SimulatorInfo
from twbot.local.simulator.client import Simulator


@pytest.fixture
def folder(tmp_path: Path, simulated_x: Simulator) -> Iterator[Path]:
    Bus(DataFolder(tmp_path).bus, []).stop()
    where = SimulatorInfo(simulated_x.url, simulated_x.control_token)
    with pretend_running(tmp_path, RunInfo(os.getpid(), "http://127.0.0.1:1", time.time(), where)):
        yield tmp_path


def test_without_a_running_bot_it_says_what_to_type(tmp_path: Path) -> None:
    """4 where there is no data folder, 3 where nothing runs on it."""
    for data, code in ((tmp_path / "no", Exit.NOT_FOUND), (tmp_path, Exit.NOT_CONFIGURED)):
        with pytest.raises(CliError) as error:
            send("hi", data=data)
        assert (error.value.code, error.value.hint) == (code, f"Start it with: twbot up --data {data}")


def test_no_reply_in_time_is_6(folder: Path) -> None:
    """And the hint names the post."""
    with pytest.raises(CliError) as error:
        send("hi", data=folder, timeout=0, json=True)
    assert error.value.code == Exit.TIMED_OUT


def test_the_reply_and_its_pictures_are_shown(
    folder: Path, simulated_x: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The post mentions the bot; the reply's pictures become files."""
    client, keys, photo = simulated_x.client, simulated_x.client.keys(), red_jpeg()
    bot = OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)

    def answer() -> None:
        while not (posts := client.posts("wanda")):
            client.replies("1", timeout=0.2)
        media = bot.post(
            f"{simulated_x.url}/2/media/upload", files={"media": photo}, data={"media_category": "tweet_image"}
        )
        body = {"text": "a joke", "reply": {"in_reply_to_tweet_id": posts[0]["id"]}}
        body["media"] = {"media_ids": [media.json()["data"]["id"]]}
        bot.post(f"{simulated_x.url}/2/tweets", json=body)

    answering = threading.Thread(target=answer)
    answering.start()
    send("tell me a joke", author="wanda", data=folder, json=True, timeout=20)
    answering.join()
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert (shown["text"], shown["reply"]["text"]) == ("@twbot tell me a joke", "a joke")
    [path] = shown["reply"]["images"]
    assert Path(path).read_bytes() == photo


def test_an_edit_shows_the_reply_to_an_earlier_version(
    folder: Path, simulated_x: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """An edited post is answered once. Pictures and the post that is answered stay as they are."""
    client, keys = simulated_x.client, simulated_x.client.keys()
    bot = OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    post = client.post("wilma", "@twbot tel me a joke")
    body = {"text": "a joke for wilma", "reply": {"in_reply_to_tweet_id": post["id"]}}
    assert bot.post(f"{simulated_x.url}/2/tweets", json=body).ok
    send("tell me a joke", edit=post["id"], data=folder, json=True, timeout=0)
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert (shown["author"], shown["text"]) == ("wilma", "@twbot tell me a joke")
    assert shown["id"] != post["id"]
    assert (shown["reply"]["text"], shown["seconds"]) == ("a joke for wilma", 0)
    with pytest.raises(CliError) as error:
        send("hi", edit=post["id"], reply_to="5", data=folder)
    assert error.value.code == Exit.USAGE


def test_a_stage_on_aws_has_no_simulated_x() -> None:
    """2, and what delivers a sample to its webhook."""
    with pytest.raises(CliError) as error:
        send("hi", stage="prod")
    assert error.value.code == Exit.USAGE
    assert "twbot webhook sample" in str(error.value.hint)
