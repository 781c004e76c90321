"""The console's app: its pages, in the order of the navigation, behind the guard."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from twbot.cli.console import (
    alerts,
    bus,
    chat,
    failures,
    live,
    media,
    metrics,
    people,
    post,
    queries,
    replays,
    replies,
    rules,
    status,
    timeline,
)
from twbot.cli.console.pages import FOLDER, Console, Link
from twbot.cli.errors import CliError, Exit, Unexpected
from twbot.cli.operations.target import Target
from twbot.lambdas.errors import TwbotError
from twbot.local.server.guard import Guard

LINKS = (
    Link("/", "Timeline"),
    Link("/bus", "Bus"),
    Link("/rules", "Rules"),
    Link("/failures", "Failures"),
    Link("/alerts", "Alerts"),
    Link("/queries", "Queries"),
    Link("/metrics", "Metrics"),
    Link("/people", "People"),
    Link("/chat", "Chatbot"),
    Link("/replays", "Replays"),
)
PAGES = (
    *(timeline, post, bus, rules, failures, alerts, queries, metrics, people, chat, replays),
    *(status, replies, media, live),
)


def console_app(target: Target, *, port: int, token: str) -> ASGIApp:
    """Return the ASGI app of the console about a bot. `port`, `token`: as in Guard."""
    console = Console(target, LINKS)

    def failed(request: Request, error: Exception) -> Response:
        return console.failure(request, error)

    def missing(request: Request, _: Exception) -> Response:
        return console.failure(request, CliError("There is no such page.", code=Exit.NOT_FOUND))

    def broken(request: Request, error: Exception) -> Response:
        return console.failure(request, Unexpected(error))

    app = Starlette(
        routes=[
            *(route for page in PAGES for route in page.routes(console)),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        exception_handlers={TwbotError: failed, 404: missing, Exception: broken},
    )
    return Guard(
        app,
        hosts={f"127.0.0.1:{port}", f"localhost:{port}"},
        token=token,
        cookie=f"twbot-console-{port}",
        opened_by="twbot open --print",
    )
