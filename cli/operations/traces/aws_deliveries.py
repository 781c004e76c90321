"""What the rules of a stage did with a post's events. AWS keeps no record of that.

It is told by the event that came of an event, and by what the function logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.dead_letters.records import DeadLetter
from twbot.cli.operations.logs.records import Line
from twbot.cli.operations.traces.records import Span, last
from twbot.lambdas.alerting.template import SUBJECT
from twbot.lambdas.contracts import Event, epoch

MAX_ATTEMPTS = {"text": 3, "image": 3}  # Lambda's own, of an event


def alerts(events: Iterable[Event]) -> Iterator[Span]:
    """Whether it reached somebody is SNS's to know."""
    for event in events:
        sentiment = (event.detail.get("Analysis") or {}).get("TextSentiment")
        if event.detail_type == "MESSAGE_ANALYSED" and sentiment == "NEGATIVE":
            at = epoch(event.time)
            yield Span(kind="alert", name="alert", start=at, end=at, note=f"{SUBJECT} (published to the topic)")


def deliveries(events: list[Event], lines: list[Line]) -> Iterator[Span]:
    """What the rules did that call functions, as far as it shows."""
    analysed, command = last(events, "MESSAGE_ANALYSED"), last(events, "SEND_TWEET")
    if analysed is not None and (what := _answerer(analysed)):
        yield from _delivery(f"answer-{what}s", what, analysed, command, lines)
    if command is not None:
        yield from _delivery("send-tweets", "egress", command, _end(events), lines)


def _delivery(rule: str, function: str, cause: Event, result: Event | None, lines: list[Line]) -> Iterator[Span]:
    """Nothing where neither a result nor a failure shows: who could say whether it was tried?"""
    failures = [line for line in lines if line.get("function") == function and _is_failure(line)]
    if result is None and not failures:
        return
    start = epoch(cause.time)
    end = epoch(result.time) if result else max(epoch(line["timestamp"]) for line in failures)
    gave_up = result is None and len(failures) >= MAX_ATTEMPTS.get(function, len(failures) + 1)
    state = "done" if result else "dead" if gave_up else "waiting"
    moment = Span(kind="delivery", name=rule, event=cause.detail_type, start=start, end=max(start, end), state=state)
    error = None if result else _said(failures[-1])
    note = "" if result else state
    yield msgspec.structs.replace(moment, attempts=len(failures) + (result is not None), error=error, note=note)


def troubles(lines: Iterable[Line]) -> Iterator[Span]:
    """What the functions warned of."""
    for line in lines:
        if line["level"] in {"WARNING", "ERROR", "CRITICAL"}:
            at = epoch(line["timestamp"])
            yield Span(kind="log", name=line["function"], start=at, end=at, note=f"{line['level']}: {_said(line)}")


def _end(events: list[Event]) -> Event | None:
    """What became of the reply."""
    return last(events, "TWEET_SENT") or last(events, "TWEET_FAILED") or last(events, "TWEET_WITHHELD")


def unanswered(events: list[Event]) -> tuple[Event, str] | None:
    """The event that nothing came of, and the function that should have made something of it."""
    command = last(events, "SEND_TWEET")
    if command is not None:
        return None if _end(events) else (command, "egress")
    analysed = last(events, "MESSAGE_ANALYSED")
    answerer = _answerer(analysed) if analysed else ""
    return (analysed, answerer) if analysed and answerer else None


def open_ends(events: list[Event]) -> Iterator[str]:
    """The rules at which the post may have ended as a dead letter."""
    kinds = {event.detail_type for event in events}
    if "MESSAGE_RECEIVED" in kinds and not kinds & {"MESSAGE_ANALYSED", "ANALYSIS_FAILED"}:
        yield "analyse-messages"
    if (left := unanswered(events)) is not None:
        yield {"egress": "send-tweets", "image": "answer-images", "text": "answer-texts"}[left[1]]
    if any(alerts(events)):
        yield "alert-on-negative"


def dead(letter: DeadLetter) -> Span:
    """A delivery that was given up."""
    end = letter.ended or letter.first_try or 0.0
    moment = Span(kind="delivery", name=letter.rule, event=letter.detail_type, start=end, end=end, state="dead")
    start = min(letter.first_try or end, end)
    said = {"attempts": letter.attempts or 1, "error": letter.error, "letter": letter.id, "note": "dead"}
    return msgspec.structs.replace(moment, start=start, **said)


def unseen(rule: str, problem: AwsError, events: list[Event]) -> Span:
    """The dead letters could not be looked at: the rest can be told all the same."""
    at = epoch(events[-1].time)
    return Span(kind="log", name="dead-letters", start=at, end=at, note=f"of {rule} not looked at: {problem}")


def without_given_up(moments: Iterable[Span], letters: list[Span]) -> list[Span]:
    """The dead letters instead of what was only guessed of them; an alert that is one was not published."""
    gone = {each.name for each in letters if each.kind == "delivery"}
    gone |= {"alert"} if "alert-on-negative" in gone else set()
    return [*(each for each in moments if each.name not in gone or each.kind == "event"), *letters]


def suspect(line: Line) -> Span:
    """A crash or a time-out of about then."""
    at = epoch(line["timestamp"])
    error = f"{_said(line)} (perhaps with another post)"
    return Span(kind="log", name=line["function"], start=at, end=at, state="failed", error=error)


def _answerer(analysed: Event) -> str:
    """The function that answers this message; none where it is not to be answered."""
    if not analysed.detail.get("Summoned"):
        return ""
    images = (analysed.detail.get("Analysis") or {}).get("Images") or []
    return "image" if any(each.get("Key") for each in images) else "text"


def _is_failure(line: Line) -> bool:
    return line["message"] in {"the invocation failed", "reply put off"}


def _said(line: Line) -> str:
    """The reason that the line gives, or the last line of its traceback."""
    why = line.get("reason") or str(line.get("exception", "")).strip().rpartition("\n")[2]
    return f"{line['message']}: {why}" if why else str(line["message"])
