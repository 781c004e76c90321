"""Alerts: who hears of them and which were raised; on this machine and on AWS, the same cases over both."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from moto import mock_aws

from tests.support.alert_desks import AwsDesk, Desk, LocalDesk, angry
from tests.support.console import Visitor, served_console, text_of
from tests.support.loopback import Answer, Loopback, answering
from twbot.cli.operations.target import Target
from twbot.lambdas.alerting.subscription import subscriber_id
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder


@pytest.fixture(params=["local", "aws"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    if request.param == "local":
        found = LocalDesk(tmp_path)
        with Bus(DataFolder(tmp_path / "data").bus, RULES):
            pass
        yield found
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield AwsDesk(tmp_path, monkeypatch)


@pytest.fixture
def visitor(desk: Desk) -> Iterator[Visitor]:
    target = Target("prod") if isinstance(desk, AwsDesk) else Target(data=Path(desk.options[1]))
    with served_console(target) as info:
        yield Visitor(info)


@pytest.fixture
def hook() -> Iterator[Loopback]:
    with answering(Answer(200, b"ok")) as there:
        yield there


def add(visitor: Visitor, url: str) -> str:
    """Subscribe a Slack channel, and return its id."""
    assert visitor.post("/alerts/subscribe", kind="slack", address=url).status_code == 200
    return subscriber_id("slack", url)


def agree(visitor: Visitor, page: requests.Response) -> requests.Response:
    return visitor.post("/alerts/work", **dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)))


def test_nobody_and_nothing_at_first(visitor: Visitor) -> None:
    said = text_of(visitor.get("/alerts", raised="1"))
    assert "Nobody yet." in said
    assert "None." in said
    assert "Nobody hears of alerts yet" in text_of(visitor.get("/alerts/confirm", do="test"))
    assert "Nobody hears of alerts yet" in text_of(visitor.post("/alerts/work", do="test"))


def test_an_address_is_never_shown_nor_in_an_address(visitor: Visitor, hook: Loopback) -> None:
    """Not after it was added, nor where it is wrong; the form does not show what is typed."""
    secret = f"{hook.url}/services/hidden-word-abcd"
    answer = visitor.post("/alerts/subscribe", kind="slack", address=secret)
    pages = [
        answer,
        visitor.get("/alerts"),
        visitor.get("/alerts/confirm", do="remove", id=subscriber_id("slack", secret)),
    ]
    wrong = visitor.post("/alerts/subscribe", kind="discord", address="ftp://hooks/hidden-word-abcd")
    assert wrong.status_code == 400
    for page in [*pages, wrong]:
        assert "hidden-word" not in page.text
        assert "hidden-word" not in page.url
        assert all("hidden-word" not in each.headers["location"] for each in page.history)
    assert "…abcd hears of alerts" in text_of(answer)
    assert '<input type="password" name="address"' in visitor.get("/alerts").text


def test_a_test_is_sent_when_it_was_agreed_to(visitor: Visitor, hook: Loopback) -> None:
    """To one or to all, as the page said; and how it went is said, there and at the subscriber."""
    add(visitor, f"{hook.url}/first")
    second = add(visitor, f"{hook.url}/second")
    page = visitor.get("/alerts/confirm", do="test")
    assert "2 subscribers" in text_of(page)
    assert not hook.asked
    assert "Sent to 2 of 2" in text_of(agree(visitor, page))
    assert sorted(each.path for each in hook.asked) == ["/first", "/second"]
    hook.answers[:] = [Answer(404, b"no_service")]
    one = visitor.get("/alerts/confirm", do="test", id=second)
    assert f"twbot alerts test {second}" in text_of(one)
    assert "Sent to 0 of 1" in text_of(agree(visitor, one))


def test_who_is_removed_was_named_first(visitor: Visitor, hook: Loopback) -> None:
    gone, stays = add(visitor, f"{hook.url}/first-of-two"), add(visitor, f"{hook.url}/second-of-two")
    page = visitor.get("/alerts/confirm", do="remove", id=gone)
    assert "will not hear of alerts any more" in text_of(page)
    assert gone in visitor.get("/alerts").text
    assert "hears of alerts no more" in text_of(agree(visitor, page))
    left = visitor.get("/alerts").text
    assert gone not in left
    assert stays in left
    assert visitor.get("/alerts/confirm", do="remove", id=gone).status_code == 404


def test_raised_alerts_with_their_posts(visitor: Visitor, desk: Desk) -> None:
    """Read on AWS when somebody asks: the log takes a while."""
    desk.raise_alert(angry("1234567890123456789"))
    page = visitor.get("/alerts", raised="1")
    assert "I hate <!channel> this" in text_of(page) or "I hate &lt;!channel&gt; this" in page.text
    assert "<!channel>" not in page.text
    assert "93%" in text_of(page)
    assert 'href="/post/1234567890123456789"' in page.text
    assert ("I hate" in html.unescape(visitor.get("/alerts").text)) == isinstance(desk, LocalDesk)


SENT_BY_NOBODY: list[tuple[str, dict[str, str]]] = [
    ("/alerts/subscribe", {"kind": "pigeon", "address": "x"}),
    ("/alerts/subscribe", {"kind": "email", "address": "x", "smtp": "smtps://u:p@h"}),
    ("/alerts/subscribe", {}),
    ("/alerts/work", {"do": "eat", "id": "1"}),
    ("/alerts/work", {"do": "remove"}),
    ("/alerts/work", {"do": "remove", "id": "12345678"}),
    ("/alerts/work", {"do": "test", "id": "<b>"}),
]


def test_a_form_that_nobody_sent(visitor: Visitor) -> None:
    for path, fields in SENT_BY_NOBODY:
        answer = visitor.post(path, **fields)
        assert answer.status_code in {400, 404}, (path, fields)
        assert "twbot" in answer.text


def test_email_of_this_machine_needs_its_server(tmp_path: Path) -> None:
    """A password in its address is refused, and not shown."""
    LocalDesk(tmp_path)
    with Bus(DataFolder(tmp_path / "data").bus, RULES):
        pass
    with served_console(Target(data=tmp_path / "data")) as info:
        visitor = Visitor(info)
        fields = {"kind": "email", "address": "me@example.org"}
        assert visitor.post("/alerts/subscribe", **fields).status_code == 409
        refused = visitor.post("/alerts/subscribe", **fields, smtp="smtps://me:hidden-word@example.org")
        assert (refused.status_code, "hidden-word" in refused.text) == (400, False)
        done = visitor.post("/alerts/subscribe", **fields, smtp="smtps://me@example.org", password="hidden-word")
        assert "hears of alerts" in text_of(done)
        assert "hidden-word" not in done.text + done.url
