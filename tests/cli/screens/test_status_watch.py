"""`twbot status --watch`: goes on, whatever fails for a while."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.support.fake_stage import FakeStage
from tests.support.loopback import Answer, answering
from twbot.cli.main import run
from twbot.cli.operations.status.local import status_snapshot
from twbot.cli.operations.status.records import LastHour, StatusSnapshot
from twbot.cli.screens.status import _limits, _webhook_and_subscriptions, document, screen
from twbot.cli.ui import watching
from twbot.cli.ui.layout import fact_lines
from twbot.cli.ui.watching import Refreshed, go_on_with
from twbot.cli.x.status import PostsRead, XStatus, read_x_status
from twbot.lambdas.analysis import languages
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.x.rate_limits import ANSWERED, XLimit
from twbot.local.data_folder import DataFolder

VITALS = StatusSnapshot(place="here", running=True, last_hour=LastHour(messages=[1.0] * 60, failed={"cap-reached": 2}))


def text_of(rows: Any, width: int = 80) -> str:
    return "\n".join(line.plain for line in fact_lines(rows, width))


def test_what_fails_is_asked_again_and_the_last_answer_stays() -> None:
    """With the problem and its time; a bug is a problem, too, not the end of watching."""
    answers: list[Any] = [1, TwbotError("AWS throttles"), KeyError("bug")]
    seen: list[tuple[Any, str | None]] = []
    done = threading.Event()

    def ask() -> int:
        if asked.number:
            seen.append((asked.value, asked.problem))
        if not answers:
            done.set()
            return 2
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    asked: Refreshed[int] = Refreshed.__new__(Refreshed)
    asked.number = 0
    asked.__init__(ask, 0.001)  # type: ignore[misc]
    assert done.wait(10)
    asked.stop()
    assert seen[0] == (1, None)
    assert [value for value, _ in seen[:3]] == [1, 1, 1]
    assert "AWS throttles" in str(seen[1][1])
    assert "KeyError" in str(seen[2][1])


def test_a_line_for_each_look_also_for_one_that_failed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until Ctrl-C, which ends it with 0."""
    answers: list[Any] = [TwbotError("no network"), VITALS]
    asked = threading.Semaphore(0)

    def look() -> StatusSnapshot:
        asked.acquire()
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return VITALS

    lines: list[str] = []

    def tell(told: object) -> None:
        lines.append(json.dumps(told, default=str))
        if len(lines) == 2:
            raise KeyboardInterrupt
        asked.release()

    monkeypatch.setattr(watching, "as_json_line", tell)
    asked.release()
    bot, x = Refreshed(look, 0.01), Refreshed(XStatus, 60)
    with pytest.raises(typer.Exit) as end:
        go_on_with((bot, x), lambda: None, lambda: document(VITALS, x.value), json=True)
    assert end.value.exit_code == 0
    assert "no network" in lines[0]
    assert json.loads(lines[1])["last_hour"]["messages"] == 60


def test_the_screen_of_a_bot_in_trouble() -> None:
    """Reasons, X's cap, the limit that is nearest to its end, and what to type; the other limits with --limits."""
    limit = XLimit(call="POST /2/tweets", span="15 minutes", allowed=100, left=0, reset=4e9, noted=0)
    idle = XLimit(call="GET /2/webhooks", span="15 minutes", allowed=450, left=449, reset=None, noted=0)
    rare = XLimit(call="GET /2/usage/tweets", span="15 minutes", allowed=50, left=3, reset=None, noted=0)
    x = XStatus(others=1, account="7", usage=PostsRead(used=95, of=100, anew=3), limits=[idle, rare])
    found = StatusSnapshot(
        place="prod in eu-west-1", running=True, dead={"egress": 2}, limits=[limit], last_hour=VITALS.last_hour
    )
    drawn = text_of(screen(found, x, False, " --stage prod"))
    for words in ("2 cap-reached", "95 of 100 posts", "0 of 100 left", "X has 1 of this app"):
        assert words in " ".join(drawn.split())
    assert "449" not in drawn
    assert "twbot status --limits --stage prod" in drawn
    whole = text_of(screen(found, x, False, " --stage prod", limits=True))
    assert [text in whole for text in ("0 of 100", "3 of 50", "449 of 450", "--limits")] == [True, True, True, False]
    assert "twbot dlq list --stage prod" in drawn
    assert document(found, x)["last_hour"]["failed_by_reason"] == {"cap-reached": 2}


@pytest.mark.parametrize("width", [40, 60, 80])
def test_an_address_is_whole_on_a_narrow_terminal(width: int) -> None:
    """It is copied: in one line, which the terminal breaks."""
    url = f"https://{'a' * 10}.execute-api.eu-central-1.amazonaws.com/prod/twitter"
    found = StatusSnapshot(place="here", running=True, url=url, last_hour=VITALS.last_hour)
    assert url in "".join(text_of(screen(found, XStatus(), False, ""), width).splitlines(keepends=True)).split()


def test_a_bot_whose_replies_are_paused() -> None:
    """Says so, since when and why, and how to go on."""
    switch = Switch(paused=True, since=60.0, until=4e9, reason="it says odd things")
    found = StatusSnapshot(place="here", running=True, switch=switch, last_hour=LastHour(withheld=3))
    drawn = " ".join(text_of(screen(found, XStatus(), True, "")).split())
    assert "PAUSED since 1970-01-01 00:01:00Z until 2096-10-02" in drawn
    assert "it says odd things. Go on with: twbot replies resume" in drawn
    assert "3 withheld" in drawn
    assert document(found, XStatus())["replies_paused"] is True


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (XStatus(problem="X cannot be reached."), "X cannot be reached."),
        (XStatus(webhook="u", valid=False), "twbot webhook check --stage prod"),
        (XStatus(webhook="u", valid=True), "twbot subscription add --stage prod"),
        (XStatus(webhook="u", valid=True, x_activity=2, account="7"), "none for the bot's own account 7"),
        (XStatus(webhook="u", valid=True, account_activity=1, subscribed=True), "1 January 2027"),
    ],
)
def test_what_x_says(x: XStatus, says: str) -> None:
    """In words, with the next thing to type for the same stage."""
    assert says in " ".join(fact.says for fact in _webhook_and_subscriptions(x, " --stage prod"))


def test_limits_that_the_bot_noted(tmp_path: Path) -> None:
    """The newest of each call, from the last part of the log, also of the file before it; what is over is left out."""
    log = DataFolder(tmp_path).log
    line = {"message": ANSWERED, "call": "POST /2/tweets", "x_rate_limit_limit": 100, "x_rate_limit_reset": 2000}
    lines = [line | {"timestamp": "1970-01-01T00:10:00Z", "x_rate_limit_remaining": left} for left in (50, 40)]
    log.with_name(f"{log.name}.1").write_text(f"{json.dumps(lines[0])}\n")
    log.write_text(f'{json.dumps(lines[1])}\nhalf a li"{ANSWERED}"')
    assert [each.left for each in status_snapshot(tmp_path, now=1999).limits] == [40]
    assert status_snapshot(tmp_path, now=2001).limits == []
    assert list(_limits([], None, False, "")) == []


def test_status_of_a_stage_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error with what to do, not an empty screen."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twbot.toml").write_text("[stages.prod.aws]\n")
    assert run(["status", "--stage", "prod", "--profile", "nobody"]) == 3
    assert "nobody" in capsys.readouterr().err


def at_x(url: str) -> list[Answer]:
    """X's answers about a webhook: it, its subscriptions of both generations, and usage."""
    webhook = {"id": "1", "url": url, "valid": True}
    return [
        Answer(200, {"data": [webhook]}),
        Answer(200, {"data": {"subscriptions": [{"user_id": "7"}]}}),
        Answer(200, {"data": [], "meta": {}}),
        Answer(404, {"title": "Not Found"}),
    ]


@pytest.mark.parametrize(
    ("name", "url", "known"),
    [
        ("prod", "https://here.example.com/twitter", True),
        ("prod", "https://elsewhere.example.com/twitter", False),
        ("local", "https://elsewhere.example.com/twitter", True),
    ],
)
def test_which_webhook_is_the_bots(name: str, url: str, known: bool) -> None:
    """A stage's by its address; on this machine only the owner knows under which address X reaches it."""
    with answering(*at_x(url)) as x:
        found = read_x_status(FakeStage(name, x.url))
    assert (found.webhook, found.others) == ((url, 0) if known else (None, 1))
    assert (found.subscribed, found.generation) == ((True, "Account Activity") if known else (False, None))
    assert found.usage is None


def test_x_that_refuses_is_an_answer() -> None:
    """With what to do for the same stage."""
    with answering(Answer(401, {"title": "Unauthorized"})) as x:
        found = read_x_status(FakeStage("prod", x.url))
    assert "does not accept the keys" in str(found.problem)
    assert "--stage prod" in str(found.fix)


@pytest.mark.parametrize("reads", [languages.LOCAL, languages.AWS])
def test_the_languages_that_are_read_are_named(reads: dict[str, tuple[str, ...]]) -> None:
    """For people and for programs, on either platform: what is not among them has no mood."""
    found = StatusSnapshot(place="here", running=True, reads=reads, last_hour=VITALS.last_hour)
    drawn = " ".join(text_of(screen(found, XStatus(), True, "")).split())
    assert f"sentiment in {', '.join(reads['sentiment'])}; entities in {', '.join(reads['entities'])}" in drawn
    assert document(found, XStatus())["reads"] == reads
