"""The pages for operators in a real browser: queries, people, metrics, the chatbot and the status."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import Sight, Windows, assert_accessible
from tests.support.paths import PICTURES
from tests.support.world import World
from twbot.cli.console import examination
from twbot.cli.console.server import ConsoleInfo
from twbot.cli.ui.check import Check

SQL = "SELECT 'w{}' AS a, 1 AS n FROM \"analysed-messages-table\" LIMIT 3".format("w" * 300)
PATHS = (
    "queries?q=authors",
    f"queries?sql={SQL}",
    "queries?sql=SELECT",
    "people",
    "people/remove?name=Tom%20Hanks",
    "metrics",
    "chat",
    "status",
    "replies/change?do=pause&reason=" + "w" * 200,
)
DROP = """(data) => {
  const files = new DataTransfer();
  for (const [name, bytes] of data) {
    const content = Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
    files.items.add(new File([content], name, { type: "image/jpeg" }));
  }
  const drop = { dataTransfer: files, bubbles: true, cancelable: true };
  document.querySelector(".drop").dispatchEvent(new DragEvent("drop", drop));
}"""


@pytest.mark.parametrize("sight", [Sight(400, "dark"), Sight(1600, "light")], ids=str)
def test_pages_are_accessible(windows: Windows, console: ConsoleInfo, world: World, sight: Sight) -> None:
    """By day and by night, on a telephone and a large screen: nothing serious, and no scrolling to the side."""
    world.ask("sunna", f"@twbot I am so angry {'w' * 200}")
    windows.expect_fault("status of 400")  # of the SQL that is none
    page = windows.open(console.address, width=sight.width, scheme=sight.scheme)
    for path in PATHS:
        page.goto(console.url + path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_sql_is_asked_by_keyboard_and_kept_where_it_is_wrong(windows: Windows, console: ConsoleInfo) -> None:
    windows.expect_fault("status of 400")
    page = windows.open(console.address)
    page.goto(f"{console.url}queries")
    page.get_by_label("SQL").focus()
    page.keyboard.type("SELECT 40 + 2 AS answer, 'x")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("SQL").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("'")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer td").first).to_have_text("42")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text() == "answer,_col1\n42,x\n"


def test_photos_are_dropped_and_each_says_what_is_wrong(windows: Windows, console: ConsoleInfo) -> None:
    """The good ones are taken, and removing somebody asks first."""
    windows.expect_fault("status of 400")
    page = windows.open(console.address)
    page.goto(f"{console.url}people")
    page.get_by_label("Name").fill("Ida Rhodes")
    page.evaluate(DROP, [[name, _base64(name)] for name in ("stranger.jpg", "cat.jpg")])
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("cat.jpg: There is no face in cat.jpg.")
    person = page.locator("article").filter(has_text="Ida Rhodes")
    expect(person).to_contain_text("added by you")
    person.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".note")).to_contain_text("Ida Rhodes is no longer in the gallery.")


def test_the_doctor_is_watched(windows: Windows, console: ConsoleInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checks come by themselves, and the command that mends one can be copied."""
    go_on = threading.Event()

    def checks(*_: object, **__: object) -> Iterator[Check]:
        yield Check("Python", "ok", "3.11")
        assert go_on.wait(30)
        yield Check("dead letters", "wrong", "3 at rule", "twbot dlq list")

    monkeypatch.setattr(examination, "run_checks", checks)
    page = windows.open(console.address)
    page.goto(f"{console.url}status")
    page.get_by_role("button", name="Examine").click()
    expect(page.locator(".checks li")).to_have_count(1)
    go_on.set()
    expect(page.locator(".checks li")).to_have_count(2)
    expect(page.locator("#doctor")).to_contain_text("1 wrong, 1 ok")
    expect(page.locator("#doctor code")).to_have_text("twbot dlq list")


def test_pausing_is_seen_in_another_window(windows: Windows, console: ConsoleInfo) -> None:
    """The dot there follows by itself; a question comes before each change, also without JavaScript."""
    other = windows.open()
    other.clock.install()
    other.goto(console.address)
    expect(other.locator("#dot")).not_to_contain_text("paused")
    page = windows.open(console.address, javascript=False)
    try:
        page.goto(f"{console.url}status")
        page.get_by_role("button", name="Pause …").click()
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#dot")).to_contain_text("paused")
        other.clock.run_for(20_000)
        expect(other.locator("#dot")).to_contain_text("paused")
    finally:
        page.goto(f"{console.url}replies/change?do=resume")
        page.get_by_role("button", name="Resume").click()
    expect(page.locator("#dot")).not_to_contain_text("paused")


def _base64(name: str) -> str:
    return base64.b64encode((PICTURES / name).read_bytes()).decode()
