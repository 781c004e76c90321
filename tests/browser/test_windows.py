"""The browser that these tests are made with: what it notices, and what happens where there is none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Sight, Windows, assert_accessible, each_sight, path_of_browser

POLICY = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'">"""
FAULTS = {
    "a console error": ("<script>console.error('broken')</script>", "broken"),
    "an exception": ("<script>nowhere()</script>", "nowhere is not defined"),
    "a violated policy": (f"{POLICY}<script>1</script>", "Content Security Policy"),
    "a request to another machine": ("<img src='http://192.0.2.1/x.png'>", "beyond loopback"),
    "a request to a name": ("<img src='http://example.com/x.png'>", "beyond loopback"),
}


@pytest.mark.parametrize(("html", "named"), FAULTS.values(), ids=FAULTS.keys())
def test_what_goes_wrong_in_a_window_fails_the_test(chromium: Browser, windows: Windows, html: str, named: str) -> None:
    """Whatever a page does wrong is named where the window is closed, unless the test expects it."""
    inner = Windows(chromium)
    inner.open().set_content(html)
    with pytest.raises(AssertionError, match=named):
        inner.close()
    inner.expect_fault("")
    inner.close()


@each_sight
def test_how_a_page_is_looked_at(windows: Windows, sight: Sight) -> None:
    """A window has the width and the colours that the test asks for."""
    page = windows.open(width=sight.width, scheme=sight.scheme)
    found = page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]")
    assert found == [sight.width, sight.scheme == "dark"]


def test_what_keeps_people_out_is_found(windows: Windows) -> None:
    """A picture without words, and grey on grey."""
    page = windows.open()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><p style='color:#bbb'>grey</p><img src=x></main>")
    with pytest.raises(AssertionError, match=r"(?s)color-contrast.*image-alt"):
        assert_accessible(page)


def test_asyncio_goes_on_working_beside_the_browser(chromium: Browser) -> None:
    """Tests that run in this worker after one with a browser may call asyncio.run()."""
    assert chromium.is_connected()
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_a_browser_the_package_is_named(tmp_path: Path, ci: str, outcome: type[BaseException]) -> None:
    """Tests are skipped, but fail with CI=true: both say what to install."""
    with pytest.raises(outcome, match="install the package `chromium`"):
        path_of_browser({"PATH": str(tmp_path), "CI": ci})
