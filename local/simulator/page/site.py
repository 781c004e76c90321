"""The routes of the page."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from twbot.local.simulator import problems
from twbot.local.simulator.page import forms
from twbot.local.simulator.page.address import PATH, guarded
from twbot.local.simulator.page.rendering import HERE
from twbot.local.simulator.page.views import Views
from twbot.local.simulator.world import World

STATIC = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
MAX_STREAMS = 16
LOOK_SECONDS = 0.25
BEAT_SECONDS = 15.0
Form = Callable[[World, forms.Sent, Request], Awaitable[str]]


def routes(world: World, calls: list[str]) -> list[BaseRoute]:
    """Return the routes of the page. `calls`: the names of the API's endpoints."""
    views = Views(world, calls)
    pages = [
        Route("/", views.timeline),
        Route("/posts/{id}", views.post),
        Route("/accounts", views.accounts),
        Route("/accounts/{username}", views.account),
        Route("/deliveries", views.deliveries),
        Route("/deliveries/{id:int}", views.delivery),
        Route("/webhooks", views.webhooks),
        Route("/limits", views.limits),
        Route("/faults", views.faults),
        Route("/live", _live(world)),
        Route("/static/{name}", _static),
    ]
    sent: list[tuple[str, Form, Callable[..., Response]]] = [
        ("/posts", forms.new_post, views.timeline),
        ("/posts/{id}/edit", forms.edit, views.post),
        ("/posts/{id}/act", forms.act_on_post, views.post),
        ("/posts/{id}/resend", forms.resend_post, views.post),
        ("/accounts", forms.describe, views.accounts),
        ("/accounts/{username}/act", forms.act_on_account, views.account),
        ("/deliveries/{id:int}/resend", forms.resend, views.delivery),
        ("/webhooks/{id}/challenge", forms.challenge, views.webhooks),
        ("/webhooks/{id}/remove", forms.remove_webhook, views.webhooks),
        ("/limits", forms.change_limits, views.limits),
        ("/faults", forms.switch_on, views.faults),
        ("/faults/off", forms.all_off, views.faults),
        ("/faults/{id:int}/off", forms.switch_off, views.faults),
    ]
    pages += [Route(path, _sending(world, form, view), methods=["POST"]) for path, form, view in sent]

    async def failed(_: Request, error: Exception) -> Response:
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
        return views.problem("Not found" if status == 404 else "Not possible", detail, status)

    app = Starlette(routes=pages, exception_handlers={HTTPException: failed})
    return [
        Route("/", _to_page, methods=["GET"]),
        Mount(PATH, guarded(app, world.base_url, world.page_token)),
    ]


def _sending(world: World, form: Form, view: Callable[..., Response]) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a form. What is refused is shown with the reason, on the page that has the form."""
    shows = set(inspect.signature(view).parameters)

    async def endpoint(request: Request) -> Response:
        given: dict[str, str] = {}
        try:
            async with forms.read(request) as sent:
                given = sent.given()
                return RedirectResponse(await form(world, sent, request), 303)
        except problems.Problem as problem:
            told: dict[str, Any] = {"error": _words(problem), "given": given}
            return await run_in_threadpool(view, request, **{name: told[name] for name in told if name in shows})

    return endpoint


def _words(problem: problems.Problem) -> str:
    return str(problem.body.get("detail") or "The simulated X refused.")


def _live(world: World) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of the stream that says when something has changed, by a new revision."""
    open_streams = 0

    async def revisions() -> AsyncIterator[str]:
        nonlocal open_streams
        open_streams += 1
        try:
            said, silent = "", 0.0
            while not world.ending:
                revision = world.revision()
                if revision != said:
                    yield f"data: {revision}\n\n"
                elif silent > BEAT_SECONDS:
                    yield ": still here\n\n"
                silent = 0.0 if revision != said or silent > BEAT_SECONDS else silent + LOOK_SECONDS
                said = revision
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            open_streams -= 1

    async def endpoint(_: Request) -> Response:
        if open_streams >= MAX_STREAMS:
            return PlainTextResponse("Too many windows are open.\n", 503)
        return StreamingResponse(revisions(), media_type="text/event-stream")

    return endpoint


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404, "There is no such file.")
    return FileResponse(HERE / "static" / name, media_type=STATIC[name])


async def _to_page(_: Request) -> Response:
    return RedirectResponse(f"{PATH}/")
