"""Sends a webhook X's challenge (CRC) from here, and checks its answer as X does.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from twbot.lambdas.settings import LOOPBACK

if TYPE_CHECKING:
    import requests

# Seconds that X waits for an answer, and those that v1.1 waited: v2 recommends to stay below them.
X_WAITS = 10.0
QUICK = 3.0
MAX_URL = 200


class ChallengeResult(msgspec.Struct, frozen=True):
    """A webhook's answer to the challenge."""

    url: str
    milliseconds: float | None
    """None where nothing answered."""
    problem: str | None
    """What X would object to; None where it would accept the answer."""

    @property
    def slow(self) -> bool:
        """Whether it took longer than X recommends."""
        return self.milliseconds is not None and self.milliseconds > QUICK * 1000


def url_problem(url: str, *, simulated: bool) -> str | None:
    """Return why X would refuse this address for a webhook; None where it would not."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "It is not an address."
    if simulated and parts.hostname in LOOPBACK:
        return None
    if parts.hostname in LOOPBACK:
        return "X cannot reach this machine under it."
    if parts.scheme != "https" or not parts.hostname:
        return "It has to begin with https://."
    if port is not None:
        return "It must not name a port."
    if parts.username:
        return "It must not hold a password."
    return f"It is longer than {MAX_URL} characters." if len(url) > MAX_URL else None


def challenge(url: str, api_secret: str) -> ChallengeResult:
    """Send the challenge as X does, and check the answer as X does."""
    import requests

    token, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(12)
    address = f"{url}{'&' if '?' in url else '?'}{urlencode({'crc_token': token, 'nonce': nonce})}"
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False  # as X: through no proxy and with no .netrc of this machine
            answer = session.get(address, timeout=X_WAITS, allow_redirects=False)
    except requests.RequestException as error:
        return ChallengeResult(url, None, _unreached(error))
    milliseconds = round((time.monotonic() - started) * 1000, 1)
    return ChallengeResult(url, milliseconds, _wrong(answer, token, api_secret))


def _unreached(error: requests.RequestException) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "Its TLS certificate is not valid: X would mark it invalid at once."
    if isinstance(error, requests.exceptions.Timeout):
        return f"It did not answer within {X_WAITS:g} seconds."
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "It says that its answer is compressed, and it is not."
    return f"Nobody answers there ({type(error).__name__})."


def _wrong(answer: requests.Response, token: str, api_secret: str) -> str | None:
    from twbot.lambdas.ingress.signature import crc_response

    if answer.is_redirect:
        return f"It answers {answer.status_code}, a redirect: X does not follow it. Name the address it leads to."
    if answer.status_code == 403:
        return "It answers 403: something in front of the bot keeps X out, or the path is wrong."
    if answer.status_code != 200:
        return f"It answers {answer.status_code}, not 200."
    try:
        response_token = msgspec.json.decode(answer.content, type=dict[str, object]).get("response_token")
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return "Its answer is not a JSON object."
    if not isinstance(response_token, str):
        return "Its answer has no response_token."
    expected = crc_response(token, api_secret)
    # As bytes: compare_digest raises TypeError for text that is not ASCII.
    # https://docs.python.org/3/library/hmac.html#hmac.compare_digest
    if hmac.compare_digest(response_token.encode(), expected.encode()):
        return None
    return "Its answer is made with another API secret than the stage's: has the bot read the new keys?"
