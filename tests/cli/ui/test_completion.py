"""What the shell offers: values of every kind, quietly whatever is broken, and nothing that strangers wrote."""

from __future__ import annotations

import datetime
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from twbot.cli.main import app, run
from twbot.lambdas import environment
from twbot.lambdas.contracts import Entry
from twbot.lambdas.replays import Replay, ReplayRequest
from twbot.local.bus.bus import Bus
from twbot.local.bus.replays import ReplayStore
from twbot.local.data_folder import DataFolder

WHEN = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
Offered = Callable[[str], list[str]]
HOSTILE = ["$(id)", "`id`", "a\\`id\\`", "'; id; '", '" id', "a\nb", "\x1b[31m", "a:b|c&d"]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Offered:
    """What bash offers for a half-typed line; nothing else is printed, and nobody is asked over the network."""

    def connect(*_: object) -> None:
        raise AssertionError("a completion asked the network")

    monkeypatch.setattr(socket.socket, "connect", connect)

    def ask(typed: str) -> list[str]:
        monkeypatch.setenv(environment.COMPLETE.name, "complete_bash")
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
        run([])
        out, err = capsys.readouterr()
        assert err == ""
        return list(filter(None, out.splitlines()))

    return ask


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("twbot sta", "status"),
        ("twbot replay from", "from-x"),
        ("twbot help dlq re", "redrive"),
        ("twbot query cel", "celebrities"),
        ("twbot query authors --param ", "most=20"),
        ("twbot webhook sample --generation v", "v1.1"),
        ("twbot webhook sample --kind unf", "unfollow"),
        ("twbot export --type MESSAGE_A", "MESSAGE_ANALYSED"),
        ("twbot schema tweet_s", "tweet_sent"),
        ("twbot forget --stage l", "local"),
        ("twbot send hi --image sample:c", "sample:coffee"),
        ("twbot analyse sample:", "sample:sign"),
        ("twbot celebrities remove Barack", "Barack Obama"),
    ],
)
def test_values_are_completed(
    typed: str, offers: str, offered: Offered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a shell asks for them, where nothing is configured."""
    monkeypatch.chdir(tmp_path)
    assert offers in offered(typed)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which thirty people wrote, a few with names that a shell must not see."""
    monkeypatch.chdir(tmp_path)
    home = DataFolder(tmp_path / "data")
    home.folder.mkdir(mode=0o700)
    with Bus(home.bus, [], delivers=False) as bus:
        for number in range(30):
            bus.publish([_message(str(1000 + number), f"anna{number}")])
        bus.publish([_message(str(2000 + number), name) for number, name in enumerate(HOSTILE)])
        bus.publish([_message(name, "mallory") for name in HOSTILE])
    store = ReplayStore(home.replays)
    wanted = ReplayRequest(since=WHEN, until=WHEN)
    store.keep(Replay(name="replay-1a2b", started=WHEN.timestamp(), wanted=wanted, state="done"))
    store.close()
    return home.folder


def _message(post: str, author: str) -> Entry:
    detail = {"Author": author, "Text": f"$(id) of {author}", "Twitter": {"TweetId": post, "UserId": "1"}}
    return Entry(source="BOT", detail_type="MESSAGE_RECEIVED", detail=detail)


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("twbot trace 10", [str(1000 + number) for number in range(29, 9, -1)]),
        ("twbot forget 1029", ["1029"]),
        ("twbot send hi --reply-to 1029", ["1029"]),
        ("twbot logs --tweet 1029", ["1029"]),
        ("twbot send hi --as anna2", [f"anna{number}" for number in (*range(29, 19, -1), 2)]),
        ("twbot tail --author @anna29", ["@anna29"]),
        ("twbot replay show ", ["replay-1a2b"]),
        ("twbot trace --stage prod 10", []),
        ("twbot replay show --stage prod ", []),
    ],
)
def test_what_the_data_folder_has_is_completed(typed: str, offers: list[str], data: Path, offered: Offered) -> None:
    """The newest first; of a stage on AWS nothing, as it would have to be asked."""
    command, _, rest = typed.removeprefix("twbot ").partition(" ")
    if command in ("replay",):
        verb, _, rest = rest.partition(" ")
        command = f"{command} {verb}"
    assert offered(f"twbot {command} --data {data} {rest}") == offers


@pytest.mark.parametrize("typed", ["trace", "forget", "send hi --as", "tail --author", "logs --tweet"])
def test_nothing_that_a_shell_would_run_is_offered(typed: str, data: Path, offered: Offered) -> None:
    """zsh's script evaluates what it gets: an author's name is letters, digits and underscores, an id digits."""
    found = offered(
        f"twbot {typed.split(' ', 1)[0]} --data {data} {' '.join(typed.split(' ')[1:])} ".replace("  ", " ")
    )
    assert found
    assert all(each.replace("_", "").isalnum() for each in found)


def test_a_picture_with_a_name_for_the_shell_is_not_offered(
    offered: Offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are, and folders that may have some."""
    monkeypatch.chdir(tmp_path)
    for name in [*(each for each in HOSTILE if "/" not in each), "cat one", "photo"]:
        (tmp_path / f"{name}.jpg").write_bytes(b"x")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "dog.png").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    found = [each for each in offered("twbot send hi --image ") if not each.startswith("sample:")]
    assert found == ["cat one.jpg", "more/", "photo.jpg"]
    assert offered("twbot send hi --image more/") == ["more/dog.png"]


@pytest.mark.parametrize("line", ["twbot --project {} query cof", "twbot query --project={} cof"])
def test_the_named_folder_is_asked(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--project on the half-typed line counts, wherever it stands."""
    queries = tmp_path / "bot of mine" / "bot" / "queries"
    queries.mkdir(parents=True)
    (queries / "coffee-count.sql").write_text("SELECT 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(environment.COMPLETE.name, "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line.format("'bot of mine'"))
    run([])
    assert "coffee-count" in capsys.readouterr().out


def completed(command: Any, name: str) -> Iterator[str]:
    """Every place of the command line for which something is completed."""
    for each in command.params:
        if getattr(each, "_custom_shell_complete", None) is not None:
            yield f"{name} {each.opts[0]} " if each.param_type_name == "option" else f"{name} "
    for child, each in getattr(command, "commands", {}).items():
        yield from completed(each, f"{name} {child}")


PLACES = sorted(set(completed(typer.main.get_command(app), "twbot")))


def _nothing(_: Path) -> None:
    pass


def _broken_tables(folder: Path) -> None:
    (folder / "bot").mkdir()
    (folder / "bot" / "queries").mkdir()
    for name in ("twbot.toml", "bot/chatbot.toml", "bot/events.toml", "bot/queries/x y.sql", "tests.toml"):
        (folder / name).write_bytes(b"\xff[[[")


def _broken_data(folder: Path) -> None:
    (folder / ".twbot").mkdir(mode=0o700)
    for name in ("bus.db", "replays.db", "subscribers.json", "gallery.json", "run.json", "project"):
        (folder / ".twbot" / name).write_bytes(b"\xffnot what it should be")


def _data_is_a_file(folder: Path) -> None:
    (folder / ".twbot").write_text("x")


def _missing_project(folder: Path) -> None:
    (folder / ".twbot").mkdir()
    (folder / ".twbot" / "project").write_text("/no/such/folder")


@pytest.mark.parametrize("circumstance", [_nothing, _broken_tables, _broken_data, _data_is_a_file, _missing_project])
def test_nothing_goes_wrong_loudly(
    circumstance: Callable[[Path], None], offered: Offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is missing or broken: no error is printed, no traceback, and no network is asked."""
    circumstance(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert len(PLACES) > 30
    for place in PLACES:
        offered(place)
        offered(f"{place}'half")


def test_a_folder_that_is_not_there_is_quiet(offered: Offered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nor where the variable leads nowhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(environment.PROJECT.name, str(tmp_path / "no"))
    assert [found for place in PLACES if (found := offered(f"{place}zzzz"))] == []
