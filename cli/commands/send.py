"""twbot send: post at the simulated X of a running bot, and see the reply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from cli.errors import CliError, Exit
from cli.options import AsJson, Data
from cli.render import as_json, out, say

if TYPE_CHECKING:
    from local.simulator.client import SimulatorClient

START = "Start it with: twbot up"


def send(
    text: Annotated[str, typer.Argument(help="What to post. The bot is mentioned, unless you do.")],
    author: Annotated[str, typer.Option("--as", help="Who posts: made up on first use.")] = "alice",
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="A picture; up to four.", exists=True, dir_okay=False)
    ] = None,
    reply_to: Annotated[str | None, typer.Option("--reply-to", help="The id of the post to answer.")] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, max=600, help="Seconds to wait for the reply.")] = 30,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Post at the simulated X of the running bot, and show the reply when it comes.

    Example: twbot send "tell me a joke" --as bob
    """
    client, folder = _running(data)
    if len(image or []) > 4:
        raise CliError("A post has at most four pictures.", code=Exit.USAGE)
    bot = client.bot()
    named = text if f"@{bot}".lower() in text.lower() else f"@{bot} {text}"
    post = client.post(author, named, images=image or [], reply_to=reply_to)
    if not json:
        say(f"@{author} posted {post['id']}: {post['text']}")
    reply = _reply(client, post["id"], bot, timeout)
    images = _save(client, folder / "replies", reply)
    _show(post, reply, images, json)


def _running(data: Path | None) -> tuple[SimulatorClient, Path]:
    from local.home import data_folder, running
    from local.simulator.client import SimulatorClient

    folder = data_folder(data)
    if not folder.is_dir():
        raise CliError(f"There is no bot in {folder}.", hint=START, code=Exit.NOT_FOUND)
    run = running(folder)
    if run is None:
        raise CliError(f"No bot runs on {folder}.", hint=START, code=Exit.NOT_CONFIGURED)
    if run.simulator is None:
        raise CliError("The bot talks to X itself, not to a simulated one.", hint=START, code=Exit.NOT_CONFIGURED)
    return SimulatorClient(run.simulator.url, run.simulator.control_token), folder


def _reply(client: SimulatorClient, post_id: str, bot: str, timeout: float) -> dict[str, Any]:
    import time

    until = time.monotonic() + timeout
    while True:
        left = until - time.monotonic()
        if found := client.replies(post_id, timeout=min(max(left, 0), 20), author=bot):
            return found[0]
        if left <= 0:
            message = f"@{bot} has not replied to {post_id} within {timeout:g} seconds."
            raise CliError(message, hint=f"See what became of it: twbot trace {post_id}", code=Exit.TIMED_OUT)


def _save(client: SimulatorClient, folder: Path, reply: dict[str, Any]) -> list[str]:
    paths = []
    for number, media in enumerate(reply["media"], start=1):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{reply['id']}-{number}{Path(media['url']).suffix}"
        path.write_bytes(client.media(media["url"]))
        paths.append(str(path))
    return paths


def _show(post: dict[str, Any], reply: dict[str, Any], images: list[str], json: bool) -> None:
    seconds = round((reply["created_ms"] - post["created_ms"]) / 1000, 3)
    if json:
        alt_texts = [media["alt_text"] for media in reply["media"]]
        answer = {"id": reply["id"], "text": reply["text"], "images": images, "alt_texts": alt_texts}
        as_json({"id": post["id"], "author": post["author"], "text": post["text"], "reply": answer, "seconds": seconds})
        return
    out.print(Text.assemble((f"@{reply['author']}", "bold"), f" {reply['text']}", (f"  ({seconds:g} s)", "dim")))
    for path, media in zip(images, reply["media"], strict=True):
        out.print(Text(f"  {path}" + (f"  {media['alt_text']}" if media["alt_text"] else "")), soft_wrap=True)
