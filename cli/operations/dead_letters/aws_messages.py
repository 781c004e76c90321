"""What lies in a stage's dead-letter queues, by who put it there.

EventBridge, for a target: the event; RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, RETRY_ATTEMPTS and others.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
Lambda, for an asynchronous call: the event; RequestID, ErrorCode (200: the function's own error), ErrorMessage.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
The egress function (lambdas/aws/reply_queue.py): what it could not read; ERROR_MESSAGE.
SQS, for the queue of replies: what was received too often, as it was.
"""

from __future__ import annotations

import msgspec

from twbot.cli.operations.aws_queue import Message
from twbot.cli.operations.dead_letters.records import DeadLetter
from twbot.lambdas.contracts import Event, decode_event, epoch
from twbot.lambdas.errors import BadEvent
from twbot.lambdas.wiring import RULES
from twbot.lambdas.x.post_ids import tweet_of
from twbot.stacks.config import StageConfig
from twbot.stacks.names import rule_name

REDRIVEN = "REDRIVEN"  # in a message's attributes, and in the event that a function is called with again
LAMBDA_ATTEMPTS = 3


class _Marked(msgspec.Struct):
    redriven: int = msgspec.field(default=0, name=REDRIVEN)


def dead_letter_of(message: Message, service: str, stage: StageConfig) -> DeadLetter:
    event, told = event_in(message), message.told
    unreadable = None if event else "it is no event"
    return DeadLetter(
        id=message.id,
        rule=_rule(event, told, service, stage),
        event_id=event.id if event else None,
        detail_type=event.detail_type if event else None,
        time=event.time if event else None,
        tweet_id=tweet_of(event) if event else None,
        attempts=_attempts(told),
        first_try=_began(event),
        ended=message.sent,
        error=_error(told),
        redriven=redriven(message),
        obstacle=unreadable,
    )


def event_in(message: Message) -> Event | None:
    try:
        return decode_event(message.body)
    except BadEvent:
        return None


def redriven(message: Message) -> int:
    """How often it was delivered again: a queue keeps that beside the event, Lambda within it."""
    try:
        within = msgspec.json.decode(message.body, type=_Marked).redriven
    except msgspec.MsgspecError:
        within = 0
    beside = message.told.get(REDRIVEN, "")
    return max(within, int(beside) if beside.isdecimal() else 0)


def _rule(event: Event | None, told: dict[str, str], service: str, stage: StageConfig) -> str:
    """As EventBridge says; else the service's only one, or the one that calls the function for such an event."""
    there = {rule_name(stage, rule.name): rule.name for rule in RULES if rule.service == service}
    said = told.get("RULE_ARN", "").rpartition("/")[2]
    if said in there:
        return there[said]
    functions = [rule.name for rule in RULES if rule.service == service and rule.target.endswith("-function")]
    return _called(functions, event) if functions and "RequestID" in told else next(iter(there.values()))


def _called(rules: list[str], event: Event | None) -> str:
    """Of the two that answer, the one for images answers where there is one."""
    if len(rules) == 1 or event is None:
        return rules[0]
    analysis = event.detail.get("Analysis")
    images = analysis.get("Images") if isinstance(analysis, dict) else None
    pictured = isinstance(images, list) and any(isinstance(each, dict) and each.get("Key") for each in images)
    return "answer-images" if pictured else "answer-texts"


def _attempts(told: dict[str, str]) -> int | None:
    if (retries := told.get("RETRY_ATTEMPTS", "")).isdecimal():
        return int(retries) + 1
    return LAMBDA_ATTEMPTS if "RequestID" in told else None


def _error(told: dict[str, str]) -> str:
    if "ERROR_CODE" in told:
        return f"{told['ERROR_CODE']}: {told.get('ERROR_MESSAGE', '')}"
    if "RequestID" in told:
        own = told.get("ErrorCode") == "200"
        return f"{'FunctionError' if own else 'Lambda ' + told.get('ErrorCode', '')}: {told.get('ErrorMessage', '')}"
    if "ERROR_MESSAGE" in told:
        return f"BadEvent: {told['ERROR_MESSAGE']}"
    return "ReceivedTooOften: it was tried until the queue gave up; the function's log says why"


def _began(event: Event | None) -> float | None:
    try:
        return epoch(event.time) if event else None
    except ValueError:
        return None
