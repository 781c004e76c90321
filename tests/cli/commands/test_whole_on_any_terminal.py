"""What a person copies from a command's answer is whole: on terminals of 40, 80 and 200 columns, and in a pipe."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.support.operate import Operate
from tests.support.paths import PICTURES
from tests.support.terminal import on_terminal
from tests.support.world import World
from twbot.cli.ui.times import format_time
from twbot.lambdas.contracts import Entry

ALL = (
    """SELECT id, time, "detail-type", detail.twitter.tweetid AS tweetid, detail.text FROM "analysed-messages-table" """
)


class Asked(NamedTuple):
    """A command, and the fields of its JSON that are copied from its answer for people."""

    command: str
    shows: tuple[str, ...]


# POST: a post that was angry, and replayed; LETTER: the id of a dead letter; REPLAY: a replay's name.
COMMANDS = [
    Asked("status", ("place", "url", "started")),
    Asked("status --limits", ("place", "url", "reset")),
    Asked("replies status", ()),
    Asked("replies optout list", ("",)),
    Asked("trace POST", ("tweet_id", "reply_id", "replays")),
    Asked("trace POST --steps", ("tweet_id", "reply_id")),
    Asked("trace POST --replay REPLAY", ("tweet_id",)),
    Asked("tail --since 1h --limit 8 --wide", ("detail-type", "TweetId")),
    Asked("tail --since 1h --limit 8", ("detail-type", "ReplyToTweetId")),
    Asked("logs --limit 40", ("timestamp", "correlation_id", "event")),
    Asked("query alerts", ("columns", "time", "author", "tweetid")),
    Asked("query authors", ("columns",)),
    Asked("query unanswered", ()),
    Asked(f"query --sql '{ALL}'", ("columns", "id", "time", "tweetid")),
    Asked("query --columns", ("name", "type")),
    Asked("query", ("name",)),
    Asked("metrics --all", ("name",)),
    Asked("dlq list", ("rule", "reason")),
    Asked("dlq list --each", ("id", "rule", "detail_type", "tweet_id", "ended")),
    Asked("dlq show LETTER", ("rule", "detail_type", "first_try")),
    Asked("alerts list", ("id", "kind", "address")),
    Asked("alerts raised", ("time", "author", "tweet_id")),
    Asked("webhook list", ("id", "url", "created_at")),
    Asked("webhook check", ("url",)),
    Asked("subscription list", ("id", "event_type", "webhook_id", "user_id")),
    Asked("replay list", ("name", "state", "since", "until")),
    Asked("replay show REPLAY", ("name", "state", "since", "until")),
    Asked("rules list", ("name", "target", "service")),
    Asked("celebrities list", ("name",)),
    Asked("secrets show", ()),
    Asked("secrets list", ()),
    Asked("config list", ("name", "source")),
    Asked("schema", ("type",)),
    Asked("wording", ("name",)),
    Asked("forget POST --dry-run", ()),
    Asked("cost --stage prod", ("service", "unit")),
]


WITHOUT_DATA = ("cost", "schema", "wording")


class Filled(NamedTuple):
    world: World
    stands_for: dict[str, str]

    def arguments(self, asked: Asked) -> list[str]:
        words = [self.stands_for.get(word, word) for word in shlex.split(asked.command)]
        return words if words[0] in WITHOUT_DATA else [*words, "--data", str(self.world.home.folder)]


@pytest.fixture(scope="module")
def filled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A folder with all that a bot may have: replies, an alert, a replay, dead letters, subscribers, people."""
    from twbot.cli.main import run

    data = ["--data", str(world.home.folder)]
    folder = tmp_path_factory.mktemp("files")
    (folder / "chat.txt").write_text("https://hooks.slack.com/services/T000/B000/abc")
    shutil.copy(PICTURES / "stranger.jpg", folder / "ada.jpg")
    post, _ = world.ask("zoe", "@twbot I am angry, and have more to say than a line of any terminal has room for " * 3)
    world.system.bot.bus.publish([Entry(source="BOT", detail_type="SEND_TWEET", detail={"ReplyToTweetId": post["id"]})])
    world.settle()
    for command in (
        ["replay", "--since", "1h", "--type", "MESSAGE_RECEIVED", "--rate", "1000"],
        ["replies", "optout", "add", "2244994945"],
        ["alerts", "subscribe", "slack", "--from", str(folder / "chat.txt")],
        ["celebrities", "add", "Augusta Ada King-Noel, Countess of Lovelace", str(folder / "ada.jpg")],
    ):
        assert run([*command, *data]) == 0
    world.settle()
    with world.home.log.open("a") as log:
        line = {"timestamp": "2026-11-01T10:00:00.000Z", "level": "INFO", "logger": "twbot.egress", "message": "sent"}
        about = {"correlation_id": post["id"], "event": "4d6c1d52-5b1b-4f1c-8f0e-6a1d1a0b0c0d"}
        log.write(json.dumps(line | about) + "\n")
    letter = _json(["dlq", "list", *data])["letters"][-1]["id"]
    replay = _json(["replay", "list", *data])[0]["name"]
    yield Filled(world, {"POST": post["id"], "LETTER": letter, "REPLAY": replay})
    subscriber = _json(["alerts", "list", *data])[0]["id"]
    for command in (
        ["replies", "optout", "remove", "2244994945"],
        ["alerts", "remove", subscriber, "--yes"],
        ["dlq", "purge", "--all", "--yes"],
        ["celebrities", "remove", "Augusta Ada King-Noel, Countess of Lovelace"],
    ):
        assert run([*command, *data]) == 0


def _json(arguments: list[str]) -> Any:
    import contextlib
    import io

    from twbot.cli.main import run

    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert run([*arguments, "--json"]) == 0
    return json.loads(out.getvalue())


def values(document: Any, names: tuple[str, ...], name: str = "") -> Iterator[Any]:
    """The values of these fields, of lists each one; with no name those of a list at the top."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from values(value, names, key)
    elif isinstance(document, list):
        for each in document:
            yield from values(each, names, name)
    elif name in names and document not in (None, ""):
        yield document


def answer(asked: Asked, said: str) -> Any:
    """The JSON; of a query a record for each row."""
    if asked.command.startswith(("tail", "logs")):
        return [json.loads(line) for line in said.splitlines()]
    found = json.loads(said)
    if isinstance(found, dict) and "rows" in found and "columns" in found:
        rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
        return {"columns": found["columns"], "rows": rows}
    return found


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


def as_shown(value: Any) -> str:
    """A time as the terminal has it; all else as it is."""
    if isinstance(value, float) and value > 1e9:
        return format_time(value)
    return format_time(value) if isinstance(value, str) and _TIME.fullmatch(value) else str(value)


def assert_whole(wanted: list[str], text: str, context: str) -> None:
    """Each is in a line. What begins as one of the long ones is one of them: none is cut or broken anywhere."""
    lines = text.splitlines()
    missing = [each for each in wanted if not any(each in line for line in lines)]
    assert missing == [], f"{context}\n{text}"
    long = [each for each in wanted if len(each) >= 12 and " " not in each]
    for start in {each[:12] for each in long}:
        for found in re.finditer(re.escape(start), text):
            assert any(text.startswith(each, found.start()) for each in long), (
                f"{context}: {text[found.start() :][:60]}"
            )


@pytest.mark.parametrize("asked", COMMANDS, ids=lambda asked: asked.command[:40])
def test_what_is_copied_is_whole(asked: Asked, filled: Filled, operate: Operate, capfd: Any) -> None:
    """Each id, time, address, path and name of the JSON is in one line, on any terminal and in a pipe, and so is the
    data folder in each command to type."""
    arguments = filled.arguments(asked)
    said = run_twice(arguments, capfd)
    document = answer(asked, said["json"])
    wanted = [*dict.fromkeys(values(document, asked.shows))]
    assert wanted or not asked.shows
    shown = [as_shown(each) for each in wanted]
    for width in (40, 80, 200):
        capfd.readouterr()
        text = on_terminal(*arguments, width=width)
        assert_whole(shown, text, f"{width} columns")
        assert_whole([str(filled.world.home.folder)] * ("--data" in text), text, f"{width} columns")
    piped = said["pipe"]
    assert_whole([each for each, value in zip(shown, wanted, strict=True) if each == str(value)], piped, "a pipe")
    assert not set(piped) & set("┃━─╭╰\x1b")


def run_twice(arguments: list[str], capfd: Any) -> dict[str, str]:
    """What goes into a pipe, with --json and without."""
    from twbot.cli.main import run

    said = {}
    for kind, more in (("json", ["--json"]), ("pipe", [])):
        capfd.readouterr()
        assert run([*arguments, *more]) == 0
        said[kind] = capfd.readouterr().out
    return said


NOT_TABLES = ("config list", "dlq show", "replay show", "cost", "forget")


@pytest.mark.parametrize(
    "asked",
    [each for each in COMMANDS if not each.command.startswith(NOT_TABLES)],
    ids=lambda asked: asked.command[:40],
)
def test_a_pipe_has_a_record_in_each_line(asked: Asked, filled: Filled, capfd: Any) -> None:
    """All of as many cells, separated by tabs; nothing is clipped."""
    said = run_twice(filled.arguments(asked), capfd)
    piped = said["pipe"]
    assert len({line.count("\t") for line in piped.splitlines()}) == 1, piped
    assert piped.count("…") <= said["json"].count("…")
