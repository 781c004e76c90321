"""Which rules take an event, and why the others do not: by the wiring, which every stage shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.text_files import decode_text
from twbot.lambdas.wiring import Rule, rules

if TYPE_CHECKING:
    from twbot.local.bus.patterns import Mismatch

HINT = "See one: twbot tail --json --limit 1"
FIELDS = ("source", "detail-type", "detail")


class Match(NamedTuple):
    """A rule, and the first field that keeps it from taking an event; None where it takes it."""

    rule: Rule
    mismatch: Mismatch | None

    @property
    def matches(self) -> bool:
        return self.mismatch is None

    @property
    def because(self) -> str:
        """Where the event goes, or why it does not."""
        if self.mismatch is None:
            return f"goes to {self.rule.target}"
        found = ", ".join(map(_as_json, self.mismatch.found)) or "nothing"
        return f"{self.mismatch.field} is {found}, not {' or '.join(map(_as_json, self.mismatch.wanted))}"

    @property
    def document(self) -> dict[str, Any] | None:
        """The mismatch for programs."""
        return None if self.mismatch is None else self.mismatch._asdict()


def matches_of(event: dict[str, Any]) -> list[Match]:
    """Return what each rule makes of an event in EventBridge's envelope."""
    from twbot.local.bus.patterns import compile_pattern

    return [Match(rule, compile_pattern(rule.pattern).explain(event)) for rule in rules()]


def types_taken(pattern: object) -> list[str]:
    """Return the types that a pattern takes: a type's name, TWITTER_* for a prefix, else the matcher; none for all."""
    types = pattern.get("detail-type") if isinstance(pattern, dict) else None
    return [_in_words(each) for each in types] if isinstance(types, list) else []


def _in_words(matcher: object) -> str:
    if isinstance(matcher, dict) and isinstance(prefix := matcher.get("prefix"), str):
        return f"{prefix}*"
    return matcher if isinstance(matcher, str) else _as_json(matcher)


def event_in(content: bytes, name: str) -> dict[str, Any]:
    """Return the event in a JSON text, also in an entry as `aws events put-events` takes it.

    `name`: what the text is called, in errors. Raises CliError.
    """
    try:
        found = _from_entry(msgspec.json.decode(decode_text(content), type=dict[str, Any] | list[dict[str, Any]]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{name} is no event: {error}", hint=HINT, code=Exit.USAGE) from None
    if missing := [field for field in FIELDS if field not in found]:
        raise CliError(f"{name} is no event: it has no {missing[0]!r}.", hint=HINT, code=Exit.USAGE)
    return found


def _from_entry(found: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
    """Return the event itself, also of an entry of put-events. Raises ValidationError.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    """
    entries = found.get("Entries", [found]) if isinstance(found, dict) else found
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise msgspec.ValidationError("it holds not one entry but others: give one at a time")
    (entry,) = entries
    if "DetailType" not in entry:
        return entry
    names = {"Source": "source", "DetailType": "detail-type", "Time": "time", "Resources": "resources"}
    event = {names[name]: value for name, value in entry.items() if name in names}
    detail = entry.get("Detail")
    if isinstance(detail, str):
        event["detail"] = msgspec.json.decode(detail, type=dict[str, Any])
    return event


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
