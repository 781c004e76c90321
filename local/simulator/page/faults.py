"""The switches of the page: each kind of fault in words."""

from __future__ import annotations

from typing import NamedTuple

from twbot.local.simulator.limits import DELIVERY_KINDS, FailureKind


class Switch(NamedTuple):
    """A kind of fault."""

    kind: FailureKind
    title: str
    about: str
    seconds: str = ""
    """What its seconds mean; empty where it has none."""

    @property
    def is_of_deliveries(self) -> bool:
        return self.kind in DELIVERY_KINDS


SWITCHES: tuple[Switch, ...] = (
    Switch("rate_limit", "Too many requests", "429, with the time of the reset.", "until the reset"),
    Switch("unavailable", "Unavailable", "503, and the call takes no effect."),
    Switch("error", "Internal error", "500, and the call takes no effect."),
    Switch("lost_answer", "Lost answer", "The call takes effect, but is answered 503."),
    Switch("timeout", "Timeout", "503 after a while, and the call takes no effect.", "until the answer"),
    Switch("slow", "Slow answer", "Answered as always, only later.", "until the answer"),
    Switch("unauthorized", "Unauthorized", "401, as if the keys were wrong."),
    Switch("forbidden", "Forbidden", "403: not permitted."),
    Switch("duplicate", "Duplicate", "403: the text was posted before."),
    Switch("credits", "No credits", "402: the account has none left."),
    Switch("cap", "Monthly cap", "429: the month's cap is reached."),
    Switch("sent_twice", "Sent twice", "The webhook gets the same delivery twice."),
    Switch("sent_late", "Sent late", "Later deliveries overtake it.", "until it is sent"),
    Switch("never_sent", "Never sent", "The webhook gets nothing; X's replay brings it."),
    Switch("wrong_signature", "Wrong signature", "Signed with another secret, as a forger would."),
)
