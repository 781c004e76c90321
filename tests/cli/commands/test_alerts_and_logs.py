"""`twbot alerts` and `twbot logs`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.loopback import Answer, answering
from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.main import run
from twbot.local.data_folder import DataFolder


def test_lists_alerts(world: World, operate: Operate) -> None:
    """The newest first, while the bot keeps them."""
    post, _ = world.ask("wes", "@twbot I am very angry")
    newest = operate("alerts", "raised", "--limit", "1", "--json").json[0]
    assert (newest["tweet_id"], newest["author"], newest["posted"]) == (post["id"], "wes", False)
    assert "@wes" in operate("alerts", "raised").out


def test_a_running_bot_takes_a_subscriber_up(world: World, operate: Operate, tmp_path: Path) -> None:
    """Subscribed while it runs: the next angry post is told, and the alert is marked so."""
    with answering(Answer(200, b"ok")) as hook:
        (tmp_path / "address.txt").write_text(hook.url)
        added = operate("alerts", "subscribe", "slack", "--from", str(tmp_path / "address.txt"), "--json").json
        post, _ = world.ask("wes", "@twbot I am angry once more")
        assert operate("alerts", "remove", added["id"], "--yes").code == 0
        world.ask("wes", "@twbot and angry again")
    (told,) = hook.asked
    assert post["id"] in told.body.decode()
    raised = {each["tweet_id"]: each["posted"] for each in operate("alerts", "raised", "--json").json}
    assert raised[post["id"]] is True


@pytest.fixture
def log(tmp_path: Path) -> Path:
    home = DataFolder(tmp_path)
    home.bus.touch()
    lines: list[dict[str, str | None]] = [
        {"level": "INFO", "logger": "twbot.events", "message": "SEND_TWEET", "correlation_id": "7"},
        {"level": "WARNING", "logger": "twbot.ingress", "message": "webhook refused", "correlation_id": None},
        {"level": "ERROR", "logger": "twbot.web", "message": "a request failed", "correlation_id": "8"},
    ]
    written = [json.dumps({"timestamp": f"2026-11-01T10:0{n}:00.000Z", **line}) for n, line in enumerate(lines)]
    home.log.with_name("twbot.log.1").write_text(written[0] + "\n")
    home.log.write_text("\n".join([*written[1:], '{"half a li']))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ([], ["SEND_TWEET", "webhook refused", "a request failed"]),
        (["ingress"], ["webhook refused"]),
        (["--tweet", "7"], ["SEND_TWEET"]),
        (["--level", "warning"], ["webhook refused", "a request failed"]),
        (["--since", "2026-11-01T10:01Z", "--until", "2026-11-01T10:02Z"], ["webhook refused"]),
        (["--limit", "1"], ["a request failed"]),
    ],
)
def test_filters_the_log(
    log: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], messages: list[str]
) -> None:
    """Through rotated files, and past a line that is half written."""
    assert run(["logs", *arguments, "--data", str(log), "--json"]) == 0
    assert [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()] == messages
    assert run(["logs", *arguments, "--data", str(log)]) == 0
    assert messages[-1] in capsys.readouterr().out


@pytest.mark.parametrize("command", [["logs", "--follow"], ["tail"]])
def test_following_ends_cleanly_with_ctrl_c(world: World, command: list[str]) -> None:
    """What comes is shown at once; Ctrl-C ends it with 0 and without a traceback."""
    import signal

    code = "from twbot.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command, "--data", str(world.home.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stdout is not None
    assert "Ctrl-C" in process.stderr.readline()
    line = {"timestamp": "2026-11-01T10:00:00.000Z", "level": "INFO", "logger": "twbot.web", "message": "grown"}
    with world.home.log.open("a") as file:
        file.write(json.dumps(line) + "\n")
    world.x.post("xia", "@twbot now")
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
