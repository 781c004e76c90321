"""`twbot send`: posts at the simulated X of the running bot, and shows the reply."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.operations.target import Target, start_hint
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.ui.console import as_json, out, say
from twbot.cli.ui.options import AsJson, Data, StageName
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.local.simulator.client import SimulatorClient

# Seconds between two looks at the trace of the post.
POLL_INTERVAL = 1.0
MAX_LOOKED_AT = 100  # analysed messages since the bot's start
# The outcomes of a trace after which no reply comes.
NO_REPLY = ("refused", "withheld", "analysis-failed")


def send(
    text: Annotated[str, typer.Argument(help="What to post. The bot is mentioned, unless you do.")],
    author: Annotated[str, typer.Option("--as", help="Who posts: made up on first use.")] = "alice",
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="A picture; up to four.", exists=True, dir_okay=False)
    ] = None,
    reply_to: Annotated[str | None, typer.Option("--reply-to", help="The id of the post to answer.")] = None,
    edit: Annotated[
        str | None, typer.Option("--edit", help="The id of the post to edit: the text becomes its next version.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, max=600, help="Seconds to wait for the reply.")] = 30,
    stage: StageName = LOCAL,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Post at the simulated X of the running bot, and show the reply when it comes.

    An edited post is answered once: where an earlier version was answered, that reply is shown.

    Example: twbot send "tell me a joke" --as bob
    """
    if stage != LOCAL:
        hint = "Deliver a signed sample to its webhook: twbot webhook sample URL"
        raise CliError("Only the bot of this machine has a simulated X.", hint=hint, code=Exit.USAGE)
    images = image or []
    if len(images) > 4:
        raise CliError("A post has at most four pictures.", code=Exit.USAGE)
    if edit and (images or reply_to):
        raise CliError("An edit changes the text alone: leave out --image and --reply-to.", code=Exit.USAGE)
    client, folder = _running(data)
    bot = client.bot()
    # Only posts that summon the bot are answered, and a mention does.
    mentioning = text if f"@{bot}".lower() in text.lower() else f"@{bot} {text}"
    post = client.edit(edit, mentioning) if edit else client.post(author, mentioning, images=images, reply_to=reply_to)
    if not json:
        say(f"@{post['author']} {'edited' if edit else 'posted'} {post['id']}: {post['text']}")
    reply = _reply(client, post, bot, timeout, Target(data=data), lambda: None if json else _say_why(folder, images))
    paths = _save(client, folder / "replies", reply)
    _show(post, reply, paths, json)


def _running(data: Path | None) -> tuple[SimulatorClient, Path]:
    from twbot.local.data_folder import data_folder, running_bot
    from twbot.local.simulator.client import SimulatorClient

    folder = data_folder(data)
    if not folder.is_dir():
        raise CliError(f"There is no bot in {folder}.", hint=start_hint(data), code=Exit.NOT_FOUND)
    run = running_bot(folder)
    if run is None:
        raise CliError(f"No bot runs on {folder}.", hint=start_hint(data), code=Exit.NOT_CONFIGURED)
    if run.simulator is None:
        raise CliError(
            "The bot talks to X itself, not to a simulated one.", hint=start_hint(data), code=Exit.NOT_CONFIGURED
        )
    return SimulatorClient(run.simulator.url, run.simulator.control_token), folder


def _say_why(folder: Path, images: list[Path]) -> None:
    """Say what a reply waits for, where the bot has analysed nothing of the kind since its start."""
    from twbot.local.bus.history import History
    from twbot.local.data_folder import DataFolder, running_bot

    run = running_bot(folder)
    if run is None:
        return
    started = datetime.datetime.fromtimestamp(run.started, datetime.UTC)
    with History(DataFolder(folder).bus) as history:
        analysed = history.events(detail_type="MESSAGE_ANALYSED", since=started, newest_first=True, limit=MAX_LOOKED_AT)
        pictures = [bool(event.detail["Analysis"]["Images"]) for event in analysed]
    if not (any(pictures) if images else pictures):
        say("The models load, which takes some seconds: for the first message and the first picture only …")


def _reply(
    client: SimulatorClient,
    post: dict[str, Any],
    bot: str,
    timeout: float,
    target: Target,
    say_why: Callable[[], None],
) -> dict[str, Any]:
    """Wait for the reply, to any version of the post; `say_why` is called once where it is not there at once.

    Raises CliError if none will come, or none comes in time.
    """
    import time

    post_id, earlier = post["id"], [version for version in post["edit_history"] if version != post["id"]]
    deadline, hint = time.monotonic() + timeout, f"See what became of it: twbot trace {post_id}{target.option}"
    while True:
        left = deadline - time.monotonic()
        if found := client.replies(post_id, timeout=min(max(left, 0), POLL_INTERVAL), author=bot):
            return found[0]
        if before := [reply for version in earlier for reply in client.replies(version, author=bot)]:
            return before[0]
        say_why()
        say_why = _say_nothing
        trace = traces_of(target).of(post_id)
        if trace is not None and trace.outcome in NO_REPLY:
            raise CliError(f"@{bot} does not reply to {post_id}: {trace.why}", hint=hint)
        if left <= 0:
            message = f"@{bot} has not replied to {post_id} within {timeout:g} seconds."
            raise CliError(message, hint=hint, code=Exit.TIMED_OUT)


def _say_nothing() -> None:
    """It was said."""


def _save(client: SimulatorClient, folder: Path, reply: dict[str, Any]) -> list[str]:
    paths = []
    for number, media in enumerate(reply["media"], start=1):
        path = folder / f"{reply['id']}-{number}{Path(media['url']).suffix}"
        content = client.media(media["url"])
        with writing(path):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
        paths.append(str(path))
    return paths


def _show(post: dict[str, Any], reply: dict[str, Any], images: list[str], json: bool) -> None:
    # The reply to an earlier version is older than this one.
    seconds = round(max(0, reply["created_ms"] - post["created_ms"]) / 1000, 3)
    if json:
        alt_texts = [media["alt_text"] for media in reply["media"]]
        answer = {"id": reply["id"], "text": reply["text"], "images": images, "alt_texts": alt_texts}
        as_json({"id": post["id"], "author": post["author"], "text": post["text"], "reply": answer, "seconds": seconds})
        return
    out.print(Text.assemble((f"@{reply['author']}", "bold"), f" {reply['text']}", (f"  ({seconds:g} s)", "dim")))
    for path, media in zip(images, reply["media"], strict=True):
        out.print(Text(f"  {path}" + (f"  {media['alt_text']}" if media["alt_text"] else "")))
