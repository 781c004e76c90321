"""What handles the events of the rules of the bot's folder on one machine, and the tasks of its steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import FunctionFailed
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import OwnRule, Step
from twbot.lambdas.log_context import log_context
from twbot.lambdas.own.calls import call_of
from twbot.lambdas.own.forward import forward, signing_secret
from twbot.lambdas.own.steps import answer_step
from twbot.lambdas.ports import Call, Functions
from twbot.lambdas.x.post_ids import tweet_of

CONCURRENCY = 2  # events of a rule that are handled side by side
Secrets = Callable[[Sequence[str]], dict[str, str]]

log = logging.getLogger("twbot.own")


def handler_of(
    rule: OwnRule, functions: Functions, secrets: Secrets, *, forwards: bool = True
) -> Callable[[Event], None]:
    """Return what takes the events of a rule: the call of its function, or the way to its address.

    forwards: whether events are sent to addresses; a test's are not
    """
    if rule.run is not None:
        call, logged = call_of(bot_folder(), rule.name, rule.run, rule), _Logged(functions)

        def handle(event: Event) -> None:
            logged.call(call, event)

        return handle
    if not forwards:
        return lambda event: log.info("not sent: this is a test", extra={"rule": rule.name, "event": event.id})
    if rule.to is not None and not is_on_aws(rule):
        return lambda event: forward(event, rule.to or "", signing_secret(rule, secrets), loopback=True)
    return lambda event: log.warning(
        "left out: its address is on AWS, which the stage local does not reach",
        extra={"rule": rule.name, "event": event.id, "tweet": tweet_of(event)},
    )


def is_on_aws(rule: OwnRule) -> bool:
    """Return whether a rule leads to a resource of AWS."""
    return (rule.to or "").startswith("arn:")


def tasks_of(steps: Sequence[Step], functions: Functions) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """Return what answers the tasks of the steps in the workflow, by the steps' names."""
    logged = _Logged(functions)
    return {step.name: partial(answer_step, step, functions=logged, steps=steps) for step in steps}


class _Logged:
    """Functions whose failures are in the log, with their tracebacks."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def call(self, call: Call, event: Event) -> Any:
        try:
            return self._functions.call(call, event)
        except FunctionFailed as error:
            tweet = tweet_of(event)
            fields = {"rule": call.owner, "event": event.id, "tweet": tweet, "traceback": error.traceback}
            with log_context(tweet):  # the workflow's threads have none
                log.error("%s", error, extra=fields)
            raise
