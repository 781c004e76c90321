"""Sends a webhook X's challenge (CRC) from here, and checks its answer as X does.

https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import base64
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
WRONG_KEYS = "Its answer is made with another API secret than the stage's: has the bot read the new keys?"
RECIPE = "The keys are not to blame: what answers there is. X's recipe: https://docs.x.com/x-api/webhooks/introduction"
PREFIX = "sha256="
SHA256_BYTES = 32


class ChallengeResult(msgspec.Struct, frozen=True):
    """A webhook's answer to the challenge."""

    url: str
    milliseconds: float | None
    """None where nothing answered."""
    problem: str | None
    """What X would object to; None where it would accept the answer."""
    hint: str | None = None
    """What to do about it, where that is not a question of the bot or its keys."""

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
    problem = _wrong(answer, token, api_secret)
    is_wrong_form = answer.status_code == 200 and problem not in (None, WRONG_KEYS)
    return ChallengeResult(url, milliseconds, problem, RECIPE if is_wrong_form else None)


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
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "Its answer is not a JSON object."
    if not isinstance(response_token, str):
        return "Its answer has no response_token."
    return _wrong_token(response_token, crc_response(token, api_secret), token)


def _wrong_token(found: str, expected: str, token: str) -> str | None:
    """Return what is wrong with a response_token; None where it is the expected one."""
    digest = expected.removeprefix(PREFIX)
    if _same(found, expected):
        return None
    if _same(found, digest):
        return f'Its response_token is right but for the "{PREFIX}" in front, which is missing.'
    bare = found.strip().removeprefix(PREFIX)
    if _same(bare.lower(), base64.b64decode(digest).hex()):
        return "Its response_token is hexadecimal: X wants the same bytes in base64."
    if _same(bare, token):
        return "It echoes the crc_token: X wants its HMAC-SHA256, made with the API secret."
    # Before the base64 of URLs, which is the same where a digest has neither + nor /.
    if _same(bare.strip("= \n"), digest.rstrip("=")):
        return "Its response_token has blanks around it, or lacks the = at its end."
    if _same(bare.rstrip("="), digest.rstrip("=").translate(str.maketrans("+/", "-_"))):
        return "Its response_token is in the base64 of URLs: X wants + and / in it, and the = at the end."
    if not _is_digest(bare):
        return f"Its response_token is no HMAC-SHA256 in base64 after {PREFIX!r}: is this twbot's webhook?"
    return WRONG_KEYS


def _same(found: str, expected: str) -> bool:
    # As bytes: compare_digest raises TypeError for text that is not ASCII.
    # https://docs.python.org/3/library/hmac.html#hmac.compare_digest
    return hmac.compare_digest(found.encode("utf-8", "surrogatepass"), expected.encode())


def _is_digest(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == SHA256_BYTES
    except ValueError:
        return False
