"""Reconstructs what the rules of a stage did with a post's events, because AWS keeps no record of deliveries.

An event that followed shows a success, the lines of a function show its failures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_rules import matches, own_rules_with_functions, raises_alert
from twbot.cli.operations.dead_letters.records import DeadLetter
from twbot.cli.operations.logs.records import Line
from twbot.cli.operations.traces.records import Span, last
from twbot.lambdas.alerting.alert import alert_for
from twbot.lambdas.contracts import Event, epoch
from twbot.lambdas.own.failures import RAN
from twbot.lambdas.wiring import RULES, Rule, own_rules

# Lambda invokes a function for an event three times at most.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
MAX_ATTEMPTS = {"text": 3, "image": 3, "own": 3}
ALERTING = [rule.name for rule in RULES if rule.service == "alerting"]


def alerts(events: Iterable[Event]) -> Iterator[Span]:
    """Yield the alert for a post of which an event raises one: one, as a post alerts once."""
    for event in events:
        if raises_alert(event):
            at, subject = epoch(event.time), alert_for(event).subject
            yield Span(kind="alert", name="alert", start=at, end=at, note=f"{subject} (published to the topic)")
            return


def deliveries(events: list[Event], lines: list[Line]) -> Iterator[Span]:
    """Yield the deliveries to functions, as far as events and lines show them."""
    analysed, command = last(events, "MESSAGE_ANALYSED"), last(events, "SEND_TWEET")
    if analysed is not None and (function := _answerer(analysed)):
        yield from _delivery(f"answer-{function}s", function, analysed, command, lines)
    if command is not None:
        yield from _delivery("send-tweets", "egress", command, _end(events), lines)
    for rule in own_rules_with_functions():
        yield from _own(rule, [event for event in events if matches(rule, event)], lines)


def _own(rule: Rule, taken: list[Event], lines: list[Line]) -> Iterator[Span]:
    """Yield the delivery of the post's events to an own rule: what its function logged shows how it went."""
    here = [line for line in lines if line.get("function") == rule.target]
    ran, failures = [line for line in here if line["message"] == RAN], [line for line in here if _is_failure(line)]
    if not taken or not (ran or failures):
        return
    ends = [epoch(line["timestamp"]) for line in (*ran, *failures)]
    gave_up = not ran and len(failures) >= MAX_ATTEMPTS["own"]
    state = "done" if ran else "dead" if gave_up else "waiting"
    start = epoch(taken[0].time)
    span = Span(kind="delivery", name=rule.name, event=taken[0].detail_type, start=start, end=max(start, *ends))
    error = None if ran else _reason(failures[-1])
    note = "" if ran else state
    yield msgspec.structs.replace(span, state=state, attempts=len(ends), error=error, note=note)


def _delivery(rule: str, function: str, cause: Event, result: Event | None, lines: list[Line]) -> Iterator[Span]:
    """Yield a delivery; none where neither a result nor a failure shows that it was tried."""
    failures = [line for line in lines if line.get("function") == function and _is_failure(line)]
    if result is None and not failures:
        return
    start = epoch(cause.time)
    end = epoch(result.time) if result else max(epoch(line["timestamp"]) for line in failures)
    gave_up = result is None and len(failures) >= MAX_ATTEMPTS.get(function, len(failures) + 1)
    state = "done" if result else "dead" if gave_up else "waiting"
    span = Span(kind="delivery", name=rule, event=cause.detail_type, start=start, end=max(start, end), state=state)
    error = None if result else _reason(failures[-1])
    note = "" if result else state
    yield msgspec.structs.replace(span, attempts=len(failures) + (result is not None), error=error, note=note)


def problem_spans(lines: Iterable[Line]) -> Iterator[Span]:
    """Yield the warnings and errors of the functions."""
    for line in lines:
        if line["level"] in {"WARNING", "ERROR", "CRITICAL"}:
            at = epoch(line["timestamp"])
            yield Span(kind="log", name=line["function"], start=at, end=at, note=f"{line['level']}: {_reason(line)}")


def _end(events: list[Event]) -> Event | None:
    """Return the event that says what became of the reply."""
    return last(events, "TWEET_SENT") or last(events, "TWEET_FAILED") or last(events, "TWEET_WITHHELD")


def unanswered(events: list[Event]) -> tuple[Event, str] | None:
    """Return the event that nothing followed, and the function that should have answered it; None without one."""
    command = last(events, "SEND_TWEET")
    if command is not None:
        return None if _end(events) else (command, "egress")
    analysed = last(events, "MESSAGE_ANALYSED")
    answerer = _answerer(analysed) if analysed else ""
    return (analysed, answerer) if analysed and answerer else None


def open_ends(events: list[Event]) -> Iterator[str]:
    """Yield the rules whose dead letters the post may be among."""
    kinds = {event.detail_type for event in events}
    if "POST_INCOMPLETE" in kinds and "MESSAGE_RECEIVED" not in kinds:
        yield "complete-posts"
    if "MESSAGE_RECEIVED" in kinds and not kinds & {"MESSAGE_ANALYSED", "ANALYSIS_FAILED"}:
        yield "analyse-messages"
    if (missing := unanswered(events)) is not None:
        yield {"egress": "send-tweets", "image": "answer-images", "text": "answer-texts"}[missing[1]]
    if any(alerts(events)):
        yield from ALERTING
    # One queue is that of all own rules.
    yield from [rule.name for rule in own_rules() if any(matches(rule, event) for event in events)][:1]


def dead_letter_span(letter: DeadLetter) -> Span:
    """Return the delivery that ended as a dead letter."""
    end = letter.ended or letter.first_try or 0.0
    span = Span(kind="delivery", name=letter.rule, event=letter.detail_type, start=end, end=end, state="dead")
    start = min(letter.first_try or end, end)
    fields = {"attempts": letter.attempts or 1, "error": letter.error, "letter": letter.id, "note": "dead"}
    return msgspec.structs.replace(span, start=start, **fields)


def unread_span(rule: str, problem: AwsError, events: list[Event]) -> Span:
    """Return a note that the dead letters of a rule could not be read: the rest of the trace does without them."""
    at = epoch(events[-1].time)
    return Span(kind="log", name="dead-letters", start=at, end=at, note=f"of {rule} not looked at: {problem}")


def without_given_up(spans: Iterable[Span], dead_letters: list[Span]) -> list[Span]:
    """Replace reconstructed deliveries by the dead letters of their rules, which are certain."""
    replaced = {each.name for each in dead_letters if each.kind == "delivery"}
    # An alert that is a dead letter was not published.
    replaced |= {"alert"} if "alert-on-negative" in replaced else set()
    return [*(each for each in spans if each.name not in replaced or each.kind == "event"), *dead_letters]


def suspect_span(line: Line) -> Span:
    """Return a crash or a time-out that may be the reason."""
    at = epoch(line["timestamp"])
    error = f"{_reason(line)} (perhaps with another post)"
    return Span(kind="log", name=line["function"], start=at, end=at, state="failed", error=error)


def _answerer(analysed: Event) -> str:
    """Return the function that answers a message; empty where none does."""
    if not analysed.detail.get("Summoned"):  # X allows replies only to who mentions or quotes the bot
        return ""
    images = (analysed.detail.get("Analysis") or {}).get("Images") or []
    return "image" if any(each.get("Key") for each in images) else "text"


def _is_failure(line: Line) -> bool:
    return line["message"] in {"the invocation failed", "reply put off"}


def _reason(line: Line) -> str:
    """Return the message of a line with its reason, or with the last line of its traceback."""
    reason = line.get("reason") or str(line.get("exception", "")).strip().rpartition("\n")[2]
    return f"{line['message']}: {reason}" if reason else str(line["message"])
