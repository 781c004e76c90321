"""Takes pictures of the console and of the simulated X, of a bot of its own: `make recording`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from docs.record import PHOTO, PICTURES
from tests.support.browser import path_of_browser

POSTS = (
    ("dora", "I waited forty minutes and nobody even said sorry. Never again!", None),
    ("bob", "tell me a fact", None),
    ("carla", "Das neue Café am Bahnhof ist wunderbar, danke!", None),
    ("alice", "tell me a joke", None),
    ("emil", "what does this say?", PHOTO.with_name("sign.png")),
    ("erin", "who is in this picture?", PHOTO),
)
QUALITY = 82  # of WebP, 0 to 100


class Shot(NamedTuple):
    """A picture of a page."""

    name: str
    path: str
    """{post}: the id of the last post."""
    scheme: str = "light"
    width: int = 1280
    height: int = 860


SHOTS = (
    Shot("console-timeline", "/"),
    Shot("console-post", "/post/{post}", scheme="dark", height=1500),
    Shot("console-rules", "/rules", height=900),
    Shot("console-status", "/status", scheme="dark"),
    Shot("console-phone", "/", width=400),
)
# Of the simulated X's page.
X_SHOTS = (
    Shot("x-timeline", "/"),
    Shot("x-delivery", "/deliveries/1", scheme="dark"),
)


@contextmanager
def _running_bot() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _twbot(folder, "up", "--detach", "--warm", "--port", "0")
        try:
            for author, text, photo in POSTS:
                image = ["--image", str(photo)] if photo else []
                _twbot(folder, "send", text, "--as", author, *image, "--timeout", "120")
            yield folder
        finally:
            _twbot(folder, "down")


def _twbot(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "twbot", *arguments]
    # With twbot on the PATH, commands are shown by its name alone.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment)  # noqa: S603
    return done.stdout


def _take(browser: Browser, address: str, post: str, shot: Shot) -> None:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    page.goto(address.partition("?")[0].rstrip("/") + shot.path.format(post=post))
    # Streams never end: what has come by then is on the page.
    page.wait_for_load_state("load")
    page.wait_for_function("[...document.images].every((each) => each.complete)")
    image = Image.open(io.BytesIO(page.screenshot()))
    image.save(PICTURES / f"{shot.name}.webp", quality=QUALITY, method=6)
    context.close()


def main() -> None:
    with _running_bot() as folder, sync_playwright() as playwright:
        address = _twbot(folder, "open", "--print").strip()
        kinds = ["--type", "MESSAGE_ANALYSED", "--limit", str(len(POSTS))]
        events = _twbot(folder, "tail", "--since", "1h", "--json", *kinds)
        post = msgspec.json.decode(events.splitlines()[-1])["detail"]["Twitter"]["TweetId"]
        browser = playwright.chromium.launch(executable_path=path_of_browser())
        for shot in SHOTS:
            _take(browser, address, post, shot)
        address = _twbot(folder, "x", "open", "--print").strip()
        for shot in X_SHOTS:
            _take(browser, address, post, shot)
        browser.close()


if __name__ == "__main__":
    main()
