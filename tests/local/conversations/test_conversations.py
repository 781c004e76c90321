"""Conversations with a bot: what is expected of it, held against what it did."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.instant_models import Instant
from tests.support.paths import PICTURES
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.errors import TwbotError
from twbot.local.conversations import stage
from twbot.local.conversations.records import FILE, Conversation, matches, read_conversations
from twbot.local.conversations.run import compare
from twbot.local.conversations.stage import Said, running_stage

SAID = Said(
    id="1",
    reply="Alice: from 9 to 6.",
    images=0,
    intent="Hours",
    by="bot.hours:today",
    alert=True,
    events=["MESSAGE_RECEIVED", "ORDER_ASKED", "TWEET_SENT"],
    problems=[],
)
SILENT = Said(id="2", reply=None, images=0, intent=None, by=None, alert=False, events=[], problems=[])


def expect(**expected: Any) -> Conversation:
    return Conversation(text="When?", **expected)


@pytest.mark.parametrize(
    ("pattern", "text", "is_so"),
    [
        ("*9 to 6*", "We are open from 9 to 6.", True),
        ("9 to 6", "We are open from 9 to 6.", False),
        ("*", "", True),
        ("a*b*c", "a\nb\nc", True),
        ("a.c", "abc", False),
        ("[a]*", "[a] b", True),
        ("", "", True),
    ],
)
def test_a_star_is_any_text(pattern: str, text: str, is_so: bool) -> None:
    """Nothing else has a meaning of its own."""
    assert matches(pattern, text) is is_so


@pytest.mark.parametrize(
    ("expected", "said", "differs"),
    [
        ({}, SAID, []),
        ({"reply": "*9 to 6*", "intent": "Hours", "alert": True, "by": "bot.hours:today"}, SAID, []),
        ({"reply": True, "events": ["ORDER_ASKED"]}, SAID, []),
        ({"events": ["ORDER_ASKED", "TWEET_SENT"]}, SAID, []),
        ({"reply": False, "alert": False, "events": []}, SILENT, []),
        ({"reply": "*10*"}, SAID, ["reply"]),
        ({"reply": "*"}, SILENT, ["reply"]),
        ({"reply": True}, SILENT, ["reply"]),
        ({"reply": False}, SAID, ["reply"]),
        ({"intent": "Order", "by": "bot.x:y", "alert": False}, SAID, ["intent", "by", "alert"]),
        ({"events": []}, SAID, ["events"]),
        ({"events": ["TICKET_OPENED", "ORDER_ASKED"]}, SAID, ["events"]),
        ({"events": ["LATER"]}, SILENT, []),
    ],
)
def test_only_what_is_expected_is_compared(expected: dict[str, Any], said: Said, differs: list[str]) -> None:
    """Of events all of the bot's own; one that is about no post counts for whoever expects it."""
    assert [each.what for each in compare(expect(**expected), said, ["LATER"])] == differs


def test_a_function_that_fails_fails_the_conversation() -> None:
    """Whatever answered instead: its traceback is shown."""
    broken = Said(**{name: getattr(SAID, name) for name in Said.__struct_fields__} | {"failures": ["x:y: KeyError"]})
    assert [each.what for each in compare(expect(), broken)] == ["function"]


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a bot whose models answer at once."""
    folder = tmp_path / "bot-folder"
    (folder / "tests").mkdir(parents=True)
    (folder / "twbot.toml").write_text("[bot]\n")
    monkeypatch.setenv("TWBOT_PROJECT", str(folder))
    monkeypatch.setattr(stage, "running_stage", functools.partial(running_stage, analysers=Instant))
    return folder


TALK = """
[[conversations]]
text = "good day"
reply = "*You said: *good day*"
alert = false

[[conversations]]
name = "angry"
text = "I am angry"
as = "bob"
followers = 12
verified = true
language = "en"
alert = true
events = ["TWEET_SENT"]

[[conversations]]
text = "a picture"
image = "cat.jpg"
reply = true
"""


def test_they_are_held_side_by_side_and_told_apart(bot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On one bot; each has its own reply and alert."""
    (bot / FILE).write_text(TALK)
    (bot / "tests" / "cat.jpg").write_bytes((PICTURES / "cat.jpg").read_bytes())
    assert run(["test", "--json"]) == Exit.DONE
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"]
    good, angry, picture = answer["conversations"]
    assert (good["alert"], angry["alert"]) == (False, True)
    assert (good["line"], angry["line"]) == (2, 7)
    assert "TWEET_SENT" in angry["events"]
    assert picture["images"] == 1


def test_what_differs_is_shown(bot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """5; expected and got, one below the other, with file and line; of those alone that were chosen."""
    (bot / FILE).write_text(TALK.replace("alert = true", 'alert = false\nintent = "Anger"'))
    assert run(["test", "angry"]) == Exit.CHECK_FAILED
    out, err = capsys.readouterr()
    assert "tests/conversations.toml:7" in out
    assert "intent expected  Anger\n           got       ?" in out
    assert "alert expected  none\n          got       yes" in out
    assert "good day" not in out
    assert "0 of 1 as expected" in err


@pytest.mark.parametrize(
    ("content", "arguments", "code", "says"),
    [
        (None, [], Exit.NOT_FOUND, "There is no tests/conversations.toml"),
        ("conversations = []", [], Exit.NOT_FOUND, "No conversation"),
        (TALK, ["-k", "no such words"], Exit.NOT_FOUND, "No conversation"),
        (TALK, ["nobody"], Exit.NOT_FOUND, "nobody"),
        (TALK, ["a picture"], Exit.USAGE, "there is no picture"),
        (TALK.replace("alert = false", "alerts = false"), [], Exit.FAILED, "conversations.toml:5: "),
        (TALK.replace('"bob"', '"b o b"'), [], Exit.FAILED, "conversations.toml:10: "),
    ],
)
def test_what_cannot_be_held_is_said(
    bot: Path, capsys: pytest.CaptureFixture[str], content: str | None, arguments: list[str], code: int, says: str
) -> None:
    """Before the bot starts, with the place and what to do."""
    if content is not None:
        (bot / FILE).write_text(content)
    assert run(["test", *arguments]) == code
    assert says in capsys.readouterr().err


def test_the_fault_is_that_of_the_first_line(bot: Path) -> None:
    """Unknown keys are refused with the nearest right one."""
    (bot / FILE).write_text(TALK.replace("verified =", "verifyed ="))
    with pytest.raises(TwbotError, match=r"conversations\.toml:12: .*did you mean `verified`"):
        read_conversations(bot)


def test_one_person_may_say_all_of_it(bot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More than a person is answered in an hour, and the same twice; a profile is that of its conversation alone."""
    talks = [
        f'[[conversations]]\ntext = "good day {number // 2}"\nreply = "You said: good day {number // 2}"\n'
        for number in range(24)
    ]
    (bot / FILE).write_text("".join(["[[conversations]]\ntext = 'first'\nfollowers = 9\n", *talks]))
    assert run(["test", "--json"]) == Exit.DONE, capsys.readouterr().out


OWN = """
[[rules]]
name = "desk"
when = { detail = { Text = [{ wildcard = "*ticket*" }] } }
run = "bot.desk:open_ticket"
secrets = ["DESK_KEY"]

[[rules]]
name = "count"
when = { detail-type = ["TICKET_OPENED"] }
run = "bot.desk:count"

[[rules]]
name = "forward"
when = { detail = { Text = [{ wildcard = "*ticket*" }] } }
to = "https://desk.example/tickets"
secrets = ["DESK_KEY"]

[answers]
texts = ["bot.desk:answer"]
"""
DESK = """
def open_ticket(event, bot):
    if "bad" in event.detail["Text"]:
        raise KeyError("no desk")
    bot.publish("TICKET_OPENED", {"Number": 7, "Key": bot.secret("DESK_KEY")[:4]})

def count(event, bot):
    bot.publish("TICKET_COUNTED", {"Number": event.detail["Number"]})

def answer(event, bot):
    if "ticket" in event.detail["Text"]:
        return "A ticket it is."
"""
TICKETS = """
[secrets]
DESK_KEY = "test-key"

[[conversations]]
text = "a ticket please"
reply = "A ticket it is."
by = "bot.desk:answer"
events = ["TICKET_OPENED", "TICKET_COUNTED"]

[[conversations]]
text = "good day"
as = "bob"
reply = "*You said*"
events = []

[[conversations]]
text = "a bad ticket"
as = "carol"
reply = true
"""


def test_the_bot_s_own_functions_are_called(bot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the file's secrets; what they publish is told apart by post; a rule with `to` sends nothing; one that fails
    fails its conversation, at once and not after all its attempts."""
    (bot / "bot").mkdir()
    (bot / "twbot.toml").write_text(OWN)
    (bot / "bot" / "desk.py").write_text(DESK)
    (bot / FILE).write_text(TICKETS)
    assert run(["test", "--json"]) == Exit.CHECK_FAILED
    answer = json.loads(capsys.readouterr().out)
    ticket, good, bad = answer["conversations"]
    assert (ticket["differences"], good["differences"]) == ([], [])
    assert [each["what"] for each in bad["differences"]] == ["function"]
    assert "KeyError: 'no desk'" in bad["failures"][0]
    assert "desk.py" in bad["failures"][0]
    assert answer["failures"] == []
    assert answer["seconds"] < 60


PYTEST = """
def test_greeting(bot):
    said = bot.says("good day", as_="carol", followers=7)
    assert "good day" in said.reply
    assert not said.alert

def test_again(bot):
    assert bot.says("I am angry").alert
"""


def test_pytest_has_the_bot_as_a_fixture(bot: Path) -> None:
    """`bot.says(…)` in a test of the bot's folder, with nothing to set up."""
    (bot / "checks").mkdir()
    (bot / "checks" / "test_bot.py").write_text(PYTEST)
    # In the place of the models, as elsewhere here.
    (bot / "checks" / "conftest.py").write_text(
        "import functools\nfrom tests.support.instant_models import Instant\n"
        "from twbot.local.conversations import stage\n"
        "stage.running_stage = functools.partial(stage.running_stage, analysers=Instant)\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "twbot.testing", "--import-mode=importlib", str(bot)],
        cwd=bot,
        env={**{k: v for k, v in os.environ.items() if k != "TWBOT_PROJECT"}, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
