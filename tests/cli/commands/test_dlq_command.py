"""`twbot dlq`: dead letters, looked at, delivered again, forgotten."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.main import run
from twbot.lambdas.contracts import Entry
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder

BROKEN = Entry(source="BOT", detail_type="SEND_TWEET", detail={"ReplyToTweetId": "77"})


@pytest.fixture
def dead(tmp_path: Path) -> tuple[str, list[str]]:
    """A bot that is down, with two dead letters: what each of two broken commands became at egress."""
    with Bus(DataFolder(tmp_path).bus, RULES) as bus:
        for rule in RULES:
            bus.attach(rule.name, _refuse if rule.name == "send-tweets" else _take)
        bus.start()
        bus.publish([BROKEN, BROKEN])
        assert bus.drain(10, retries=True)
    with History(DataFolder(tmp_path).bus) as history:
        return str(tmp_path), [str(each.id) for each in history.dead_letters()]


def _take(_: object) -> None:
    return None


def _refuse(_: object) -> None:
    from twbot.lambdas.errors import BadEvent

    raise BadEvent("SEND_TWEET: no Text")


def test_groups_by_reason(dead: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """With the numbers that show, redrive and purge take."""
    data, numbers = dead
    assert run(["dlq", "list", "--data", data, "--json"]) == 0
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert (group["rule"], group["reason"], group["ids"]) == ("send-tweets", "BadEvent", numbers)
    assert run(["dlq", "show", str(numbers[0]), "--data", data, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "no Text" in shown["letter"]["error"]
    assert shown["event"]["detail"] == BROKEN.detail
    assert run(["dlq", "list", "--data", data]) == 0
    assert f"twbot dlq redrive --rule send-tweets --data {data}\n" in capsys.readouterr().err
    for arguments in (["list"], ["list", "--each"], ["show", str(numbers[0])]):
        assert run(["dlq", *arguments, "--data", data]) == 0
        assert "send-tweets" in capsys.readouterr().out


def test_purge_asks(dead: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and --yes nothing goes; a dry run changes nothing; afterwards they are gone."""
    data, numbers = dead
    assert run(["dlq", "purge", "--all", "--data", data]) == 2
    assert run(["dlq", "purge", "--all", "--dry-run", "--data", data]) == 0
    with History(DataFolder(Path(data)).bus) as history:
        assert len(history.dead_letters()) == 2
    assert run(["dlq", "purge", str(numbers[0]), "--yes", "--data", data]) == 0
    with History(DataFolder(Path(data)).bus) as history:
        assert [str(each.id) for each in history.dead_letters()] == numbers[1:]


def test_redrive_of_a_bot_that_is_down_waits_for_it(dead: tuple[str, list[str]]) -> None:
    """The letters wait again; those that the filter does not mean stay dead."""
    data, _ = dead
    assert run(["dlq", "redrive", "--reason", "no such reason", "--data", data]) == 0
    assert run(["dlq", "redrive", "--rule", "send-tweets", "--data", data]) == 0
    with History(DataFolder(Path(data)).bus) as history:
        assert (history.dead_letters(), history.waiting()) == ([], 2)


@pytest.mark.parametrize(("arguments", "code"), [(["redrive"], 2), (["show", "4711"], 4), (["redrive", "4711"], 4)])
def test_says_what_is_missing(dead: tuple[str, list[str]], arguments: list[str], code: int) -> None:
    """Nothing is meant by default, and what is not there is not found."""
    assert run(["dlq", *arguments, "--data", dead[0]]) == code


def test_a_running_bot_delivers_again(world: World, operate: Operate) -> None:
    """Through its control API; the broken command dies again, and is purged."""
    world.system.bot.bus.publish([BROKEN])
    world.settle()
    (number,) = (each["id"] for each in operate("dlq", "list", "--rule", "send-tweets", "--json").json["letters"])
    with History(world.home.bus) as history:
        before = next(each.ended for each in history.dead_letters() if str(each.id) == number)
    assert operate("dlq", "redrive", str(number), "--json").json["redriven"] == 1
    world.settle()
    with History(world.home.bus) as history:
        after = next(each.ended for each in history.dead_letters() if str(each.id) == number)
    assert before is not None
    assert after is not None
    assert before < after <= time.time()
    assert operate("dlq", "purge", str(number), "--yes", "--json").json["purged"] == 1
    assert operate("dlq", "list", "--rule", "send-tweets", "--json").json["count"] == 0
