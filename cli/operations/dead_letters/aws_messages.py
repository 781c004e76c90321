"""The messages of a stage's dead-letter queues, as dead letters. Five senders put them there, each in its form:

- EventBridge: the event. Attributes RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, RETRY_ATTEMPTS and others.
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
- Lambda, after an asynchronous invocation: the event. Attributes RequestID, ErrorMessage, and ErrorCode, which is 200
  for the function's own error. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
- The workflow (lambdas/analysis/workflow.asl.json): the event that it could not publish the analysis of. Attributes
  ERROR_CODE, which is NotPublished, and ERROR_MESSAGE.
- The egress function (lambdas/aws/reply_queue.py): a body that it could not read. Attribute ERROR_MESSAGE.
- SQS, from the queue of replies: a message that was received too often, unchanged.
"""

from __future__ import annotations

import msgspec

from twbot.cli.operations.aws_queue import Message
from twbot.cli.operations.aws_rules import matches, own_rules_with_functions
from twbot.cli.operations.dead_letters.records import DeadLetter, no_such_rule
from twbot.lambdas.contracts import Event, decode_event, epoch
from twbot.lambdas.errors import BadEvent
from twbot.lambdas.own.failures import rule_in
from twbot.lambdas.wiring import OWN, Rule, rules, service_of
from twbot.lambdas.x.post_ids import tweet_of
from twbot.stacks.config import StageConfig
from twbot.stacks.names import rule_name

# How often a message was delivered again: an attribute of a message, or a field of the event that a function gets,
# because an invocation has no attributes.
REDRIVEN = "REDRIVEN"
# Lambda retries an asynchronous invocation twice.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
LAMBDA_ATTEMPTS = 3
# Stands for the name of an own rule that nothing tells.
UNKNOWN = "own"


class _Marked(msgspec.Struct):
    redriven: int = msgspec.field(default=0, name=REDRIVEN)


def dead_letter_of(message: Message, service: str, stage: StageConfig) -> DeadLetter:
    """Return the dead letter that a message of the queue of `service` is."""
    event, attributes = event_in(message), message.attributes
    rule = _rule(event, attributes, service, stage)
    return DeadLetter(
        id=message.id,
        rule=rule,
        event_id=event.id if event else None,
        detail_type=event.detail_type if event else None,
        time=event.time if event else None,
        tweet_id=tweet_of(event) if event else None,
        attempts=_attempts(attributes),
        first_try=_event_time(event),
        ended=message.sent,
        error=_error(attributes),
        redriven=redriven(message),
        obstacle=_obstacle(event, rule),
    )


def _obstacle(event: Event | None, rule: str) -> str | None:
    if event is None:
        return "it is no event"
    return None if service_of(rule) else no_such_rule(rule)


def event_in(message: Message) -> Event | None:
    """Return the event of a message; None where its body is none."""
    try:
        return decode_event(message.body)
    except BadEvent:
        return None


def redriven(message: Message) -> int:
    """Return how often a message was delivered again, by its event or its attributes."""
    try:
        in_event = msgspec.json.decode(message.body, type=_Marked).redriven
    except msgspec.MsgspecError:
        in_event = 0
    attribute = message.attributes.get(REDRIVEN, "")
    return max(in_event, int(attribute) if attribute.isdecimal() else 0)


def failed_rules(message: Message, rule: str) -> list[str]:
    """Return the rules whose targets may have failed, `rule` among them: several only where Lambda sent the message.

    Lambda does not say which function failed. Where rules with the same pattern invoke functions, either may have.
    """
    if "RULE_ARN" in message.attributes:
        return [rule]
    if service_of(rule) == OWN:
        named = rule_in(message.attributes.get("ErrorMessage", ""))
        return [rule] if named else [each.name for each in _of_function(event_in(message))] or [rule]
    pattern = next(each.pattern for each in rules() if each.name == rule)
    return [each.name for each in rules() if each.pattern == pattern and _has_function(each)] or [rule]


def _of_function(event: Event | None) -> list[Rule]:
    """Return the own rules with a function that take the event: any of them may have failed."""
    return [rule for rule in own_rules_with_functions() if event is not None and matches(rule, event)]


def _has_function(rule: Rule) -> bool:
    return rule.target.endswith("-function") or rule.target == "topic"


def _rule(event: Event | None, attributes: dict[str, str], service: str, stage: StageConfig) -> str:
    """Return the rule that EventBridge names.

    Where another sender put the message there: the rule that invokes the function, else the one of this type.
    """
    ours = {rule_name(stage, rule.name): rule.name for rule in rules() if rule.service == service}
    named = attributes.get("RULE_ARN", "").rpartition("/")[2]
    if named in ours:
        return ours[named]
    if service == OWN:
        # The name also of a rule that the folder has no more: no other gets its events.
        removed = named.removeprefix(rule_name(stage, "")) or rule_in(attributes.get("ErrorMessage", ""))
        return removed or next((each.name for each in _of_function(event)), UNKNOWN)
    if "RequestID" not in attributes:
        return _rule_of_type(event, service)
    if service == "alerting":
        # What each function raises names whom it could not tell.
        return "alert-on-negative" if "topic: " in attributes.get("ErrorMessage", "") else "notify-on-negative"
    return _answering_rule(event) if service == "responding" else _rule_of_type(event, service)


def _rule_of_type(event: Event | None, service: str) -> str:
    """Return the service's rule for events of this type, for what is no event the last one's."""
    found = [rule for rule in rules() if rule.service == service]
    fitting = [rule for rule in found if event and rule.may_take(event.detail_type)]
    return (fitting or found[-1:])[0].name


def _answering_rule(event: Event | None) -> str:
    """Return the rule whose function got the event: images go to `answer-images`."""
    if event is None:
        return "answer-images"
    analysis = event.detail.get("Analysis")
    images = analysis.get("Images") if isinstance(analysis, dict) else None
    has_image = isinstance(images, list) and any(isinstance(each, dict) and each.get("Key") for each in images)
    return "answer-images" if has_image else "answer-texts"


def _attempts(attributes: dict[str, str]) -> int | None:
    if (retries := attributes.get("RETRY_ATTEMPTS", "")).isdecimal():
        return int(retries) + 1
    return LAMBDA_ATTEMPTS if "RequestID" in attributes else None


def _error(attributes: dict[str, str]) -> str:
    if "ERROR_CODE" in attributes:
        return f"{attributes['ERROR_CODE']}: {attributes.get('ERROR_MESSAGE', '')}"
    if "RequestID" in attributes:
        code = attributes.get("ErrorCode", "")
        return f"{'FunctionError' if code == '200' else f'Lambda {code}'}: {attributes.get('ErrorMessage', '')}"
    if "ERROR_MESSAGE" in attributes:
        return f"BadEvent: {attributes['ERROR_MESSAGE']}"
    return "ReceivedTooOften: it was tried until the queue gave up; the function's log says why"


def _event_time(event: Event | None) -> float | None:
    try:
        return epoch(event.time) if event else None
    except ValueError:
        return None
