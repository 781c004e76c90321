"""`twbot chat`: what the chatbot answers, without X."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from cli.errors import CliError, Exit
from cli.options import AsJson
from cli.render import as_json, out


def chat(text: Annotated[str, typer.Argument(help="What somebody says to the bot.")], json: AsJson = False) -> None:
    """Say something to the chatbot.

    Example: twbot chat "got any jokes?"
    """
    from lambdas.responding.utterance import to_utterance
    from local.models.lex import Lex

    utterance = to_utterance(text)
    if not utterance:
        raise CliError("There is nothing to answer in that.", hint='Try: twbot chat "hello"', code=Exit.USAGE)
    answer = Lex().recognize_text(text=utterance, session_id="twbot-chat")
    first = answer["interpretations"][0]
    intent, confidence = first["intent"]["name"], first.get("nluConfidence", {}).get("score")
    reply = " ".join(message["content"] for message in answer["messages"])
    if json:
        as_json({"input": text, "reply": reply, "intent": intent, "confidence": confidence})
        return
    out.print(Text(reply))
    sure = "" if confidence is None else f", confidence {confidence:.2f}"
    out.print(Text(f"intent {intent}{sure}", style="dim"))
