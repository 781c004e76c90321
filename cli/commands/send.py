"""`twbot send`: posts at the simulated X of the running bot, and shows the reply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.operations.target import Target
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.ui.console import as_json, out, say
from twbot.cli.ui.options import AsJson, Data, StageName
from twbot.cli.x.simulated import running_simulated_x
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.local.simulator.client import SimulatorClient

# Seconds between two looks at the trace of the post.
POLL_INTERVAL = 1.0
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
    client, folder = running_simulated_x(data)
    bot = client.bot()
    # Only posts that summon the bot are answered, and a mention does.
    mentioning = text if f"@{bot}".lower() in text.lower() else f"@{bot} {text}"
    post = client.edit(edit, mentioning) if edit else client.post(author, mentioning, images=images, reply_to=reply_to)
    if not json:
        say(f"@{post['author']} {'edited' if edit else 'posted'} {post['id']}: {post['text']}")
    reply = _reply(client, post, bot, timeout, Target(data=data))
    paths = _save(client, folder / "replies", reply)
    _show(post, reply, paths, json)


def _reply(client: SimulatorClient, post: dict[str, Any], bot: str, timeout: float, target: Target) -> dict[str, Any]:
    """Wait for the reply, to any version of the post. Raises CliError if none will come, or none comes in time."""
    import time

    post_id, earlier = post["id"], [version for version in post["edit_history"] if version != post["id"]]
    deadline, hint = time.monotonic() + timeout, f"See what became of it: twbot trace {post_id}{target.option}"
    while True:
        left = deadline - time.monotonic()
        if found := client.replies(post_id, timeout=min(max(left, 0), POLL_INTERVAL), author=bot):
            return found[0]
        if before := [reply for version in earlier for reply in client.replies(version, author=bot)]:
            return before[0]
        trace = traces_of(target).of(post_id)
        if trace is not None and trace.outcome in NO_REPLY:
            raise CliError(f"@{bot} does not reply to {post_id}: {trace.why}", hint=hint)
        if left <= 0:
            message = f"@{bot} has not replied to {post_id} within {timeout:g} seconds."
            raise CliError(message, hint=hint, code=Exit.TIMED_OUT)


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
        out.print(Text(f"  {path}" + (f"  {media['alt_text']}" if media["alt_text"] else "")), soft_wrap=True)
