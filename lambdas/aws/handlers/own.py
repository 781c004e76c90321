"""Runs a rule or a step of the bot's folder; OWN_RULE or OWN_STEP in the environment names it.

A rule gets an event as EventBridge delivers it, a step {"Event": the MESSAGE_RECEIVED, "Image"?: {"Key": …}}.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import msgspec

from twbot.lambdas.aws.functions import functions, own_secrets
from twbot.lambdas.aws.invocation import Json, entry_point, tweet_of_event
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.errors import FunctionFailed, TwbotError
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import OwnRule, Step
from twbot.lambdas.own.calls import call_of
from twbot.lambdas.own.failures import RAN, named_after
from twbot.lambdas.own.forward import forward, signing_secret
from twbot.lambdas.own.steps import answer_step

log = logging.getLogger("twbot.own")


def _declared() -> OwnRule | Step:
    folder = bot_folder()
    if name := os.environ.get("OWN_STEP"):
        return next(step for step in folder.steps if step.name == name)
    return next(rule for rule in folder.rules if rule.name == os.environ["OWN_RULE"])


_own = _declared()
if _own.run is not None:
    functions().prepare(_own.run)


@entry_point(lambda event: tweet_of_event(event.get("Event") or event))
def handler(event: Json, _: Any) -> Any:
    """Call the function. Raises what it raises: a rule's event is tried again, and then it is a dead letter."""
    try:
        if isinstance(_own, Step):
            return answer_step(_own, event, functions(), bot_folder().steps)
        _take(_own, decode_event(msgspec.json.encode(event)))
    except TwbotError as error:
        if isinstance(error, FunctionFailed):
            log.error("%s", error, extra={"rule": _own.name, "traceback": error.traceback})
        if isinstance(_own, OwnRule):
            # A dead letter of Lambda's does not say whose it is but in the error's words.
            error.args = (named_after(_own.name, str(error)),)
        raise
    log.info(RAN, extra={"rule": _own.name})
    return None


def _take(rule: OwnRule, event: Event) -> None:
    if rule.run is not None:
        functions().call(call_of(bot_folder(), rule.name, rule.run, rule), event)
    else:
        forward(event, rule.to or "", signing_secret(rule, own_secrets().values))
