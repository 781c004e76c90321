"""`twbot send`: posts at the simulated X of a running bot, or delivers a signed sample to any webhook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target, start_hint
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.ui.console import as_json, out, say
from twbot.cli.ui.options import AsJson, Data, DryRun, Profile, Region, StageName
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.local.simulator.client import SimulatorClient
    from twbot.local.simulator.samples import Sample

# Seconds between two looks at the trace of the post.
POLL_INTERVAL = 1.0
# The outcomes of a trace after which no reply comes.
NO_REPLY = ("refused", "withheld", "analysis-failed")


def _kinds(incomplete: str) -> list[tuple[str, str]]:
    from twbot.local.simulator.samples import KINDS

    return [(name, kind.about) for name, kind in KINDS.items() if name.startswith(incomplete)]


def _generations(incomplete: str) -> list[str]:
    from twbot.local.simulator.samples import GENERATIONS

    return [name for name in GENERATIONS if name.startswith(incomplete)]


Generation = Annotated[
    str | None,
    typer.Option(
        "--generation",
        help="xaa (X Activity; the default), v2 or v1.1 (Account Activity).",
        autocompletion=_generations,
    ),
]


def send(
    text: Annotated[str | None, typer.Argument(help="What to post. The bot is mentioned, unless you do.")] = None,
    author: Annotated[str, typer.Option("--as", help="Who posts: made up on first use.")] = "alice",
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="A picture; up to four.", exists=True, dir_okay=False)
    ] = None,
    reply_to: Annotated[str | None, typer.Option("--reply-to", help="The id of the post to answer.")] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, max=600, help="Seconds to wait for the reply.")] = 30,
    to: Annotated[
        str | None, typer.Option("--to", help="Deliver a signed sample to this webhook instead.", metavar="URL")
    ] = None,
    generation: Generation = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="What the sample tells of (mention).", autocompletion=_kinds)
    ] = None,
    bot: Annotated[str | None, typer.Option("--bot", help="The bot's name in the sample (twbot).")] = None,
    secret_from: Annotated[
        str | None,
        typer.Option("--secret-from", help="The API secret's file, env:NAME, or - for stdin; else the stage's."),
    ] = None,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Send over http:// to another machine.")] = False,
    dry_run: DryRun = False,
    stage: StageName = LOCAL,
    profile: Profile = None,
    region: Region = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Post at the simulated X of the running bot, and show the reply when it comes.

    With --to: deliver a sample to any webhook, signed as X signs, and explain what it answers. Kinds: mention, image,
    reply, quote, repost, post, delete, like, follow, unfollow, block, unblock, mute, unmute, dm, typing, read, revoke.

    Example: twbot send "tell me a joke" --as bob

    Example: twbot send --to https://bot.example.com/twitter --generation v2 --kind dm --dry-run
    """
    sampled: dict[str, object] = {
        "--generation": generation,
        "--kind": kind,
        "--bot": bot,
        "--secret-from": secret_from,
    }
    sampled |= {"--dry-run": dry_run or None, "--allow-http": allow_http or None}
    if to is None:
        if sample_options := [name for name, value in sampled.items() if value is not None]:
            raise CliError(f"{sample_options[0]} is about a sample: name the webhook with --to.", code=Exit.USAGE)
        if stage != LOCAL:
            raise CliError("Only the bot of this machine has a simulated X.", hint="Use --to", code=Exit.USAGE)
        if text is None:
            raise CliError("What shall be posted?", hint='For example: twbot send "tell me a joke"', code=Exit.USAGE)
        _post(text, author, image or [], reply_to, timeout, data, json)
        return
    if reply_to is not None:
        raise CliError("A sample answers a post of its own: --kind reply.", code=Exit.USAGE)
    target = Target(stage, profile, region, data)
    _sample(
        to,
        _SampleOptions(text, author, image or [], generation or "xaa", kind, bot),
        secret_from,
        target,
        allow_http,
        dry_run,
        json,
    )


class _SampleOptions(NamedTuple):
    """The options that describe the sample."""

    text: str | None
    author: str
    images: list[Path]
    generation: str
    """X's API whose payload it is: xaa, v2 or v1.1."""
    kind: str | None
    bot: str | None
    """The bot's name in the sample."""


def _sample(
    to: str,
    options: _SampleOptions,
    secret_from: str | None,
    target: Target,
    allow_http: bool,
    dry_run: bool,
    json: bool,
) -> None:
    from twbot.cli.x.sample_delivery import check, deliver
    from twbot.local.simulator.deliveries import sign

    check(to, plain=allow_http)
    secret, bot_id = _secret(secret_from, target)
    made = _build_sample(options, bot_id)
    signature = sign(secret, made.body)
    about = {"url": to, "generation": options.generation, "event": made.event, "bytes": len(made.body)}
    if dry_run:
        # The body as it was signed: encoding it again could change its bytes.
        as_json({**about, "signature": signature, "body": msgspec.Raw(made.body)})
        return
    answer = deliver(to, made.body, signature)
    if json:
        response = {"status": answer.status, "milliseconds": answer.milliseconds, "line": answer.line}
        as_json({**about, "signature": signature, **response, "problem": answer.problem, "hint": answer.hint})
    else:
        status = answer.status if answer.status is not None else "no answer"
        out.print(Text(f"{made.event} → {to}: {status} in {answer.milliseconds:g} ms"), soft_wrap=True)
        if answer.line:
            out.print(Text(f"  {answer.line}"), soft_wrap=True)
    if answer.problem is not None:
        code = Exit.TIMED_OUT if answer.late else Exit.CHECK_FAILED
        raise CliError(answer.problem, hint=answer.hint, code=code)


def _secret(source: str | None, target: Target) -> tuple[str, str | None]:
    """Return the API secret to sign with, and the bot's id on X if it is known."""
    from twbot.cli.operations.errors import translate_errors
    from twbot.cli.x.sample_delivery import secret_from

    if source is not None:
        return secret_from(source)
    with translate_errors():
        keys = target.open().secrets().keys()
    return keys.api_secret, keys.user_id


def _build_sample(options: _SampleOptions, bot_id: str | None) -> Sample:
    """Build the sample. Raises CliError for options that do not fit together."""
    from twbot.local.simulator.problems import Problem
    from twbot.local.simulator.samples import GENERATIONS, KINDS, MADE_UP, SampleRequest, sample

    kind = options.kind or ("image" if options.images else "mention")
    for what, name, known in (("generation", options.generation, GENERATIONS), ("kind", kind, KINDS)):
        if name not in known:
            raise CliError(f"There is no {what} {name!r}.", hint=f"There are: {', '.join(known)}", code=Exit.USAGE)
    if options.images and (kind != "image" or len(options.images) > 1):
        raise CliError("A sample has one picture, with --kind image.", code=Exit.USAGE)
    request = SampleRequest(
        generation=options.generation,
        kind=kind,
        bot=options.bot or "twbot",
        bot_id=bot_id if bot_id and bot_id.isdecimal() else MADE_UP,
        author=options.author,
        picture=options.images[0].read_bytes() if options.images else None,
        **({"text": options.text} if options.text else {}),
    )
    try:
        return sample(request)
    except Problem as problem:
        raise CliError(str(problem.body.get("detail") or problem), code=Exit.USAGE) from None


def _post(
    text: str, author: str, images: list[Path], reply_to: str | None, timeout: float, data: Path | None, json: bool
) -> None:
    client, folder = _running(data)
    if len(images) > 4:
        raise CliError("A post has at most four pictures.", code=Exit.USAGE)
    bot = client.bot()
    # Only posts that summon the bot are answered, and a mention does.
    mentioning = text if f"@{bot}".lower() in text.lower() else f"@{bot} {text}"
    post = client.post(author, mentioning, images=images, reply_to=reply_to)
    if not json:
        say(f"@{author} posted {post['id']}: {post['text']}")
    reply = _reply(client, post["id"], bot, timeout, Target(data=data))
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


def _reply(client: SimulatorClient, post_id: str, bot: str, timeout: float, target: Target) -> dict[str, Any]:
    """Wait for the reply and return it. Raises CliError if none will come, or none comes in time."""
    import time

    deadline, hint = time.monotonic() + timeout, f"See what became of it: twbot trace {post_id}{target.option}"
    while True:
        left = deadline - time.monotonic()
        if found := client.replies(post_id, timeout=min(max(left, 0), POLL_INTERVAL), author=bot):
            return found[0]
        trace = traces_of(target).of(post_id)
        if trace is not None and trace.outcome in NO_REPLY:
            raise CliError(f"@{bot} does not reply to {post_id}: {trace.why}", hint=hint)
        if left <= 0:
            message = f"@{bot} has not replied to {post_id} within {timeout:g} seconds."
            raise CliError(message, hint=hint, code=Exit.TIMED_OUT)


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
