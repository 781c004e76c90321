"""Classifies X's refusals of webhooks and subscriptions, by its error names and the error codes of v1.1.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import enum

from twbot.lambdas.errors import XRefused

# Seconds by which the timestamp of a signed request may differ from X's clock.
CLOCK_TOLERANCE = 240.0


class Refusal(enum.StrEnum):
    """Why X refuses an operator's request."""

    WRONG_CRC = "wrong-crc-answer"
    URL_INVALID = "url-invalid"
    DUPLICATE_URL = "duplicate-url"
    TOO_MANY_WEBHOOKS = "too-many-webhooks"
    ENVIRONMENT_UNKNOWN = "environment-unknown"
    WEBHOOK_UNKNOWN = "webhook-unknown"
    SUBSCRIBED_ALREADY = "subscribed-already"
    TOO_MANY_SUBSCRIPTIONS = "too-many-subscriptions"
    NOT_SUBSCRIBED = "not-subscribed"
    WRONG_CLOCK = "wrong-clock"
    WRONG_KEYS = "wrong-keys"
    WRONG_KIND_OF_KEY = "wrong-kind-of-key"
    NOT_PERMITTED = "not-permitted"
    NO_CREDITS = "no-credits"
    CAP_REACHED = "cap-reached"
    OTHER = "other"


# First the error names of v2, then wordings of v1.1, which has one code (214) for most of them.
_BY_WORDING = (
    ("CrcValidationFailed", Refusal.WRONG_CRC),
    ("UrlValidationFailed", Refusal.URL_INVALID),
    ("DuplicateUrlFailed", Refusal.DUPLICATE_URL),
    ("WebhookLimitExceeded", Refusal.TOO_MANY_WEBHOOKS),
    ("WebhookIdInvalid", Refusal.WEBHOOK_UNKNOWN),
    ("DuplicateSubscriptionFailed", Refusal.SUBSCRIBED_ALREADY),
    ("SubscriptionLimitExceeded", Refusal.TOO_MANY_SUBSCRIPTIONS),
    ("SubscriptionNotFound", Refusal.NOT_SUBSCRIBED),
    ("Environment does not exist", Refusal.ENVIRONMENT_UNKNOWN),
    ("Too many subscriptions", Refusal.TOO_MANY_SUBSCRIPTIONS),
    ("Too many resources", Refusal.TOO_MANY_WEBHOOKS),
    ("does not meet the requirements", Refusal.URL_INVALID),
    ("CRC", Refusal.WRONG_CRC),
    ("kind of authentication", Refusal.WRONG_KIND_OF_KEY),
)
_BY_CODE = {
    32: Refusal.WRONG_KEYS,
    34: Refusal.WEBHOOK_UNKNOWN,
    89: Refusal.WRONG_KEYS,
    99: Refusal.WRONG_KEYS,
    135: Refusal.WRONG_CLOCK,
    215: Refusal.WRONG_KEYS,
    261: Refusal.NOT_PERMITTED,
    348: Refusal.NOT_PERMITTED,
    355: Refusal.SUBSCRIBED_ALREADY,
}
_BY_STATUS = {
    401: Refusal.WRONG_KEYS,
    402: Refusal.NO_CREDITS,
    403: Refusal.NOT_PERMITTED,
    404: Refusal.WEBHOOK_UNKNOWN,
}


def refusal(error: XRefused) -> Refusal:
    """Return the meaning of a refusal, from the most specific evidence: clock, wording, code of v1.1, status."""
    # X answers a wrong timestamp as it answers wrong keys; only its Date header shows the difference.
    if error.status == 401 and abs(error.clock_off) > CLOCK_TOLERANCE:
        return Refusal.WRONG_CLOCK
    if error.reason == Refusal.CAP_REACHED:
        return Refusal.CAP_REACHED
    by_wording = next((meaning for words, meaning in _BY_WORDING if words in str(error)), None)
    by_code = _BY_CODE.get(error.code) if error.code is not None else None
    return by_wording or by_code or _BY_STATUS.get(error.status, Refusal.OTHER)
