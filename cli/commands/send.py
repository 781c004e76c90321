"""`twbot send`: posts at the simulated X of the running bot, and shows the reply."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.operations.target import Target
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.ui.completion import complete_authors, complete_posts
from twbot.cli.ui.console import as_json, as_json_line, err, out, say
from twbot.cli.ui.options import AsJson, Data, StageName
from twbot.cli.ui.pictures import complete_pictures
from twbot.cli.x.post_lines import NewPost, checked_images, read_posts
from twbot.cli.x.simulated import mentioning, simulated_x_of_bot
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.local.simulator.client import SimulatorClient

# Seconds between two looks at the trace of the post.
POLL_INTERVAL = 1.0
MAX_LOOKED_AT = 100  # analysed messages since the bot's start
# The outcomes of a trace after which no reply comes.
NO_REPLY = ("refused", "withheld", "analysis-failed")


def send(
    text: Annotated[
        str | None, typer.Argument(help="What to post. The bot is mentioned, unless you do.", show_default=False)
    ] = None,
    author: Annotated[
        str, typer.Option("--as", help="Who posts: made up on first use.", autocompletion=complete_authors)
    ] = "alice",
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image",
            metavar="FILE",
            help="A picture, up to four: a file, or one that comes with twbot, such as sample:coffee.",
            autocompletion=complete_pictures,
        ),
    ] = None,
    followers: Annotated[
        int | None, typer.Option("--followers", min=0, help="Followers that the author has from now on.")
    ] = None,
    reply_to: Annotated[
        str | None, typer.Option("--reply-to", help="The id of the post to answer.", autocompletion=complete_posts)
    ] = None,
    edit: Annotated[
        str | None,
        typer.Option(
            "--edit",
            help="The id of the post to edit: the text becomes its next version.",
            autocompletion=complete_posts,
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            help="Post what a file has, a line of JSON each: text, as, image, followers, verified, language, reply_to; "
            "- for stdin.",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, max=600, help="Seconds to wait for the reply.")] = 30,
    stage: StageName = LOCAL,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Post at the simulated X of the running bot, and show the reply when it comes.

    An edited post is answered once: where an earlier version was answered, that reply is shown. A file is checked as a
    whole before its first post is sent; --timeout is then for each reply, and 0 waits for none.

    Example: twbot send "tell me a joke" --as bob

    Example: twbot send "what is this?" --image sample:coffee

    Example: twbot send --file posts.jsonl
    """
    if stage != LOCAL:
        hint = "Deliver a signed sample to its webhook: twbot webhook sample URL"
        raise CliError("Only the bot of this machine has a simulated X.", hint=hint, code=Exit.USAGE)
    if (text is None) is (file is None):
        raise CliError("Give a text or --file.", hint='For example: twbot send "tell me a joke"', code=Exit.USAGE)
    if file is not None:
        if edit or image or reply_to or followers is not None:
            raise CliError("The lines of --file say all that but --as.", code=Exit.USAGE)
        _send_all(read_posts(file, author), timeout, data, json)
        return
    if edit and (image or reply_to or followers is not None):
        message = "An edit changes the text alone: leave out --image, --reply-to and --followers."
        raise CliError(message, code=Exit.USAGE)
    post = NewPost(
        text=text or "", author=author, images=checked_images(image or []), reply_to=reply_to, followers=followers
    )
    _send_one(post, edit, timeout, data, json)


def _send_one(wanted: NewPost, edit: str | None, timeout: float, data: Path | None, json: bool) -> None:
    client, folder = simulated_x_of_bot(data)
    bot = client.bot()
    post = client.edit(edit, mentioning(wanted.text, bot)) if edit else _post(client, wanted, bot)
    if not json:
        say(f"@{post['author']} {'edited' if edit else 'posted'} {post['id']}: {post['text']}")
    reply = _reply(client, post, bot, timeout, Target(data=data), partial(_say_why, folder, bool(wanted.images), json))
    paths = _save(client, folder / "replies", reply)
    _show(post, reply, paths, json)


def _send_all(wanted: list[NewPost], timeout: float, data: Path | None, json: bool) -> None:
    """Send all posts, then show the reply to each. Raises CliError where some have none, after all are shown."""
    client, folder = simulated_x_of_bot(data)
    bot, posts = client.bot(), []
    with err.status("posting") as status:
        for number, each in enumerate(wanted, 1):
            try:
                posts.append(_post(client, each, bot))
            except TwbotError as error:
                sent = f"{number - 1} of {len(wanted)} posts were sent. The next one: {error}"
                raise CliError(sent, hint=error.hint) from None
            status.update(f"posted {number:,} of {len(wanted):,}")
    missing = []
    for post in posts:
        try:
            reply = _reply(client, post, bot, timeout, Target(data=data)) if timeout else None
            problem = None
        except CliError as error:
            missing.append(error)
            reply, problem = None, str(error)
        if not json:
            out.print(Text.assemble((f"@{post['author']}", "bold"), f" {post['text']}"))
        if reply is not None:
            _show(post, reply, _save(client, folder / "replies", reply), json, as_line=True)
        elif json:
            as_json_line({**_about(post), "reply": None, "problem": problem})
        elif problem:
            out.print(Text(f"  {problem}", "yellow"))
    if missing:
        code = Exit.TIMED_OUT if any(each.code is Exit.TIMED_OUT for each in missing) else Exit.FAILED
        raise CliError(f"{len(missing)} of {len(posts)} posts have no reply.", hint=missing[0].hint, code=code)


def _post(client: SimulatorClient, wanted: NewPost, bot: str) -> dict[str, Any]:
    return client.post(
        wanted.author,
        mentioning(wanted.text, bot),
        images=wanted.images,
        reply_to=wanted.reply_to,
        followers=wanted.followers,
        verified=wanted.verified,
        language=wanted.language,
    )


def _say_nothing() -> None:
    """Nothing is to be said, or it was."""


def _say_why(folder: Path, with_picture: bool, json: bool) -> None:
    """Say what a reply waits for, where the bot has analysed nothing of the kind since its start."""
    from twbot.local.bus.history import History
    from twbot.local.data_folder import DataFolder, running_bot

    run = running_bot(folder)
    if run is None or json:
        return
    started = datetime.datetime.fromtimestamp(run.started, datetime.UTC)
    with History(DataFolder(folder).bus) as history:
        analysed = history.events(detail_type="MESSAGE_ANALYSED", since=started, newest_first=True, limit=MAX_LOOKED_AT)
        pictures = [bool(event.detail["Analysis"]["Images"]) for event in analysed]
    if not (any(pictures) if with_picture else pictures):
        say("The models load, which takes some seconds: for the first message and the first picture only …")


def _reply(
    client: SimulatorClient,
    post: dict[str, Any],
    bot: str,
    timeout: float,
    target: Target,
    say_why: Callable[[], None] = _say_nothing,
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


def _about(post: dict[str, Any]) -> dict[str, Any]:
    return {"id": post["id"], "author": post["author"], "text": post["text"]}


def _show(post: dict[str, Any], reply: dict[str, Any], images: list[str], json: bool, *, as_line: bool = False) -> None:
    # The reply to an earlier version is older than this one.
    seconds = round(max(0, reply["created_ms"] - post["created_ms"]) / 1000, 3)
    if json:
        alt_texts = [media["alt_text"] for media in reply["media"]]
        answer = {"id": reply["id"], "text": reply["text"], "images": images, "alt_texts": alt_texts}
        show = as_json_line if as_line else as_json
        show({**_about(post), "reply": answer, "seconds": seconds})
        return
    out.print(Text.assemble((f"@{reply['author']}", "bold"), f" {reply['text']}", (f"  ({seconds:g} s)", "dim")))
    for path, media in zip(images, reply["media"], strict=True):
        out.print(Text(f"  {path}" + (f"  {media['alt_text']}" if media["alt_text"] else "")))
