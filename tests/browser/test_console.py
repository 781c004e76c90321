"""The console in a real browser, as people use it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Sight, Windows, assert_accessible, each_sight
from tests.support.console import served_console
from tests.support.paths import ROOT
from tests.support.world import World
from twbot.cli.console.server import ConsoleInfo
from twbot.cli.operations.target import Target
from twbot.lambdas.contracts import Entry
from twbot.local.bus.bus import Bus

PHOTO = ROOT / "local" / "simulator" / "pictures" / "celebrity.jpg"


def post(page: Page, author: str, text: str, *photos: Path) -> None:
    page.get_by_label("Who").fill(author)
    page.get_by_label("What").fill(text)
    page.get_by_label("Pictures").set_input_files(photos)
    page.get_by_role("button", name="Post").click()


def test_a_newcomer_posts_and_sees_the_answer_come(windows: Windows, console: ConsoleInfo) -> None:
    """Without loading the page anew: the post, its reply, then the way that it went, and the event on the bus."""
    page = windows.open(console.address)
    assert console.token not in page.url
    post(page, "nova", "tell me a joke, nova")
    mine = page.locator("article").filter(has_text="tell me a joke, nova").first
    expect(mine).to_contain_text("You said: tell me a joke, nova")
    mine.locator("a.dim").click()
    expect(page.get_by_role("heading", name="From the webhook to the reply")).to_be_visible()
    expect(page.locator("#trace")).to_contain_text("send-tweets")


def test_a_picture_is_dropped_and_comes_back_with_names(windows: Windows, console: ConsoleInfo) -> None:
    page = windows.open(console.address)
    post(page, "nils", "who is that?", PHOTO)
    mine = page.locator("article").filter(has_text="@nils").first
    expect(mine.locator(".reply img")).to_have_count(1)
    for picture in mine.locator("img").all():
        expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_two_windows_show_the_same(windows: Windows, console: ConsoleInfo) -> None:
    """What is posted in one comes in the other, and nobody's place or words are lost by it."""
    one = windows.open(console.address)
    two = one.context.new_page()
    two.goto(console.url)
    two.get_by_label("What").fill("half a thought")
    post(one, "nadja", "is there anybody?")
    expect(two.locator("article").filter(has_text="is there anybody?").first).to_be_visible()
    assert two.get_by_label("What").input_value() == "half a thought"


HOSTILE = [
    "<script>document.title='mine'</script>",
    "<img src=x onerror=\"document.title='mine'\">",
    "\u202e<b>x</b> " + "w" * 240,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_people_write_runs(windows: Windows, console: ConsoleInfo, world: World, text: str) -> None:
    """Not when the page is loaded, and not when it comes live; nor does it push the page out of the window."""
    page = windows.open(console.address, width=400)
    sent = world.x.post("nero", f"@twbot {text}")
    expect(page.locator(f"#post-{sent['id']} .reply")).to_be_visible()
    page.reload()
    expect(page.locator(f"#post-{sent['id']}")).to_contain_text(text[:20].strip("\u202e"))
    assert "mine" not in page.title()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@each_sight
def test_pages_are_accessible(windows: Windows, console: ConsoleInfo, world: World, sight: Sight) -> None:
    """By day and by night, on a telephone and a large screen: nothing serious, and no scrolling to the side."""
    sent, _ = world.ask("nana", "@twbot tell me a joke", images=[PHOTO])
    page = windows.open(console.address, width=sight.width, scheme=sight.scheme)
    for path in ("/", f"/post/{sent['id']}", f"/post/{sent['id']}?steps=1", "/?q=nobody", "/nowhere"):
        if path == "/nowhere":
            windows.expect_fault("status of 404")
        page.goto(console.url.rstrip("/") + path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_all_can_be_done_by_keyboard(windows: Windows, console: ConsoleInfo) -> None:
    page = windows.open(console.address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_label("What").focus()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("article").filter(has_text="by keyboard").first).to_be_visible()


def test_it_works_without_javascript(windows: Windows, console: ConsoleInfo) -> None:
    """Then nothing comes by itself, and all else is there."""
    page = windows.open(console.address, javascript=False)
    post(page, "nemo", "no scripts here")
    expect(page.get_by_role("status").filter(has_text="@nemo posted")).to_be_visible()
    page.goto(f"{console.url}?q=nemo")
    expect(page.locator("article")).to_contain_text("no scripts here")


def test_a_window_outlives_the_console(windows: Windows, tmp_path: Path) -> None:
    """A restart keeps address and token: the window says that nobody answers, and then goes on."""
    windows.expect_fault("ERR_|Failed to load")
    with Bus(tmp_path / "bus.db", []) as bus:
        bus.start()
        with served_console(Target(data=tmp_path)) as first:
            page = windows.open(first.address)
            expect(page.locator("#timeline")).to_contain_text("Nobody has written")
        expect(page.locator("#connection")).to_contain_text("does not answer", timeout=20_000)
        with served_console(Target(data=tmp_path)) as second:
            assert second.address == first.address
            bus.publish([received("1234", "back again")])
            expect(page.locator("article")).to_contain_text("back again", timeout=20_000)
            expect(page.locator("#connection")).to_be_empty()
        bus.stop()


def test_ten_thousand_posts(windows: Windows, tmp_path: Path) -> None:
    """A page shows the newest of them, older ones are a click away, and a live one comes on top."""
    windows.expect_fault("ERR_")  # the console ends before the window
    with Bus(tmp_path / "bus.db", []) as bus:
        bus.start()
        for start in range(0, 10_000, 500):
            bus.publish([received(str(10_000 + number), f"number {number}") for number in range(start, start + 500)])
        with served_console(Target(data=tmp_path)) as info:
            page = windows.open(info.address)
            expect(page.locator("article")).to_have_count(30)
            bus.publish([received("30000", "the very newest")])
            expect(page.locator("article").first).to_contain_text("the very newest")
            page.get_by_role("link", name="Older posts").click()
            expect(page.locator("article").first).to_contain_text(re.compile("number 99[67]"))
            page.get_by_role("searchbox").fill("number 4321")
            page.get_by_role("button", name="Search").click()
            expect(page.locator("article")).to_have_count(1)
        bus.stop()


def received(tweet_id: str, text: str) -> Entry:
    detail = {"Text": text, "Author": "ada", "Summoned": True, "Twitter": {"TweetId": tweet_id, "UserId": "7"}}
    return Entry(source="BOT", detail_type="MESSAGE_RECEIVED", detail=detail)
