"""The timeline: what people wrote, what was made of it, what was answered; and a form to post at the simulated X."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.live import Line, line_of
from twbot.cli.console.pages import Console, Done, is_refresh, text_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.x.simulated import mentioning

if TYPE_CHECKING:
    from twbot.local.data_folder import SimulatorInfo
    from twbot.local.simulator.client import SimulatorClient

PAGE = 30
LINES = 40
MAX_PICTURES = 4  # of a post, as at X


def routes(console: Console) -> list[Route]:
    def timeline(request: Request) -> Response:
        before, matching = request.query_params.get("before"), request.query_params.get("q", "")[:200]
        found = traces_of(console.target).newest(PAGE, before=before or None, matching=matching)
        return console.page(
            request,
            "timeline.html",
            title="Timeline",
            page=found,
            q=matching,
            before=before,
            simulated=simulated(console) is not None,
            lines=[] if is_refresh(request) else newest_lines(console),
        )

    def send(_: Request, form: FormData) -> Done:
        client = _simulated_x(console)
        text, author = text_of(form, "text").strip(), text_of(form, "author").strip().removeprefix("@")
        if not text:
            raise CliError("There is nothing to post.", code=Exit.USAGE)
        post = client.post(author or "alice", mentioning(text, client.bot()), images=_pictures(form))
        return Done("/", f"@{post['author']} posted {post['id']}")

    return [Route("/", timeline), Route("/send", console.action(send), methods=["POST"])]


def newest_lines(console: Console) -> list[Line]:
    """Return the lines of the bus beside the timeline."""
    return [line_of(each) for each in live_events_of(console.target).recent(LINES)]


def simulated(console: Console) -> SimulatorInfo | None:
    """Return the simulated X beside the bot, where anybody may post as anybody; None where there is none."""
    from twbot.local.data_folder import running_bot

    run = running_bot(console.target.folder()) if console.target.is_local else None
    return run.simulator if run is not None else None


def _simulated_x(console: Console) -> SimulatorClient:
    from twbot.local.simulator.client import SimulatorClient

    if (found := simulated(console)) is None:
        raise CliError(
            "The bot does not run beside a simulated X.", hint="Start it: twbot up", code=Exit.NOT_CONFIGURED
        )
    return SimulatorClient(found.url, found.control_token)


def _pictures(form: FormData) -> list[bytes]:
    found = [each for each in form.getlist("image") if isinstance(each, UploadFile) and each.size]
    if len(found) > MAX_PICTURES:
        raise CliError(f"A post has at most {MAX_PICTURES} pictures.", code=Exit.USAGE)
    return [each.file.read() for each in found]
