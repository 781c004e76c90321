"""The pictures of posts and replies, from the bot's media store."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console
from twbot.cli.operations.media import media_of
from twbot.lambdas.errors import TwbotError

# What a picture begins with. Anything else is not shown: its key comes from an event, its bytes from X.
# https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


def routes(console: Console) -> list[Route]:
    def picture(request: Request) -> Response:
        try:
            data = media_of(console.target).get(request.path_params["key"])
        except (KeyError, TwbotError):
            return Response(status_code=404)
        kind = kind_of(data)
        # A picture never changes, and its key is known to the owner only.
        return (
            Response(data, 200, {"Cache-Control": "private, max-age=3600"}, kind) if kind else Response(status_code=404)
        )

    return [Route("/media/{key:path}", picture)]


def kind_of(data: bytes) -> str | None:
    """Return the media type of a picture; None for what browsers should not show as one."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
