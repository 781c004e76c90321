"""A real browser for tests: the Chromium of this machine, driven by playwright (https://playwright.dev/python/).

tests/browser/conftest.py makes `chromium`, one browser per worker, and `windows`, one per test, into fixtures.
"""

from __future__ import annotations

import asyncio.events
import contextlib
import os
import re
import shutil
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from twbot.local.server.addresses import is_loopback

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no browser on PATH ({', '.join(NAMES)}): install the package `chromium`"
# What is beyond loopback gets a proxy where nothing listens; loopback gets none.
# https://chromium.googlesource.com/chromium/src/+/HEAD/net/docs/proxy.md#Implicit-bypass-rules
REFUSED_BEYOND_LOOPBACK = "--proxy-server=http://127.0.0.1:9"
Scheme = Literal["light", "dark"]


class Sight(NamedTuple):
    """How somebody looks at a page."""

    width: int
    """CSS pixels."""
    scheme: Scheme

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


# A telephone and a large screen, by day and by night. `@each_sight` runs a test with an argument `sight` for each.
SIGHTS = [Sight(width, scheme) for width in (400, 1600) for scheme in ("light", "dark")]
each_sight = pytest.mark.parametrize("sight", SIGHTS, ids=str)


class Windows:
    """Opens pages for a test, and notes what goes wrong in them.

    A console error, a violation of the content security policy, an exception that no script catches and a request to
    anything but loopback are faults. A test with a fault fails, unless it said `expect_fault` of it.
    """

    def __init__(self, chromium: Browser) -> None:
        self.faults: list[str] = []
        self._chromium = chromium
        self._expected: list[str] = []
        self._contexts: list[BrowserContext] = []

    def open(
        self, url: str = "about:blank", *, width: int = 1600, scheme: Scheme = "light", javascript: bool = True
    ) -> Page:
        """Open a page in a context of its own. `page.context.new_page()` opens a second window in the same context."""
        context = self._chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
        )
        self._contexts.append(context)
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.faults.append(f"uncaught: {error.error}"))
        context.on("request", self._note_request)
        page = context.new_page()
        page.goto(url)
        return page

    def expect_fault(self, pattern: str) -> None:
        """Let faults pass that the regular expression finds something in, such as "status of 403"."""
        self._expected.append(pattern)

    def close(self) -> None:
        """Close every window. Fails the test where something went wrong in one."""
        for context in self._contexts:
            context.close()
        unexpected = [each for each in self.faults if not any(re.search(pattern, each) for pattern in self._expected)]
        assert not unexpected, "\n".join(unexpected)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} ({message.location['url']})")

    def _note_request(self, request: Request) -> None:
        parts = urllib.parse.urlsplit(request.url)
        if parts.hostname and parts.hostname != "localhost" and not is_loopback(parts.hostname):
            self.faults.append(f"beyond loopback: {request.url}")


def assert_accessible(page: Page) -> None:
    """Fail where axe finds something serious or critical: https://github.com/dequelabs/axe-core"""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [
        f"{each['id']} ({each['impact']}): {each['help']}: {', '.join(str(node['target']) for node in each['nodes'])}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert not told, "\n".join(told)


def path_of_browser(environment: Mapping[str, str] = os.environ) -> str:
    """Return the browser's path. Without one the test is skipped; it fails where CI=true."""
    for name in NAMES:
        if found := shutil.which(name, path=environment.get("PATH", "")):
            return found
    if environment.get("CI") == "true":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser, one per worker."""
    path = path_of_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[REFUSED_BEYOND_LOOPBACK])
        loop = asyncio.events._get_running_loop()
        asyncio.events._set_running_loop(None)
        yield browser
        with _running(loop):
            browser.close()
        asyncio.events._set_running_loop(loop)


@pytest.fixture
def windows(chromium: Browser) -> Iterator[Windows]:
    """Opens pages. The test fails where something goes wrong in one."""
    opened = Windows(chromium)
    with _running(chromium._impl_obj._loop):
        yield opened
        opened.close()


@contextlib.contextmanager
def _running(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Have playwright's event loop be the running one.

    Playwright leaves it so in this thread for ever, and no test of this worker could call asyncio.run() any more:
    https://github.com/microsoft/playwright-python/issues/1339
    """
    asyncio.events._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio.events._set_running_loop(None)
