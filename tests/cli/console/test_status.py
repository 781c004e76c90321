"""The page of the status: the bot, its last hour, X, the doctor, and the dot in the header."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.cli.console import examination, status
from twbot.cli.console.health import Health, Recent, health_of
from twbot.cli.console.status import limits_of, lines_of
from twbot.cli.operations.status.records import LastHour, StatusSnapshot
from twbot.cli.ui.check import Check
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.folder.folder import VARIABLE
from twbot.lambdas.x.rate_limits import XLimit

RUNS = StatusSnapshot(place="here", running=True)


def test_the_status_is_what_the_command_shows(world: World, visitor: Visitor) -> None:
    """The bot, its webhook at X, the last hour, limits, room, languages; parts of it can be read anew."""
    world.ask("stina", "@twbot tell me a joke")
    page = visitor.get("/status")
    says = text_of(page)
    for each in (
        "runs on",
        "webhook valid",
        "dead letters",
        "archive",
        "sentiment in en",
        "reply time",
        "GET /2/webhooks",
    ):
        assert each in says
    assert "twbot status --data" in says
    for path, name in (("/status/now", "now"), ("/status/dot", "dot"), ("/status/doctor", "doctor")):
        part = visitor.get(path)
        assert part.status_code == 200
        assert f'id="{name}"' in part.text
        assert f'id="{name}"' in page.text
        assert "<html" not in part.text


def test_the_dot_is_on_every_page(visitor: Visitor) -> None:
    """An error's, too: it leads to the status, and says in words how the bot is."""
    for path in ("/", "/queries", "/nowhere"):
        page = visitor.get(path)
        assert '<a id="dot" class="dot' in page.text
        assert "Status:" in text_of(page)


@pytest.mark.parametrize(
    ("changes", "level", "word"),
    [
        ({}, "good", "runs"),
        ({"running": False, "dead": {"x": 3}}, "bad", "down"),
        ({"problem": "No room."}, "bad", "refuses"),
        ({"switch": Switch(paused=True), "dead": {"x": 3}}, "warn", "paused"),
        ({"switch": Switch(paused=True, until=1.0)}, "good", "runs"),
        ({"dead": {"x": 3, "y": 1}}, "warn", "4 dead"),
        ({"last_hour": LastHour(failures=[0, 2.0])}, "warn", "2 failed"),
        ({"damaged": ["a.gz"]}, "warn", "damaged"),
    ],
)
def test_the_most_urgent_is_said(changes: dict[str, Any], level: str, word: str) -> None:
    found = health_of(msgspec.structs.replace(RUNS, **changes))
    assert (found.level, found.word) == (level, word)
    assert isinstance(found, Health)
    assert found.says


def test_a_recent_answer_is_not_asked_for_again() -> None:
    """However many ask; an error is raised to each, and one who forgets it asks anew."""
    asked = itertools.count(1)
    recent = Recent(lambda: next(asked), 3600)
    assert recent.last is None
    assert [recent.get(), recent.get(), recent.last] == [1, 1, 1]
    assert recent.get(max_age=-1) == 2
    recent.forget()
    assert recent.get() == 3
    failing = Recent(lambda: 1 // 0, 3600)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            failing.get()


def test_checks_are_shown_as_they_come(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its fix, once at a time; a window that looks on asks until all are done."""
    go_on = threading.Event()

    def checks(*_: object, models: bool) -> Iterator[Check]:
        yield Check("Python", "ok", "3.11")
        assert go_on.wait(30)
        yield Check("dead letters", "wrong", "<b>3</b> at rule", "twbot dlq list --data d")
        yield Check("bot", "warning", f"models: {models}", "twbot up; or else: twbot down")

    monkeypatch.setattr(examination, "run_checks", checks)
    began = visitor.post("/status/doctor", models="on")
    visitor.post("/status/doctor")
    assert 'id="doctor" data-from="/status/doctor" data-every="1"' in began.text
    go_on.set()
    until = time.monotonic() + 30
    while "data-from" in (page := visitor.get("/status/doctor")).text:
        assert time.monotonic() < until
    says = text_of(page)
    assert "1 wrong, 1 warning, 1 ok" in says
    assert "dead letters wrong: <b>3</b> at rule twbot dlq list --data d" in says
    assert says.count("Python") == 1
    assert "models: True" in says
    assert "<b>3" not in page.text
    assert 'data-copy="twbot dlq list --data d"' in page.text
    assert 'data-copy="twbot up;' not in page.text


def test_the_last_hour_in_words() -> None:
    hour = LastHour(
        messages=[1.0] * 60,
        replies=[0.0] * 60,
        failures=[0.0] * 59 + [2.0],
        reply_times=[None] * 59 + [3.5],
        median=3.5,
        p95=3.5,
        failed={"bad-keys": 2},
        put_off=1,
        withheld=4,
    )
    assert [each.says for each in lines_of(hour)] == [
        "60",
        "0, 1 times put off, 4 withheld",
        "2: 2 bad-keys",
        "median 3.5 s, 95% within 3.5 s",
    ]
    assert [each.says for each in lines_of(LastHour())] == ["0", "0", "0", "not read"]


def test_the_tightest_limit_comes_first() -> None:
    def limit(call: str, left: int, allowed: int) -> XLimit:
        return XLimit(call=call, span="15 minutes", allowed=allowed, left=left, reset=None, noted=0)

    found = msgspec.structs.replace(RUNS, limits=[limit("a", 9, 10), limit("b", 1, 10), limit("c", 0, 0)])
    assert [each.call for each in limits_of(found, None)] == ["c", "b", "a"]


def test_a_fault_of_ours_is_a_page_too(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what happened and how to find out where; the next page is as it was."""

    def fails(_: object) -> list[object]:
        raise RuntimeError("<b>odd</b>")

    with monkeypatch.context() as patch:
        patch.setattr(status, "lines_of", fails)
        page = visitor.get("/status")
    assert page.status_code == 500
    assert "RuntimeError: <b>odd</b> This should not happen." in text_of(page)
    assert "<b>odd" not in page.text
    visitor.session.close()  # the server closes the connection on which something broke
    assert visitor.get("/status").status_code == 200


def test_settings_that_cannot_be_read_are_said(
    visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is there all the same: its doctor says what to do about them."""
    (tmp_path / "twbot.toml").write_text("[stages.local]\nreplies = 7\n")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    page = visitor.get("/status")
    assert page.status_code == 200
    assert "twbot.toml:2:" in text_of(page)
    (tmp_path / "twbot.toml").write_text("[stages.local]\nreplies = false\n")
    assert "Off: replies = false in" in text_of(visitor.get("/status"))
