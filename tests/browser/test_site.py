"""The site of docs/ and its film in a real browser, from files: no server, no network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from docs.record import PICTURES
from tests.support.browser import Sight, Windows, assert_accessible, each_sight
from tests.support.site import build_site

# One of each kind: a long table, a terminal, pictures, a wide block, many commands.
KINDS = ("index", "tutorial", "commands", "commands/trace", "events", "privacy", "how-to/service", "architecture")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@each_sight
def test_a_page_never_scrolls_sideways(site: Path, windows: Windows, sight: Sight) -> None:
    """What is wide scrolls by itself, on a telephone and on a large screen; everything can be read in either scheme."""
    page = windows.open((site / "index.html").as_uri(), width=sight.width, scheme=sight.scheme)
    for name in KINDS:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        assert page.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)"), name


@pytest.mark.parametrize(
    ("words", "found"), [("redrive", "dlq"), ("how long kept", "Privacy"), ("MESSAGE_RECEIVED", "Events")]
)
def test_search_works_offline(site: Path, windows: Windows, words: str, found: str) -> None:
    """In pages that are opened as files, too."""
    page = windows.open((site / "index.html").as_uri())
    page.get_by_role("textbox", name="Search").press_sequentially(words)  # the theme looks at keys
    expect(page.locator(".md-search-result__list")).to_contain_text(found, timeout=15_000)


def test_the_site_is_accessible(site: Path, windows: Windows) -> None:
    """axe finds nothing serious."""
    page = windows.open((site / "commands" / "alerts.html").as_uri())
    # axe reads the styles once more, which no page may that is opened as a file.
    windows.expect_fault("XMLHttpRequest|ERR_FAILED")
    assert_accessible(page)


def rows_at(page: Page, seconds: float) -> int:
    """How many rows of the film are seen at a time."""
    page.evaluate(
        "time => document.getAnimations().forEach(each => { each.pause(); each.currentTime = time })", seconds * 1000
    )
    rows = page.locator("g[class^=r]").all()
    return sum(row.evaluate("each => getComputedStyle(each).visibility") == "visible" for row in rows)


def test_the_film_plays(windows: Windows) -> None:
    """Rows appear one after the other, and all of them are there in the end, as for who wants no motion."""
    page = windows.open((PICTURES / "session.svg").as_uri())
    rows = len(page.query_selector_all("g[class^=r]"))
    assert rows > 20
    assert page.evaluate("document.getAnimations().length") == 0  # the windows of the tests want less motion
    page.emulate_media(reduced_motion="no-preference")
    lasts = float(re.findall(r"animation-duration:([\d.]+)s", (PICTURES / "session.svg").read_text())[0])
    seen = [rows_at(page, lasts * share) for share in (0, 0.25, 0.5, 0.75, 0.99)]
    assert seen == sorted(set(seen))
    assert (seen[0], seen[-1]) == (0, rows)
