"""`twbot send`: post at the running bot's simulated X, see the reply."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from requests_oauthlib import OAuth1Session

from tests.support.histories import LocalPast
from tests.support.running import pretend_running
from tests.support.simulated_x import red_jpeg
from twbot.cli.commands.send import _say_why, send
from twbot.cli.errors import CliError, Exit
from twbot.lambdas.errors import TwbotError
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


def answered(simulated_x: Simulator, authors: Sequence[str]) -> threading.Thread:
    """Somebody who answers the newest post of each of these authors, as the bot would."""
    client, keys = simulated_x.client, simulated_x.client.keys()
    bot = OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)

    def answer() -> None:
        for author in authors:
            while not (posts := client.posts(author)):
                client.replies("1", timeout=0.05)
            body = {"text": f"a joke for {author}", "reply": {"in_reply_to_tweet_id": posts[-1]["id"]}}
            bot.post(f"{simulated_x.url}/2/tweets", json=body)

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


def test_a_file_of_posts_is_sent_and_each_reply_shown(
    folder: Path, simulated_x: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the file, a line of JSON each; who gets no reply is named, and ends it with 6."""
    lines = [
        {"text": "tell me a joke", "as": "xenia", "image": "sample:coffee", "followers": 77},
        {"text": "and me", "as": "xaver"},
        {"text": "I wait in vain", "as": "xolo"},
    ]
    file = folder / "posts.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    thread = answered(simulated_x, ["xenia", "xaver"])
    with pytest.raises(CliError) as error:
        send(file=str(file), data=folder, json=True, timeout=2)
    thread.join()
    assert (str(error.value), error.value.code) == ("1 of 3 posts have no reply.", Exit.TIMED_OUT)
    first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["author"], first["reply"]["text"]) == ("xenia", "a joke for xenia")
    assert (second["author"], second["reply"]["text"]) == ("xaver", "a joke for xaver")
    assert (third["author"], third["reply"]) == ("xolo", None)
    assert "within 2 seconds" in third["problem"]
    (post,) = simulated_x.client.posts("xenia")
    assert len(post["media"]) == 1


def test_without_time_it_waits_for_no_reply(
    folder: Path, simulated_x: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is how a file is posted at once; --as is for lines that name nobody."""
    file = folder / "posts.jsonl"
    file.write_text('{"text": "hi"}\n{"text": "ho", "as": "yara"}\n')
    send(file=str(file), author="yves", data=folder, timeout=0)
    assert [each["text"] for name in ("yves", "yara") for each in simulated_x.client.posts(name)] == [
        "@twbot hi",
        "@twbot ho",
    ]
    assert capsys.readouterr().out.splitlines() == ["@yves @twbot hi", "@yara @twbot ho"]


def test_what_x_refuses_says_how_far_it_came(folder: Path) -> None:
    """A post that is answered has to be there."""
    file = folder / "posts.jsonl"
    file.write_text('{"text": "hi", "as": "zora"}\n{"text": "ho", "reply_to": "5"}\n')
    with pytest.raises(CliError, match=r"^1 of 2 posts were sent\. The next one: The simulated X refused \(404\)"):
        send(file=str(file), data=folder, timeout=0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "Give a text or --file"),
        ({"text": "x", "file": "posts.jsonl"}, "Give a text or --file"),
        ({"file": "posts.jsonl", "image": ["sample:coffee"]}, "The lines of --file say all that"),
        ({"file": "posts.jsonl", "followers": 0}, "The lines of --file say all that"),
        ({"file": "posts.jsonl"}, "Cannot read posts.jsonl"),
        ({"text": "x", "image": ["sample:cofee"]}, "is called sample:cofee"),
        ({"text": "x", "image": ["sample:cat"] * 5}, "at most four pictures"),
        ({"text": "x", "edit": "1", "followers": 3}, "An edit changes the text alone"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments: dict[str, Any], says: str, folder: Path) -> None:
    """Before anything is posted."""
    with pytest.raises(TwbotError, match=says):
        send(**arguments, data=folder)


def test_followers_are_those_of_the_author_from_now_on(
    folder: Path, simulated_x: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the profile shows them to the bot."""
    thread = answered(simulated_x, ["zeno"])
    send("hi", author="zeno", followers=12345, image=["sample:cat"], data=folder, timeout=20, json=True)
    thread.join()
    keys = simulated_x.client.keys()
    bot = OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    found = bot.get(f"{simulated_x.url}/2/users/by/username/zeno", params={"user.fields": "public_metrics"}).json()
    assert found["data"]["public_metrics"]["followers_count"] == 12345


def test_a_stage_on_aws_has_no_simulated_x() -> None:
    """2, and what delivers a sample to its webhook."""
    with pytest.raises(CliError) as error:
        send("hi", stage="prod")
    assert error.value.code == Exit.USAGE
    assert "twbot webhook sample" in str(error.value.hint)


@pytest.mark.parametrize(
    ("images", "with_picture", "is_said"),
    [(None, False, True), ([], False, False), ([], True, True), ([{}], True, False), ([{}], False, False)],
)
def test_what_a_reply_waits_for_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], images: list[Any] | None, with_picture: bool, is_said: bool
) -> None:
    """The models, where none of the kind was analysed since the bot's start; what was before it does not count."""
    past = LocalPast(tmp_path / "data")
    past.event("MESSAGE_ANALYSED", {"Analysis": {"Images": [{}]}}, ago=90)
    if images is not None:
        past.event("MESSAGE_ANALYSED", {"Analysis": {"Images": images}}, ago=30)
    with pretend_running(tmp_path / "data", RunInfo(os.getpid(), "http://127.0.0.1:1/twitter", past.now - 60)):
        _say_why(tmp_path / "data", with_picture, False)
        said = capsys.readouterr().err
        _say_why(tmp_path / "data", with_picture, True)
    assert ("models load" in said, capsys.readouterr().err) == (is_said, "")
