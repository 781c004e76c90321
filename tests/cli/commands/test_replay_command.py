"""`twbot replay`: counted, marked, at a pace, and never a tweet by accident."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import typer

from tests.support.bot_folders import make_bot
from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.main import run
from twbot.lambdas.contracts import Entry
from twbot.lambdas.replays import Replay
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder


def test_a_dry_run_only_counts(world: World, operate: Operate) -> None:
    """By type and by rule; no replay comes of it."""
    post, _ = world.ask("rio", "@twbot count me")
    before = operate("replay", "list", "--json").json
    found = operate("replay", "--since", "1h", "--type", "message_received", "--dry-run", "--json").json
    assert found["events"] == found["by_type"]["MESSAGE_RECEIVED"] == found["by_rule"]["analyse-messages"] >= 1
    assert operate("replay", "list", "--json").json == before
    assert not world.events(post, "MESSAGE_RECEIVED", replayed=True)[1:]


def test_replays_to_the_chosen_rules_and_tweets_nothing(world: World, operate: Operate) -> None:
    """What comes of it carries the replay's name; it is listed and shown afterwards."""
    post, replies = world.ask("sol", "@twbot once more")
    arguments = ("--type", "MESSAGE_RECEIVED", "--to", "analyse-messages", "--rate", "1000", "--json")
    found = operate("replay", "--since", "1h", *arguments).json["replay"]
    assert (found["state"], found["replayed"]) == ("done", found["chosen"])
    world.settle()
    assert world.replies(post) == replies
    assert found["name"] in [each.get("ReplayName") for each in world.events(post, "MESSAGE_ANALYSED")]
    assert found["name"] in [each["name"] for each in operate("replay", "list", "--json").json]
    assert operate("replay", "show", found["name"], "--json").json["replayed"] == found["replayed"]


def test_what_a_replay_causes_is_not_replayed(world: World, operate: Operate) -> None:
    """Or every replay would make the next one larger."""
    world.ask("zed", "@twbot a message")
    count = ("replay", "--since", "1h", "--dry-run", "--json")
    before = operate(*count).json["events"]
    operate("replay", "--since", "1h", "--type", "MESSAGE_RECEIVED", "--rate", "1000", "--json")
    world.settle()
    assert operate(*count).json["events"] == before


def test_with_replies_only_unanswered_posts_get_one(world: World, operate: Operate) -> None:
    """It asks first; who has a reply gets no second one."""
    answered, replies = world.ask("tam", "@twbot answer me")
    own = world.x.post("twbot", "something of my own")
    world.x.post("uma", "not for the bot", reply_to=own["id"])
    world.settle()
    arguments = ("replay", "--since", "1h", "--type", "MESSAGE_RECEIVED", "--with-replies", "--json")
    assert operate(*arguments).code == 2
    found = operate(*arguments, "--yes", "--rate", "1000").json
    assert found["replay"]["name"].startswith("with-replies-")
    world.settle()
    assert world.replies(answered) == replies
    assert len(world.events(answered, "MESSAGE_ANALYSED")) == 1


@pytest.mark.parametrize(
    ("terminals", "typed", "asked", "started"),
    [
        (("stdin", "stdout"), (), True, True),
        (("stdin", "stdout"), ("--yes",), False, True),
        (("stdin",), (), False, True),
        ((), (), False, True),
        ((), ("--with-replies",), False, False),
        (("stdin", "stdout"), ("--dry-run",), False, False),
    ],
)
def test_asks_whoever_types_it(
    terminals: tuple[str, ...],
    typed: tuple[str, ...],
    asked: bool,
    started: bool,
    world: World,
    operate: Operate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After it has counted. A script goes on as ever: --with-replies alone is nothing for one without --yes."""
    world.ask("ida", "@twbot ask me")
    questions: list[str] = []

    def agree(question: str, **_: object) -> bool:
        questions.append(question)
        return True

    monkeypatch.setattr(typer, "confirm", agree)
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda is_one=name in terminals: is_one, raising=False)
    before = operate("replay", "list", "--json").json
    operate("replay", "--since", "1h", "--to", "log-every-event", "--rate", "1000", "--detach", "--json", *typed)
    assert len(questions) == asked
    assert all("delivered again to the bot of the stage local" in question for question in questions)
    assert (operate("replay", "list", "--json").json != before) is started
    world.settle()


def test_who_declines_replays_nothing(world: World, operate: Operate, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is told so."""
    world.ask("ira", "@twbot ask me, too")
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    before = operate("replay", "list", "--json").json
    said = operate("replay", "--since", "1h")
    assert (said.code, "Nothing was changed" in said.err) == (1, True)
    assert operate("replay", "list", "--json").json == before


def test_a_slow_replay_can_be_cancelled(world: World, operate: Operate) -> None:
    """What has gone out stays, nothing more follows."""
    from twbot.cli.ui.times import parse_time
    from twbot.lambdas.replays import ReplayRequest
    from twbot.local.data_folder import running_bot
    from twbot.local.server.control import ControlClient

    for number in range(3):
        world.x.post("vic", f"@twbot number {number}")
    world.settle()
    bot = running_bot(world.home.folder)
    assert bot is not None
    wanted = ReplayRequest(
        since=parse_time("1h"), until=parse_time("now"), types=["MESSAGE_RECEIVED"], rules=["log-every-event"], rate=0.2
    )
    slow = ControlClient(bot).start_replay(wanted)
    assert slow.chosen is not None
    assert slow.chosen >= 3
    cancelled = operate("replay", "cancel", slow.name, "--json").json
    assert cancelled["state"] == "cancelled"
    assert cancelled["replayed"] < slow.chosen
    assert operate("replay", "cancel", slow.name).code == 1


@pytest.mark.parametrize("state", ["cancelled", "interrupted"])
def test_a_replay_that_did_not_come_to_its_end_is_no_success(
    world: World, operate: Operate, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """1, though somebody else ended it: a script must not take it for done."""
    import msgspec

    from twbot.cli.commands import replay

    def ended(_: object, found: Replay, *__: object, **___: object) -> Replay:
        return msgspec.structs.replace(found, state=state)

    monkeypatch.setattr(replay, "follow", ended)
    world.ask("wim", "@twbot half of it")
    said = operate("replay", "--since", "1h", "--type", "MESSAGE_RECEIVED", "--to", "log-every-event")
    assert (said.code, f"was {state} before its end" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--since", "whenever"], 2),
        (["--since", ""], 2),
        (["--since", "1h", "--until", "2h"], 2),
        (["--since", "1h", "--type", "NOTHING"], 2),
        (["--since", "1h", "--to", "nowhere"], 2),
        (["show", "no-such-replay"], 4),
        (["cancel", "no-such-replay"], 4),
    ],
)
def test_says_what_is_wrong(operate: Operate, arguments: list[str], code: int) -> None:
    """Before anything is delivered."""
    assert operate("replay", *arguments).code == code


def test_takes_a_running_bot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counting does not; delivering says what to type."""
    with Bus(DataFolder(tmp_path).bus, RULES) as bus:
        bus.publish([Entry(source="TWITTER", detail_type="TWITTER_DELETED", detail={})])
    assert run(["replay", "--since", "1h", "--dry-run", "--data", str(tmp_path)]) == 0
    assert run(["replay", "--since", "1h", "--data", str(tmp_path)]) == 3
    assert "twbot up" in capsys.readouterr().err


def test_a_rule_of_the_folder_that_takes_no_replays_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The replay would deliver nothing; what to write is said. A rule that asks for replays gets them."""
    rule = '[[rules]]\nname = "{}"\nwhen = {{ detail-type = ["TWEET_SENT"] }}\nrun = "bot.crm:ticket"\nreplays = {}\n'
    make_bot(tmp_path, monkeypatch, twbot_toml=rule.format("never", "false") + rule.format("again", "true"))
    data = tmp_path / "data"
    data.mkdir()
    with Bus(DataFolder(data).bus, RULES):
        pass
    for name, code in (("never", 2), ("again", 0)):
        assert run(["replay", "--since", "1h", "--to", name, "--data", str(data)]) == code
        assert ("replays = true" in capsys.readouterr().err) is (code == 2)
