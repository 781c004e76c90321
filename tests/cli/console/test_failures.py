"""What went wrong: dead letters in groups, what can be done to them, and what ended without a reply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.console import Visitor, served_console, text_of
from twbot.cli.console.work import Work, Works
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import BadEvent, TwbotError
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \u202e"


class Yard:
    """A bot that is down, with what it left."""

    def __init__(self, folder: Path, visitor: Visitor) -> None:
        self.home, self.visitor = DataFolder(folder), visitor

    def publish(self, kind: str, count: int = 1, error: str | None = None, **detail: Any) -> None:
        """Events of a type, which no rule's target takes if there is an error."""

        def refuse(event: Event) -> None:
            if error is not None and event.detail_type == "SEND_TWEET":
                raise BadEvent(error)

        with Bus(self.home.bus, RULES) as bus:
            for rule in RULES:
                bus.attach(rule.name, refuse if rule.name == "send-tweets" else lambda _: None)
            bus.start()
            fields = {"Text": "Hi", "ReplyToUserId": "5"}
            bus.publish(
                [
                    Entry(
                        source="BOT", detail_type=kind, detail={**fields, "ReplyToTweetId": str(1000 + each), **detail}
                    )
                    for each in range(count)
                ]
            )
            assert bus.drain(20, retries=True)

    def letters(self) -> list[str]:
        with History(self.home.bus) as history:
            return [str(each.id) for each in history.dead_letters()]

    def waiting(self) -> int:
        with History(self.home.bus) as history:
            return history.waiting()

    def agree(self, page: requests.Response) -> requests.Response:
        """Press the button of a page that asks."""
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return self.visitor.post("/failures/work", **fields)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with Bus(DataFolder(tmp_path).bus, RULES):
        pass
    with served_console(Target(data=tmp_path)) as info:
        yield Yard(tmp_path, Visitor(info))


def test_nothing_went_wrong(yard: Yard) -> None:
    said = text_of(yard.visitor.get("/failures"))
    assert "No dead letters." in said
    assert "Nothing." in said
    assert "No dead letter is meant by that" in text_of(yard.visitor.get("/failures/confirm", do="redrive"))


def test_groups_open_their_letters_and_those_the_event(yard: Yard) -> None:
    yard.publish("SEND_TWEET", 3, HOSTILE, Text=HOSTILE)
    page = yard.visitor.get("/failures")
    assert re.search(r"BadEvent send-tweets 3 ", text_of(page))
    group = yard.visitor.get("/failures/letters", rule="send-tweets", reason="BadEvent")
    assert group.text.count("<li id=") == 3
    first = yard.letters()[0]
    letter = yard.visitor.get(f"/failures/letter/{first}", rule="send-tweets")
    said = text_of(letter)
    assert "attempts" in said
    assert '"ReplyToTweetId": "1000"' in said
    assert 'href="/post/1000"' in letter.text
    assert f"twbot dlq show {first} --data" in said
    for each in (page, group, letter):
        assert "<script>alert" not in each.text
        assert "{{ 7*7 }}" in each.text


@pytest.mark.parametrize(("deed", "waits"), [("redrive", True), ("purge", False)])
@pytest.mark.parametrize("chosen", [{}, {"rule": "send-tweets", "reason": "BadEvent"}, {"letter": "one"}])
def test_nothing_is_done_before_it_is_counted_and_agreed_to(
    yard: Yard, deed: str, waits: bool, chosen: dict[str, str]
) -> None:
    """One, a group or all: the page says how many and what it leads to, and works without a script."""
    yard.publish("SEND_TWEET", 3, "boom")
    before = yard.letters()
    meant = [before[1]] if "letter" in chosen else before
    page = yard.visitor.get("/failures/confirm", do=deed, **({"letter": before[1]} if "letter" in chosen else chosen))
    said = text_of(page)
    assert f"{len(meant)} dead letter" in said
    assert ("That may lead to replies on X" in said) == waits
    assert f"twbot dlq {deed}" in said
    assert yard.letters() == before
    assert not yard.waiting()
    done = text_of(yard.agree(page))
    assert f"{len(meant)}" in done
    assert yard.letters() == [each for each in before if each not in meant]
    assert yard.waiting() == (len(meant) if waits else 0)


def test_what_came_meanwhile_is_not_touched(yard: Yard) -> None:
    """Only what was counted: and what is gone by then is no fault."""
    yard.publish("SEND_TWEET", 2, "boom")
    page, (first, second) = yard.visitor.get("/failures/confirm", do="redrive"), yard.letters()
    yard.visitor.post("/failures/work", do="purge", ids=first, rule="")
    yard.publish("SEND_TWEET", 1, "boom", ReplyToTweetId="77")
    done = text_of(yard.agree(page))
    assert "1 of 2 dead letters delivered again" in done
    assert "were not there any more" in done
    assert len(yard.letters()) == 1
    assert second not in yard.letters()


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "eat", "ids": "1"},
        {"do": "purge", "ids": "1; DROP TABLE deliveries"},
        {"do": "purge", "ids": "x,-1,99999999999999999999"},
        {"do": "redrive"},
        {},
    ],
)
def test_a_form_that_nobody_sent(yard: Yard, fields: dict[str, str]) -> None:
    yard.publish("SEND_TWEET", 1, "boom")
    assert yard.visitor.post("/failures/work", **fields).status_code in {200, 400}
    assert len(yard.letters()) == 1


@pytest.mark.parametrize("path", ["/failures/letter/x", "/failures/letter/12345", "/failures/confirm?do=eat"])
def test_an_address_that_nobody_wrote(yard: Yard, path: str) -> None:
    answer = yard.visitor.session.get(yard.visitor.url(path), timeout=10)
    assert answer.status_code in {400, 404}
    assert "twbot" in answer.text


def test_what_ended_without_a_reply(yard: Yard) -> None:
    """By reason, the most frequent first, with the words of the newest; not what a replay caused again."""
    yard.publish("TWEET_FAILED", 2, Reason="post-gone", Explanation=HOSTILE)
    yard.publish("TWEET_WITHHELD", 3, Reason="paused", Explanation="Replies are paused.")
    yard.publish("ANALYSIS_FAILED", 1, Error="States.Timeout", Cause="It took too long.")
    page = yard.visitor.get("/failures")
    said = text_of(page)
    assert re.search(r"TWEET_WITHHELD paused 3 .* TWEET_FAILED post-gone 2 .* ANALYSIS_FAILED States.Timeout 1 ", said)
    assert "<script>alert" not in page.text
    (link,) = re.findall(r'href="(/bus\?type=TWEET_FAILED[^"]*)"', page.text)
    assert yard.visitor.session.get(yard.visitor.url(link.replace("&amp;", "&")), timeout=10).text.count("<li id=") == 2


def test_work_that_fails_says_how_far_it_came() -> None:
    """Of what fails by a fault of ours only its kind: its words may have a secret."""

    def steps(error: Exception) -> Iterator[int]:
        yield 1
        raise error

    works = Works()
    works.start("done", 3, steps(TwbotError("SQS is down.")))
    (work,) = works.newest()
    assert (work.done, work.total, work.error, bool(work.ended)) == (1, 3, "SQS is down.", True)
    faulty = Work("done", 3)
    with pytest.raises(ValueError, match="secret"):
        faulty.run(steps(ValueError("secret")))
    assert "secret" not in (faulty.error or "")
