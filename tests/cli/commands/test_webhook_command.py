"""`twbot webhook` against the simulated X."""

from __future__ import annotations

import sys
import time

import pytest

from tests.support.local_stage import Local, Twbot
from tests.support.loopback import Answer, answering
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.x.crc import url_problem

V1 = ("--api", "v1.1")


@pytest.mark.parametrize("api", [(), V1, (*V1, "--environment", "dev")], ids=["v2", "enterprise", "premium"])
def test_registered_listed_challenged_and_removed(local: Local, twbot: Twbot, api: tuple[str, ...]) -> None:
    """With each of X's APIs, at the address of the running bot."""
    made = twbot("webhook", "register", *api).out
    assert made["webhook"]["url"] == local.webhook.url
    assert made["challenge"]["problem"] is None
    assert made["challenge"]["milliseconds"] > 0
    webhook_id = made["webhook"]["id"]
    assert [each["id"] for each in twbot("webhook", "list", *api).out] == [webhook_id]
    assert twbot("webhook", "check", *api).out["valid_for_x"] is True
    assert twbot("webhook", "delete", webhook_id, "--yes", *api).out["deleted"] is True
    assert twbot("webhook", "list", *api).out == []


def test_a_wrong_answer_is_found_before_x_is_asked(local: Local, twbot: Twbot) -> None:
    """5, and nothing is registered."""
    local.webhook.secret = "another"
    ended = twbot("webhook", "register")
    assert ended.code == Exit.CHECK_FAILED
    assert "another API secret" in ended.error["error"]
    assert twbot("webhook", "list").out == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404, {}), "404"),
        (Answer(403, {"message": "Forbidden"}), "403"),
        (Answer(301, {}, {"Location": "https://x.example"}), "redirect"),
        (Answer(200, b"<html>"), "not a JSON object"),
        (Answer(200, {"token": "x"}), "no response_token"),
        (Answer(200, b"plain", {"Content-Encoding": "gzip"}), "compressed"),
    ],
)
@pytest.mark.usefixtures("local")
def test_each_way_to_answer_wrongly_has_its_words(twbot: Twbot, answer: Answer, says: str) -> None:
    """What is wrong with the answer, in words for whoever has to mend it."""
    with answering(answer) as other:
        ended = twbot("webhook", "register", "--url", f"{other.url}/twitter")
    assert ended.code == Exit.CHECK_FAILED
    assert says in ended.error["error"]


@pytest.mark.usefixtures("local")
def test_nobody_there(twbot: Twbot) -> None:
    """5, and where to look."""
    ended = twbot("webhook", "register", "--url", "http://127.0.0.1:9/twitter")
    assert ended.code == Exit.CHECK_FAILED
    assert "Nobody answers there" in ended.error["error"]
    assert "twbot up" in ended.error["hint"]


def test_check_says_that_x_gets_a_wrong_answer(local: Local, twbot: Twbot) -> None:
    """5 after both challenges: ours and X's."""
    twbot("webhook", "register")
    local.webhook.secret = "another"
    ended = twbot("webhook", "check")
    assert ended.code == Exit.CHECK_FAILED
    assert ended.out["valid_for_x"] is False
    assert "another API secret" in ended.out["challenge"]["problem"]


def test_v1_refuses_where_v2_says_invalid(local: Local, twbot: Twbot) -> None:
    """The same answer of the command for both."""
    twbot("webhook", "register", *V1)
    local.webhook.secret = "another"
    ended = twbot("webhook", "check", *V1)
    assert (ended.code, ended.out["valid_for_x"]) == (Exit.CHECK_FAILED, False)


@pytest.mark.usefixtures("local")
def test_registered_twice(local: Local, twbot: Twbot) -> None:
    """X's refusal in our words, and where to see the one that is there."""
    twbot("webhook", "register")
    ended = twbot("webhook", "register")
    assert "registered already" in ended.error["error"]
    assert ended.error["hint"] == f"See it: twbot webhook list --data {local.folder}"


def test_too_many(local: Local, twbot: Twbot) -> None:
    """X's refusal, and what to remove."""
    twbot("webhook", "register")
    ended = twbot("webhook", "register", "--url", f"{local.webhook.url}/other")
    assert "as many webhooks as its plan allows" in ended.error["error"]
    assert "twbot webhook delete" in ended.error["hint"]


@pytest.mark.usefixtures("local")
def test_an_unknown_environment(twbot: Twbot) -> None:
    """4: it is not there."""
    ended = twbot("webhook", "register", *V1, "--environment", "Nowhere")
    assert ended.code == Exit.NOT_FOUND
    assert "environment" in ended.error["error"]


@pytest.mark.usefixtures("local")
def test_only_v1_has_environments(twbot: Twbot) -> None:
    """2, and what to add."""
    ended = twbot("webhook", "list", "--environment", "dev")
    assert (ended.code, ended.error["hint"]) == (Exit.USAGE, "Add: --api v1.1")


@pytest.mark.usefixtures("local")
def test_deleting_asks_and_can_be_tried(twbot: Twbot) -> None:
    """Without a terminal it refuses; a dry run removes nothing."""
    webhook_id = twbot("webhook", "register").out["webhook"]["id"]
    assert twbot("webhook", "delete", webhook_id).code == Exit.USAGE
    assert twbot("webhook", "delete", webhook_id, "--dry-run").out["deleted"] is False
    assert len(twbot("webhook", "list").out) == 1
    assert twbot("webhook", "delete", "12", "--yes").code == Exit.NOT_FOUND


@pytest.mark.usefixtures("local")
def test_who_says_no_is_heard(twbot: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal it asks, naming the webhook and the stage; without a yes nothing is removed."""
    import typer

    webhook_id = twbot("webhook", "register").out["webhook"]["id"]
    asked: list[str] = []

    def no(question: str, **_: object) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "confirm", no)
    assert twbot("webhook", "delete", webhook_id).code == Exit.FAILED
    assert webhook_id in asked[0]
    assert "the stage local" in asked[0]
    assert len(twbot("webhook", "list").out) == 1


@pytest.mark.usefixtures("local")
def test_ctrl_c_at_a_question_interrupts(twbot: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """130, as anywhere else, and nothing is removed; programs get that as JSON."""
    import typer

    def interrupted(*_: object, **__: object) -> bool:
        raise typer.Abort

    webhook_id = twbot("webhook", "register").out["webhook"]["id"]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "confirm", interrupted)
    ended = twbot("webhook", "delete", webhook_id)
    assert (ended.code, ended.error["error"]) == (Exit.INTERRUPTED, "Nothing was changed.")
    assert len(twbot("webhook", "list").out) == 1


def test_a_clock_that_is_wrong(local: Local, twbot: Twbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """X refuses what we sign; the date of its answer tells why."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 1800)
    ended = twbot("secrets", "check")
    assert local.folder.is_dir()
    assert ended.code == Exit.CHECK_FAILED
    assert "30 minutes ahead of X's" in ended.error["error"]


def test_a_rate_limit(local: Local, twbot: Twbot) -> None:
    """When X lets us again."""
    local.x.client.fail("rate_limit", call="GET /2/webhooks", seconds=60)
    ended = twbot("webhook", "list")
    assert ended.code == Exit.FAILED
    assert "again from" in ended.error["error"]


@pytest.mark.parametrize(
    ("kind", "code", "says"),
    [
        ("unauthorized", Exit.NOT_CONFIGURED, "wrong, expired or revoked"),
        ("forbidden", Exit.NOT_CONFIGURED, "not permitted"),
        ("credits", Exit.FAILED, "no credits left"),
        ("cap", Exit.FAILED, "monthly cap"),
        ("unavailable", Exit.FAILED, "503"),
    ],
)
def test_each_refusal_has_its_message(local: Local, twbot: Twbot, kind: str, code: Exit, says: str) -> None:
    """And its exit code, and the next thing to do."""
    local.x.client.fail(kind, call="GET /2/webhooks")
    ended = twbot("webhook", "list")
    assert ended.code == code
    assert says in ended.error["error"]
    assert ended.error["hint"]


@pytest.mark.parametrize(
    "url",
    [
        "http://bot.example/twitter",
        "https://bot.example:8443/twitter",
        "https://me:word@bot.example/",
        f"https://bot.example/{'x' * 200}",
        "http://127.0.0.1:8080/twitter",
        "https://[",
        "ftp://bot.example",
    ],
)
def test_addresses_that_x_does_not_take(url: str) -> None:
    """X's documented rules, known before X is asked."""
    assert url_problem(url, simulated=False)


def test_addresses_that_x_takes() -> None:
    """https on X itself; loopback at the simulated one."""
    assert url_problem("https://abc.execute-api.eu-west-1.amazonaws.com/prod/twitter", simulated=False) is None
    assert url_problem("http://127.0.0.1:8080/twitter", simulated=True) is None


def test_people_get_tables(local: Local, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole ids, progress on stderr."""
    assert run(["webhook", "register", "--data", str(local.folder)]) == 0
    assert run(["webhook", "check", "--data", str(local.folder)]) == 0
    assert run(["webhook", "list", "--data", str(local.folder)]) == 0
    out, err = capsys.readouterr()
    assert "right answer, after" in out
    assert "Challenging" in err


def test_without_a_bot_it_says_what_to_type(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    """3, for a data folder on which nothing runs."""
    assert run(["webhook", "register", "--data", str(tmp_path)]) == Exit.NOT_CONFIGURED
    assert "twbot up" in capsys.readouterr().err
