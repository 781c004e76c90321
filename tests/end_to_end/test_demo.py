"""`twbot demo`, as a newcomer runs it: real models, real webhooks, and an exit code that can be believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from tests.support.paths import ROOT
from twbot.local.demo.run import DemoPost, DemoReply, _compare
from twbot.local.demo.scenario import Scene


def test_everything_that_should_happen_does(tmp_path: Path) -> None:
    """One JSON document on stdout; every post has the outcome it should; the pictures are there."""
    command = [
        sys.executable,
        "-c",
        "from twbot.cli.main import main; main()",
        "demo",
        "--json",
        "--pictures",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["ok"] is True
    posts = {post["author"]: post for post in result["posts"]}
    assert {post["outcome"] for post in posts.values()} == {"replied", "ignored", "rejected"}
    assert {post["generation"] for post in posts.values()} == {"v1.1", "x-activity"}
    assert posts["grace"]["delivered"] == 2
    assert posts["carol"]["alerted"] is True
    assert len(result["alerts"]) == 1
    assert posts["erin"]["celebrities"] == ["Barack Obama"]
    assert posts["judy"]["celebrities"] == []
    assert len(posts["mike"]["reply"]["images"]) == 2
    assert result["queries"]["celebrities"]["columns"] == ["time", "author", "name"]
    assert result["events"]["TWEET_SENT"] == sum(post["reply"] is not None for post in posts.values())
    for path in posts["mike"]["reply"]["images"]:
        with Image.open(path) as picture:
            picture.verify()


REPLIED = DemoPost(
    id="1",
    author="ann",
    text="@twbot hello",
    images=[],
    generation="v1.1",
    delivered=1,
    outcome="replied",
    sentiment="NEUTRAL",
    reply=DemoReply("2", "Hi", []),
)


@pytest.mark.parametrize(
    ("change", "replies"),
    [
        ({"outcome": "ignored"}, 0),
        ({}, 2),
        ({"delivered": 2}, 1),
        ({"alerted": True}, 1),
        ({"celebrities": ["Somebody"]}, 1),
        ({"sentiment": "POSITIVE"}, 1),
    ],
)
def test_the_demo_notices_what_went_wrong(change: dict[str, object], replies: int) -> None:
    """An answer too many, a wrong name, a missing alert: each ends with exit code 5."""
    scene = Scene("ann", "@twbot hello", sentiment="NEUTRAL")
    assert _compare(scene, REPLIED, 1) == []
    assert _compare(scene, msgspec.structs.replace(REPLIED, **change), replies)
