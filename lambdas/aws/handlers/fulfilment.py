"""The fulfilment function of Lex V2: {"sessionState": {"intent": {"name": "Joke", …}}, "requestAttributes": {…}, …}."""

from __future__ import annotations

from typing import Any

from twbot.lambdas.aws.functions import functions
from twbot.lambdas.aws.invocation import Json, entry_point
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.responding.fulfilment import fulfil


@entry_point(lambda event: (event.get("requestAttributes") or {}).get("TweetId"))
def handler(event: Json, _: Any) -> Json:
    return fulfil(event, functions=functions(), folder=bot_folder())
