"""The simulated X as an ASGI application."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from twbot.local.simulator import api_media, api_posts, api_v1, api_webhooks, control
from twbot.local.simulator.calls import route
from twbot.local.simulator.page import site
from twbot.local.simulator.world import World

# People may post any bytes as a picture: no browser shall run them.
NO_GUESSING = {"X-Content-Type-Options": "nosniff"}
NOBODY = "default_profile.png"
CALLS = (*api_posts.CALLS, *api_media.CALLS, *api_webhooks.CALLS, *api_v1.CALLS)


def create_app(folder: Path, *, base_url: str = "http://testserver", **options: Any) -> Starlette:
    """Return the application over the data in `folder`. `options`: World's. `app.state.world` is its World."""
    world = World(folder, base_url=base_url, **options)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        world.deliveries.start()
        yield
        world.close()

    calls = sorted(CALLS, key=lambda call: call.path.count("{"))  # /2/users/me before /2/users/{id}
    names = [call.name for call in calls]
    routes: list[BaseRoute] = [*(route(world, call) for call in calls), *control.routes(world), *_others(world)]
    routes += site.routes(world, names)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _nowhere})
    app.state.world = world
    return app


def _others(world: World) -> list[Route]:
    async def token(request: Request) -> Response:
        if not world.gate.is_app(request.headers.get("authorization", "")):
            error = {"code": 99, "message": "Unable to verify your credentials", "label": "authenticity_token_error"}
            return JSONResponse({"errors": [error]}, 403)
        async with request.form() as form:
            if form.get("grant_type") != "client_credentials":
                error = {"code": 170, "message": "Missing required parameter: grant_type"}
                return JSONResponse({"errors": [error]}, 403)
        return JSONResponse({"token_type": "bearer", "access_token": world.keys.bearer_token})

    async def picture(request: Request) -> Response:
        if request.path_params["name"] == NOBODY:
            return Response(_grey_square(), media_type="image/png")
        key = request.path_params["name"].partition(".")[0]
        media = world.pictures.get(key) if key.startswith("3_") else None
        if media is None or media["state"] != "succeeded":
            return Response(status_code=404)
        return Response(world.pictures.data(media["id"]), headers=NO_GUESSING, media_type=media["content_type"])

    async def alive(_: Request) -> Response:
        return JSONResponse({"ok": True})

    return [
        Route("/oauth2/token", token, methods=["POST"]),
        Route("/2/oauth2/token", token, methods=["POST"]),
        Route("/media/{name}", picture, methods=["GET"]),
        Route("/healthz", alive, methods=["GET"]),
    ]


@functools.cache
def _grey_square() -> bytes:
    """Return the profile picture of users without one."""
    buffer = io.BytesIO()
    Image.new("RGB", (48, 48), "lightgrey").save(buffer, "PNG")
    return buffer.getvalue()


async def _nowhere(_: Request, __: Exception) -> Response:
    return JSONResponse({"errors": [{"code": 34, "message": "Sorry, that page does not exist."}]}, 404)
