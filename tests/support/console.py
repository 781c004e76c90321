"""A console that is served on loopback, and a visitor with its cookie."""

from __future__ import annotations

import contextlib
import html
import re
import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any

import requests

from twbot.cli.console.server import ConsoleInfo, serve
from twbot.cli.operations.target import Target


class Visitor:
    """A browser's session with a console."""

    def __init__(self, info: ConsoleInfo) -> None:
        self.info, self.session = info, requests.Session()
        self.session.trust_env = False
        self.get("/", token=info.token)

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self.url(path), params=query, timeout=30)

    def post(self, path: str, *, files: Any = None, **fields: Any) -> requests.Response:
        """Send a form as a page of the console does, and follow where it leads."""
        origin = {"Origin": self.info.url.rstrip("/")}
        return self.session.post(self.url(path), data=fields, files=files, headers=origin, timeout=30)

    def url(self, path: str) -> str:
        return self.info.url.rstrip("/") + path


def text_of(page: requests.Response) -> str:
    """What a page says: without its tags, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


@contextlib.contextmanager
def served_console(target: Target) -> Iterator[ConsoleInfo]:
    """Serve the console of a bot meanwhile."""
    up: Queue[ConsoleInfo | Exception] = Queue()
    stopped = threading.Event()

    def run() -> None:
        try:
            serve(target, up.put, stopped=stopped)
        except Exception as error:
            up.put(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        found = up.get(timeout=30)
        if isinstance(found, Exception):
            raise found
        yield found
    finally:
        stopped.set()
        thread.join(30)
