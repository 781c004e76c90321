"""Classifies X's unsuccessful answers: XRefused, with a reason that an operator can act on, or XUnavailable."""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from twbot.lambdas.errors import TwbotError, XRefused, XUnavailable, is_transient

DAY = 24 * 3600


class Reason(enum.StrEnum):
    """The `Reason` of a TWEET_FAILED."""

    DUPLICATE = "duplicate"
    NOT_SUMMONED = "not-summoned"
    REPLY_RESTRICTED = "reply-restricted"
    POST_GONE = "post-gone"
    CAP_REACHED = "cap-reached"
    NO_CREDITS = "no-credits"
    BAD_KEYS = "bad-keys"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"


# Error codes of API v1.1.
_BY_CODE = {
    32: Reason.BAD_KEYS,
    89: Reason.BAD_KEYS,
    136: Reason.REPLY_RESTRICTED,
    144: Reason.POST_GONE,
    187: Reason.DUPLICATE,
    385: Reason.POST_GONE,
    433: Reason.REPLY_RESTRICTED,
}
# The base URL of problem types has changed before (api.twitter.com, api.x.com), so only their tails are compared.
_BY_TYPE = {
    "usage-capped": Reason.CAP_REACHED,
    "credits": Reason.NO_CREDITS,
    "resource-not-found": Reason.POST_GONE,
    "not-authorized-for-resource": Reason.REPLY_RESTRICTED,
    "disallowed-resource": Reason.FORBIDDEN,
    "invalid-request": Reason.INVALID,
}
_BY_TITLE = {"UsageCapExceeded": Reason.CAP_REACHED, "CreditsDepleted": Reason.NO_CREDITS}
# X gives these no problem type, only a wording (as of July 2026), and it may change: parts of it are compared.
_BY_WORDS = (
    ("duplicate content", Reason.DUPLICATE),
    ("where you are mentioned", Reason.NOT_SUMMONED),
    ("not been mentioned", Reason.NOT_SUMMONED),
    ("deleted or not visible", Reason.POST_GONE),
    ("who can reply", Reason.REPLY_RESTRICTED),
)
_BY_STATUS = {
    400: Reason.INVALID,
    401: Reason.BAD_KEYS,
    402: Reason.NO_CREDITS,
    403: Reason.FORBIDDEN,
    404: Reason.POST_GONE,
}


def classify(status: int, headers: Mapping[str, str], body: bytes) -> TwbotError:
    """Return the error that an unsuccessful answer of X stands for."""
    problem = first_problem(body)
    message = f"X answered {status}: {x_message(problem)}"
    reason = _reason(status, problem)
    # An exhausted cap is a 429, too, but no retry helps.
    if reason in (Reason.CAP_REACHED, Reason.NO_CREDITS) or (400 <= status < 500 and not is_transient(status)):
        return XRefused(message, reason=reason, status=status, code=_code(problem), clock_off=_clock_off(headers))
    # A 200 with errors instead of data.
    if status < 300 and problem:
        return XRefused(message, reason=reason, status=status)
    # Only a 429 says that X did nothing. A gateway answers 5xx also for what the service behind it has done.
    when = retry_at(status, headers) if status in (429, 503) else None
    return XUnavailable(message, retry_at=when, may_have_acted=status != 429)


def first_problem(body: bytes) -> dict[str, Any]:
    """Return the problem in a body: RFC 7807 at the top or in `errors`, or v1.1's code and message; {} without one."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    if not isinstance(document, dict):
        return {}
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return {**first, **{name: value for name, value in document.items() if name not in ("errors", "data")}}


def x_message(problem: Mapping[str, Any]) -> str:
    """Return X's message as one printable line of at most 200 characters."""
    words = problem.get("detail") or problem.get("message") or problem.get("title") or "no reason given"
    return "".join(c if c.isprintable() else " " for c in str(words))[:200]


def retry_at(status: int, headers: Mapping[str, str]) -> float | None:
    """Return the epoch seconds at which X takes requests again; None where it names no time.

    https://docs.x.com/fundamentals/rate-limits
    """
    # X's times are of its clock, which its answer tells; ours may be wrong.
    now = time.time()
    ahead = _clock_off(headers)
    # The limits of a day first: their reset is later than that of the quarter hour.
    for limit in ("x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit"):
        if headers.get(f"{limit}-remaining") == "0" or (status == 429 and limit == "x-rate-limit"):
            reset = _number(headers.get(f"{limit}-reset"))
            # A time outside the window is an error of either clock, and could keep a reply waiting for years.
            if reset is not None and now - 60 < reset + ahead <= now + DAY + 60:
                return max(reset + ahead, now)
    wait = _number(headers.get("retry-after"))
    return now + min(wait, DAY) if wait is not None and wait >= 0 else None


def _reason(status: int, problem: Mapping[str, Any]) -> Reason:
    """Return the reason, from the most specific evidence: code, wording, title, type, and the status last."""
    kind = str(problem.get("type", "")).rstrip("/").rpartition("/")[2]
    code = _code(problem)
    words = f"{problem.get('detail', '')} {problem.get('message', '')}".lower()
    by_wording = next((reason for phrase, reason in _BY_WORDS if phrase in words), None)
    return (
        (_BY_CODE.get(code) if code is not None else None)
        or by_wording
        or _BY_TITLE.get(str(problem.get("title")))
        or (_BY_TYPE.get(kind) if status != 401 else None)
        or _BY_STATUS.get(status, Reason.INVALID)
    )


def _code(problem: Mapping[str, Any]) -> int | None:
    code = problem.get("code")
    return code if isinstance(code, int) else None


def _clock_off(headers: Mapping[str, str]) -> float:
    """Return the seconds by which our clock is ahead of the Date of X's answer; 0 without a readable one."""
    from email.utils import parsedate_to_datetime

    try:
        return time.time() - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return 0.0


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
