"""What X's failures mean: an answer that is no success becomes XRefused, with a reason to act on, or XUnavailable."""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from twbot.lambdas.errors import TwbotError, XRefused, XUnavailable, is_transient

DAY = 24 * 3600


class Reason(enum.StrEnum):
    """Why a reply will not be posted, as TWEET_FAILED says it."""

    DUPLICATE = "duplicate"
    NOT_SUMMONED = "not-summoned"
    REPLY_RESTRICTED = "reply-restricted"
    POST_GONE = "post-gone"
    CAP_REACHED = "cap-reached"
    NO_CREDITS = "no-credits"
    BAD_KEYS = "bad-keys"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"


_BY_CODE = {
    32: Reason.BAD_KEYS,
    89: Reason.BAD_KEYS,
    136: Reason.REPLY_RESTRICTED,
    144: Reason.POST_GONE,
    187: Reason.DUPLICATE,
    385: Reason.POST_GONE,
    433: Reason.REPLY_RESTRICTED,
}
# The problem types' base address changed once (api.twitter.com, api.x.com): only the tail says what it is.
_BY_TYPE = {
    "usage-capped": Reason.CAP_REACHED,
    "credits": Reason.NO_CREDITS,
    "resource-not-found": Reason.POST_GONE,
    "not-authorized-for-resource": Reason.REPLY_RESTRICTED,
    "disallowed-resource": Reason.FORBIDDEN,
    "invalid-request": Reason.INVALID,
}
_BY_TITLE = {"UsageCapExceeded": Reason.CAP_REACHED, "CreditsDepleted": Reason.NO_CREDITS}
# X gives these no type of their own: the wording is all there is (facts of July 2026, hence the loose match).
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
    """The error that an unsuccessful answer of X stands for."""
    problem = first_problem(body)
    message = f"X answered {status}: {said(problem)}"
    reason = _reason(status, problem)
    if reason in (Reason.CAP_REACHED, Reason.NO_CREDITS) or (400 <= status < 500 and not is_transient(status)):
        return XRefused(message, reason=reason, status=status, code=_code(problem), clock_off=_clock_off(headers))
    if status < 300 and problem:
        return XRefused(message, reason=reason, status=status)
    return XUnavailable(message, retry_at=retry_at(status, headers) if status in (429, 503) else None)


def first_problem(body: bytes) -> dict[str, Any]:
    """X's problem, wherever the body has it: RFC 7807 at the top, in `errors`, or v1.1's code and message."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    if not isinstance(document, dict):
        return {}
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return {**first, **{name: value for name, value in document.items() if name not in ("errors", "data")}}


def said(problem: Mapping[str, Any]) -> str:
    """What X said, as one short printable line."""
    words = problem.get("detail") or problem.get("message") or problem.get("title") or "no reason given"
    return "".join(c if c.isprintable() else " " for c in str(words))[:200]


def retry_at(status: int, headers: Mapping[str, str]) -> float | None:
    """When X lets us again: the reset of the limit that is used up, the day's before the quarter hour's."""
    now = time.time()
    for limit in ("x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit"):
        if headers.get(f"{limit}-remaining") == "0" or (status == 429 and limit == "x-rate-limit"):
            reset = _number(headers.get(f"{limit}-reset"))
            if reset is not None and now - 60 < reset <= now + DAY + 60:
                return max(reset, now)
    wait = _number(headers.get("retry-after"))
    return now + min(wait, DAY) if wait is not None and wait >= 0 else None


def _reason(status: int, problem: Mapping[str, Any]) -> Reason:
    """The most telling sign first: code, type, title, wording, and the status last."""
    kind = str(problem.get("type", "")).rstrip("/").rpartition("/")[2]
    code = _code(problem)
    words = f"{problem.get('detail', '')} {problem.get('message', '')}".lower()
    worded = next((reason for phrase, reason in _BY_WORDS if phrase in words), None)
    return (
        (_BY_CODE.get(code) if code is not None else None)
        or worded
        or _BY_TITLE.get(str(problem.get("title")))
        or (_BY_TYPE.get(kind) if status != 401 else None)
        or _BY_STATUS.get(status, Reason.INVALID)
    )


def _code(problem: Mapping[str, Any]) -> int | None:
    code = problem.get("code")
    return code if isinstance(code, int) else None


def _clock_off(headers: Mapping[str, str]) -> float:
    """By how many seconds we are ahead of X, by the date of its answer; 0 where that can't be told."""
    try:
        return time.time() - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return 0.0


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
