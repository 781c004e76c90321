"""The timeline: what people wrote, what was made of it, what was answered; and a form to post at the simulated X."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.live import Line, line_of
from twbot.cli.console.pages import Console, Done, is_refresh, text_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.traces.port import traces_of

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
            simulated=simulated(console),
            lines=[] if is_refresh(request) else newest_lines(console),
        )

    def send(_: Request, form: FormData) -> Done:
        client, bot = simulator(console)
        text, author = text_of(form, "text").strip(), text_of(form, "author").strip().removeprefix("@")
        if not text:
            raise CliError("There is nothing to post.", code=Exit.USAGE)
        mentioning = text if f"@{bot}".lower() in text.lower() else f"@{bot} {text}"
        with tempfile.TemporaryDirectory() as folder:
            post = client.post(author or "alice", mentioning, images=_pictures(form, Path(folder)))
        return Done("/", f"@{post['author']} posted {post['id']}")

    return [Route("/", timeline), Route("/send", console.action(send), methods=["POST"])]


def newest_lines(console: Console) -> list[Line]:
    """Return the lines of the bus beside the timeline."""
    return [line_of(each) for each in live_events_of(console.target).recent(LINES)]


def simulator(console: Console) -> tuple[Any, str]:
    """Return the client of the simulated X, and the bot's name there. Raises CliError where there is none."""
    from twbot.local.data_folder import running_bot
    from twbot.local.simulator.client import SimulatorClient

    if console.target.is_local and (run := running_bot(console.target.folder())) and run.simulator:
        client = SimulatorClient(run.simulator.url, run.simulator.control_token)
        return client, client.bot()
    raise CliError("The bot does not run beside a simulated X.", hint="Start it: twbot up", code=Exit.NOT_CONFIGURED)


def simulated(console: Console) -> bool:
    """Return whether the bot runs beside a simulated X, where anybody may post as anybody."""
    from twbot.local.data_folder import running_bot

    if not console.target.is_local:
        return False
    run = running_bot(console.target.folder())
    return run is not None and run.simulator is not None


def _pictures(form: FormData, folder: Path) -> list[Path]:
    """Write the pictures of a form to files, as `twbot send` takes them."""
    found = [each for each in form.getlist("image") if isinstance(each, UploadFile) and each.size]
    if len(found) > MAX_PICTURES:
        raise CliError(f"A post has at most {MAX_PICTURES} pictures.", code=Exit.USAGE)
    paths = []
    for number, each in enumerate(found):
        path = folder / f"{number}{Path(each.filename or '').suffix[:8]}"
        path.write_bytes(each.file.read())
        paths.append(path)
    return paths
