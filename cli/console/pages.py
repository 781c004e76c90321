"""What the console's pages share: the bot they are about, templates, actions, errors, and the commands they name."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from anyio.to_thread import run_sync
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from twbot.cli.console.drawing import figure_text
from twbot.cli.console.feed import Feed
from twbot.cli.console.health import PAGE_SECONDS, Health, health, recent_status
from twbot.cli.errors import Exit, as_cli_error
from twbot.cli.operations.target import Target
from twbot.cli.spelling import pasteable, this_twbot
from twbot.cli.ui.console import escaped
from twbot.cli.ui.figures import duration_text, size_text
from twbot.cli.ui.times import format_time
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.plain_text import one_line

FOLDER = Path(__file__).parent
# What a form may hold: four pictures of 5 MB, as X takes them, and some text.
MAX_FILES, MAX_FIELDS, MAX_FILE = 20, 1000, 8_000_000
STATUS = {Exit.USAGE: 400, Exit.NOT_FOUND: 404, Exit.NOT_CONFIGURED: 409, Exit.TIMED_OUT: 504}


class Link(NamedTuple):
    """An entry of the navigation."""

    path: str
    title: str


class Done(NamedTuple):
    """What an action leads to."""

    path: str
    """The page to show, within the console."""
    says: str = ""
    """What was done, for a note on that page."""


class Console:
    """A console about one bot. `links`: the navigation."""

    def __init__(self, target: Target, links: tuple[Link, ...] = ()) -> None:
        self.target = target
        self.feed = Feed(target)
        self.status = recent_status(target)
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "time": _time,
            "duration": duration_text,
            "number": figure_text,
            "size": size_text,
            "line": lambda value: one_line(str(value)),
            "hint": lambda value: one_line(pasteable(str(value), anywhere=True)),
            "json": lambda value: escaped(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()),
        }
        self._templates.globals |= {
            "command": self.command,
            "links": links,
            "stage": target.stage,
            "health": self.health,
        }

    def command(self, *words: str) -> str:
        """Return the `twbot` command that does the same, with the options that name this bot."""
        return " ".join([this_twbot(anywhere=True), *(shlex.quote(each) for each in words)]) + self.target.option

    def health(self, max_age: float | None = PAGE_SECONDS) -> Health:
        """Return how the bot is, for the dot in the header. `max_age`: how many seconds old that may be."""
        return health(self.target, self.status, max_age)

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Render a template of templates/. A note of the action before is shown once."""
        note = one_line(request.query_params.get("note", ""))[:300]
        return HTMLResponse(self.render(template, path=request.url.path, note=note, **values), status)

    def render(self, template: str, **values: Any) -> str:
        """Return a template of templates/ with these values, escaped."""
        return self._templates.get_template(template).render(**values)

    def failure(self, request: Request, error: Exception) -> Response:
        """Render an error of ours: what failed, and what to type next."""
        assert isinstance(error, TwbotError)
        found = as_cli_error(error, self.target.option)
        return self.page(
            request,
            "error.html",
            STATUS.get(found.code, 500),
            title="That did not work",
            says=str(found),
            hint=found.hint,
        )

    def action(self, act: Callable[[Request, FormData], Done | Response]) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of a form. `act` does it in a thread; then the browser is sent to the page it names.

        A page that `act` returns is shown as it is: one that still has what was typed.
        """

        async def endpoint(request: Request) -> Response:
            async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FILE) as form:
                done = await run_sync(act, request, form)
            if isinstance(done, Response):
                return done
            query = f"?{_query(done.says)}" if done.says else ""
            return RedirectResponse(done.path + query, 303)

        return endpoint


def is_refresh(request: Request) -> bool:
    """Return whether a window that is open already asks for its live regions alone."""
    return request.headers.get("x-twbot-refresh") == "live"


def text_of(form: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return a text field of a form; `default` where it is missing, or a file."""
    value = form.get(name, default)
    return value if isinstance(value, str) else default


def _query(note: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"note": note})


def _time(when: str | float | datetime.datetime | None) -> Markup:
    """Return a time as an element: short, and whole where one points at it."""
    if when is None:
        return Markup("")
    whole, exact = format_time(when), format_time(when, utc=True).replace(" ", "T")
    today = format_time(datetime.datetime.now(datetime.UTC))[:10]
    short = whole[11:] if whole.startswith(today) else whole
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, whole, short)
