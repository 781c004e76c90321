"""The console's pages for operators in a real browser: the bus, the rules, failures, alerts and replays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.alerts import angry
from tests.support.browser import Sight, Windows, assert_accessible
from tests.support.console import served_console
from tests.support.world import World
from twbot.cli.console.server import ConsoleInfo
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import BadEvent
from twbot.lambdas.wiring import RULES
from twbot.local.adapters.alerts import Alerts
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder

HOSTILE = "<img src=x onerror=\"document.title='mine'\"> " + "w" * 300


@pytest.fixture
def left(tmp_path: Path) -> Iterator[ConsoleInfo]:
    """The console of a bot that left dead letters of many kinds, and what ended without a reply."""

    def refuse(event: Event) -> None:
        if event.detail_type == "SEND_TWEET":
            raise BadEvent(HOSTILE)

    with Bus(DataFolder(tmp_path).bus, RULES) as bus:
        for rule in RULES:
            bus.attach(rule.name, refuse if rule.name == "send-tweets" else lambda _: None)
        bus.start()
        fields = {"Text": HOSTILE, "Author": "a" * 60, "ReplyToUserId": "5", "Reason": "paused", "Explanation": HOSTILE}
        for kind in ("SEND_TWEET", "TWEET_WITHHELD"):
            bus.publish(
                [
                    Entry(source="BOT", detail_type=kind, detail={**fields, "ReplyToTweetId": str(10**18 + n)})
                    for n in (1, 2, 3)
                ]
            )
        assert bus.drain(20, retries=True)
    alerts = Alerts(DataFolder(tmp_path))
    alerts.handle(angry(HOSTILE))
    alerts.close()
    with served_console(Target(data=tmp_path)) as info:
        yield info


def test_events_come_and_open(windows: Windows, console: ConsoleInfo, world: World) -> None:
    """Each once, while one reads another; what the filter leaves out does not come."""
    page = windows.open(f"{console.url}bus?author=olga&token={console.token}")
    world.x.post("olga", "@twbot tell me a joke")
    world.x.post("oskar", "@twbot tell me a joke")
    first = page.locator("#bus-lines li").filter(has_text="tell me a joke")
    expect(first).to_have_count(1)
    first.locator("summary").click()
    expect(first.locator("pre")).to_contain_text('"detail-type": "MESSAGE_RECEIVED"')
    world.x.post("olga", "@twbot one more")
    expect(page.locator("#bus-lines li")).to_have_count(4)
    expect(page.locator("#bus-lines li").filter(has_text="one more")).to_have_count(1)
    expect(first.locator("pre")).to_be_visible()
    expect(page.locator("#bus-lines li").filter(has_text="oskar")).to_have_count(0)


def test_a_list_can_be_held_still(windows: Windows, console: ConsoleInfo, world: World) -> None:
    """What came meanwhile comes when it is let go, and what one has opened stays as it is."""
    page = windows.open(f"{console.url}bus?author=orla&token={console.token}")
    free = page.context.new_page()
    free.goto(f"{console.url}bus?author=orla")
    world.ask("orla", "@twbot tell me a joke")
    lines = page.locator("#bus-lines li")
    expect(lines).to_have_count(2)
    lines.last.locator("summary").click()
    opened = lines.last.locator("pre").element_handle()
    page.get_by_label("Hold still").check()
    world.ask("orla", "@twbot tell me another")
    expect(free.locator("#bus-lines li")).to_have_count(4)
    expect(lines).to_have_count(2)
    page.get_by_label("Hold still").uncheck()
    expect(lines).to_have_count(4)
    assert opened.evaluate("each => each.isConnected")


def test_dead_letters_are_delivered_again_without_a_script(left: ConsoleInfo, windows: Windows) -> None:
    """From the group to the question to the button: the question is a page."""
    page = windows.open(f"{left.url}failures?token={left.token}", javascript=False)
    page.get_by_role("link", name="Deliver again: BadEvent at send-tweets").click()
    expect(page.locator("main")).to_contain_text("3 dead letters with the reason BadEvent will be delivered again")
    page.get_by_role("button", name="Deliver them again").click()
    expect(page.locator("#work")).to_contain_text("3 of 3 dead letters delivered again")
    expect(page.locator("#dead-letters")).to_contain_text("No dead letters")


def test_a_dead_letter_opens_where_it_stands(left: ConsoleInfo, windows: Windows) -> None:
    page = windows.open(f"{left.url}failures?token={left.token}", width=400)
    box = page.get_by_role("link", name="Forget: BadEvent at send-tweets").bounding_box()
    assert box
    assert box["x"] + box["width"] <= 400, "what can be done with a group needs scrolling to the side"
    page.get_by_role("link", name="BadEvent", exact=True).click()
    page.locator("#letters summary").first.click()
    opened = page.locator("#letters li").first
    expect(opened.locator("pre").last).to_contain_text('"ReplyToTweetId": "1000000000000000001"')
    expect(opened.get_by_role("link", name="Forget …")).to_be_visible()
    assert page.title() != "mine"


# Each width and each scheme once: what is too wide does not depend on the colours.
@pytest.mark.parametrize("sight", [Sight(400, "light"), Sight(1600, "dark")], ids=str)
def test_pages_are_accessible(left: ConsoleInfo, windows: Windows, sight: Sight) -> None:
    """By day and by night, on a telephone and a large screen, whatever the texts are."""
    start = f"{left.url}failures/letters?token={left.token}"
    page = windows.open(start, width=sight.width, scheme=sight.scheme)
    letter = page.locator("#letters details").first.get_attribute("data-more") or ""
    for path in (
        *("/bus", "/rules", "/rules/test", "/alerts", "/replays", "/replays/count?since=1h&with_replies=yes"),
        *("/failures", "/failures/letters?rule=send-tweets", letter, "/failures/confirm?do=redrive"),
    ):
        page.goto(left.url.rstrip("/") + path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.title() != "mine"


def test_the_map_leads_to_rules_and_events(left: ConsoleInfo, windows: Windows) -> None:
    """By keyboard, too: its boxes are links."""
    page = windows.open(f"{left.url}rules?token={left.token}")
    page.locator("#map a").filter(has_text="send-tweets").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rule-send-tweets")).to_be_in_viewport()
    page.locator("#map a").filter(has_text="TWEET_WITHHELD").click()
    expect(page.locator("#bus-lines li")).to_have_count(3)
