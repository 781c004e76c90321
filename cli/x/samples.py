"""Samples of what X delivers, as they are asked for on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.local.simulator.samples import Sample


class SampleOptions(NamedTuple):
    """What the sample tells of, as it was typed."""

    text: str | None
    author: str
    image: Path | None
    generation: str
    kind: str | None
    bot: str


def signing_secret(source: str | None, target: Target) -> tuple[str, str | None]:
    """Return the API secret to sign with, and the bot's id on X if it is known."""
    from twbot.cli.operations.errors import translate_errors
    from twbot.cli.x.sample_delivery import secret_from

    if source is not None:
        return secret_from(source)
    with translate_errors(target.option):
        keys = target.open().secrets().keys()
    return keys.api_secret, keys.user_id


def make_sample(options: SampleOptions, bot_id: str | None) -> Sample:
    """Make what X would deliver to the bot of this id. Raises CliError for options that no sample has."""
    from twbot.local.simulator.problems import Problem
    from twbot.local.simulator.samples import GENERATIONS, KINDS, MADE_UP, SampleRequest, sample

    kind = options.kind or ("image" if options.image else "mention")
    for what, name, known in (("generation", options.generation, GENERATIONS), ("kind", kind, KINDS)):
        if name not in known:
            raise CliError(f"There is no {what} {name!r}.", hint=f"There are: {', '.join(known)}", code=Exit.USAGE)
    if options.image and kind != "image":
        raise CliError("Only a sample of --kind image has a picture.", code=Exit.USAGE)
    request = SampleRequest(
        generation=options.generation,
        kind=kind,
        bot=options.bot,
        bot_id=bot_id if bot_id and bot_id.isdecimal() else MADE_UP,
        author=options.author,
        picture=options.image.read_bytes() if options.image else None,
        **({"text": options.text} if options.text else {}),
    )
    try:
        return sample(request)
    except Problem as problem:
        raise CliError(str(problem.body.get("detail") or problem), code=Exit.USAGE) from None
