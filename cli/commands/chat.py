"""`twbot chat`: asks the bot, without X."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.chatbot.port import chat_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, as_json_line, err, out
from twbot.cli.ui.options import AsJson, targeted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twbot.cli.operations.chatbot.records import Said

PROMPT = "you: "
Language = Annotated[
    str | None, typer.Option("--language", help="The language that it is said in, as in de.", show_default="detected")
]


@targeted
def chat(
    target: Target,
    text: Annotated[
        str | None, typer.Argument(help="What somebody says to the bot.", show_default="asked for, line by line")
    ] = None,
    language: Language = None,
    json: AsJson = False,
) -> None:
    """What the bot would answer to a text, with the intent that it understood and the function that answered.

    Without a text it asks for one line after the other; Ctrl-D ends it. On this machine the functions of the bot's
    folder are asked, and the mood is heeded: whoever is sad or angry gets no joke. With --stage Lex answers alone.

    Example: twbot chat "got any jokes?"

    Example: twbot chat "Wo ist meine Bestellung?" --language de

    Example: twbot chat "tell me a fact" --stage prod
    """
    lines, show = ([_checked(text)], as_json) if text is not None else (_lines(), as_json_line)
    with contextlib.closing(chat_of(target)) as bot:
        for line in lines:
            (show if json else _show)(bot.say(line, language))


def _checked(text: str) -> str:
    from twbot.lambdas.responding.utterance import to_utterance

    if not to_utterance(text):
        raise CliError("There is nothing to answer in that.", hint='Try: twbot chat "hello"', code=Exit.USAGE)
    return text


def _lines() -> Iterator[str]:
    """Yield what is typed, without blank lines, until the input ends."""
    from twbot.lambdas.responding.utterance import to_utterance

    while True:
        # To stderr: stdout has the answers only.
        if sys.stdin.isatty():
            err.print(PROMPT, end="")
        line = sys.stdin.readline()
        if not line:
            return
        if to_utterance(line):
            yield line.strip()


def _show(said: Said) -> None:
    out.print(Text(said.reply or "(nothing)"))
    out.print(Text(", ".join(_details(said)), style="dim"))


def _details(said: Said) -> Iterator[str]:
    if said.intent is not None:
        yield f"intent {said.intent}"
    if said.confidence is not None:
        yield f"confidence {said.confidence:.2f}"
    if said.by != said.intent:
        yield f"said by {said.by}"
    yield f"language {said.language}"
    if said.sentiment is not None:
        yield said.sentiment.lower()
