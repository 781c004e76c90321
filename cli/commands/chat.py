"""`twbot chat`: asks the chatbot, without X."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.chatbot.port import chatbot_of
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, out
from twbot.cli.ui.options import AsJson, targeted


@targeted
def chat(
    target: Target,
    text: Annotated[str, typer.Argument(help="What somebody says to the bot.")],
    json: AsJson = False,
) -> None:
    """What the chatbot would answer, with the intent that it understood and how sure it is.

    The bot also heeds the mood of a post: whoever is sad or angry gets no joke.

    Example: twbot chat "got any jokes?"

    Example: twbot chat "tell me a fact" --stage prod
    """
    from twbot.lambdas.responding.utterance import to_utterance

    utterance = to_utterance(text)
    if not utterance:
        raise CliError("There is nothing to answer in that.", hint='Try: twbot chat "hello"', code=Exit.USAGE)
    answer = chatbot_of(target).recognize_text(text=utterance, session_id=f"twbot-chat-{uuid.uuid4()}")
    first = answer["interpretations"][0]
    intent, confidence = first["intent"]["name"], first.get("nluConfidence", {}).get("score")
    reply = " ".join(message["content"] for message in answer.get("messages", []))
    if json:
        as_json({"input": text, "reply": reply, "intent": intent, "confidence": confidence})
        return
    out.print(Text(reply))
    sure = "" if confidence is None else f", confidence {confidence:.2f}"
    out.print(Text(f"intent {intent}{sure}", style="dim"))
