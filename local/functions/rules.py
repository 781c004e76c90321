"""What handles the events of the rules of the bot's folder on one machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import FunctionFailed, Permanent
from twbot.lambdas.folder.records import OwnRule
from twbot.lambdas.own.forward import forward
from twbot.lambdas.ports import Call, Functions
from twbot.lambdas.x.post_ids import tweet_of

Secrets = Callable[[Sequence[str]], dict[str, str]]

log = logging.getLogger("twbot.own")


def handler_of(rule: OwnRule, functions: Functions, secrets: Secrets) -> Callable[[Event], None]:
    """Return what takes the events of a rule: the call of its function, or the way to its address."""
    if rule.run is not None:
        call = Call(rule.name, rule.run, tuple(rule.secrets), rule.timeout)
        return lambda event: _call(call, event, functions)
    if rule.to is not None and not is_on_aws(rule):
        return lambda event: _forward(rule, event, secrets)
    return lambda event: log.warning(
        "left out: its address is on AWS, which the stage local does not reach",
        extra={"rule": rule.name, "event": event.id, "tweet": tweet_of(event)},
    )


def is_on_aws(rule: OwnRule) -> bool:
    """Return whether a rule leads to a resource of AWS."""
    return (rule.to or "").startswith("arn:")


def _call(call: Call, event: Event, functions: Functions) -> None:
    try:
        functions.call(call, event)
    except FunctionFailed as error:
        log_failure(call.owner, event, error)
        raise


def log_failure(owner: str, event: Event, error: FunctionFailed) -> None:
    """Log why a function failed, with its traceback."""
    fields = {"rule": owner, "event": event.id, "tweet": tweet_of(event), "traceback": error.traceback}
    log.error("%s", error, extra=fields)


def _forward(rule: OwnRule, event: Event, secrets: Secrets) -> None:
    if not rule.secrets:
        raise Permanent(f'Rule {rule.name} names no secret to sign with: secrets = ["NAME"] in twbot.toml.')
    name = rule.secrets[0]
    if (secret := secrets([name]).get(name)) is None:
        raise Permanent(f"There is no secret {name}. Make one: twbot secrets put {name} --generate")
    forward(event, rule.to or "", secret, loopback=True)
