"""Posts a signed sample of what X delivers to a webhook, as X would, and explains its answer."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from twbot.cli.errors import CliError, Exit
from twbot.cli.x.crc import X_WAITS
from twbot.lambdas.settings import is_safe_url
from twbot.lambdas.text_files import decode_text

if TYPE_CHECKING:
    import requests

MAX_SHOWN = 200
ENVIRONMENT = "env:"
# What an HTTP status means, and what to do.
MEANS: dict[int, tuple[str, str]] = {
    400: ("It could not read the body.", "Does it know this generation? Try another: --generation"),
    401: (
        "It found no signature that it can read.",
        "Does something in front of it drop the header x-twitter-webhooks-signature?",
    ),
    403: (
        "It takes the signature for wrong, or something in front of it keeps X out.",
        "It has to check with the same API secret, over the bytes as they came: --secret-from, twbot secrets check",
    ),
    404: ("There is nothing at this path.", "Check the path; a bot of twbot's is at /twitter"),
    405: ("It takes no POST at this path.", "Check the path; a bot of twbot's is at /twitter"),
    408: ("The body took it too long to read.", "Look at its load"),
    413: ("The body is too large for it.", "Let it take 1 MB at least"),
    415: ("It does not take application/json.", "X sends application/json"),
    422: ("It does not take this body for an event.", "Does it know this generation? Try another: --generation"),
    429: ("It has too much to do.", "X would deliver it again; look at its load"),
    503: ("It has too much to do, or is not up.", "X would deliver it again; look at its load"),
}


class DeliveryResult(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's answer to a sample."""

    status: int | None = None
    """The HTTP status; None where nothing answered."""
    milliseconds: float
    line: str = ""
    """The first line of the body, at most MAX_SHOWN characters."""
    problem: str | None = None
    """What X would object to; None where it would accept the answer."""
    hint: str | None = None
    """What to do about the problem."""
    late: bool = False
    """Whether the answer took longer than X waits."""


def check(url: str, *, plain: bool) -> None:
    """Raise CliError for an address that must not get signed samples. `plain` allows http:// to other machines."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or any(each <= " " for each in url):
        raise CliError("The address has to begin with https:// (or http://).", code=Exit.USAGE)
    if parts.username is not None or parts.password is not None:
        raise CliError("The address must not hold a name or a password.", code=Exit.USAGE)
    if not is_safe_url(url) and not plain:
        hint = "Use https://, as X does; or --allow-http"
        raise CliError("Over http:// anybody on the way can read and repeat it.", hint=hint, code=Exit.USAGE)


def secret_from(source: str) -> tuple[str, str | None]:
    """Return the API secret of a source, and the bot's id where the source has it.

    The source is a file, `env:NAME`, or `-` for stdin. Raises CliError, whose text shows nothing of the source.
    """
    text = _read(source).strip()
    found: tuple[str, str | None]
    if not text.startswith("{"):
        found = text, None
    else:
        from twbot.lambdas.ports import Keys

        try:
            keys = msgspec.json.decode(text, type=Keys)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CliError(
                f"{source} holds JSON, but not the keys that twbot stores.", code=Exit.NOT_CONFIGURED
            ) from None
        found = keys.api_secret, keys.user_id
    if not found[0] or "\n" in found[0]:
        raise CliError(f"{source} holds no API secret: one line, nothing else.", code=Exit.NOT_CONFIGURED)
    return found


def _read(source: str) -> str:
    if source == "-":
        return decode_text(sys.stdin.buffer.read(100_000), errors="replace")
    if source.startswith(ENVIRONMENT):
        name = source.removeprefix(ENVIRONMENT)
        if name not in os.environ:
            raise CliError(f"There is no environment variable {name}.", code=Exit.NOT_CONFIGURED)
        return os.environ[name]
    try:
        with Path(source).open("rb") as file:
            # Of the open file: its path may lead to another one by now.
            others = os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            content = file.read(100_000)
    except OSError as error:
        hint = f"Name a file, {ENVIRONMENT}NAME for an environment variable, or - for stdin"
        raise CliError(
            f"Cannot read the file for --secret-from: {error.strerror}.", hint=hint, code=Exit.USAGE
        ) from None
    if others:
        raise CliError(f"Others can read {source}.", hint=f"chmod 600 {source}", code=Exit.NOT_CONFIGURED)
    return decode_text(content, errors="replace")


def deliver(url: str, body: bytes, signature: str) -> DeliveryResult:
    """Post a body once, as X does: it follows no redirect and waits ten seconds for the answer."""
    import requests

    from twbot.lambdas.ingress.signature import HEADER

    headers = {HEADER: signature, "Content-Type": "application/json", "User-Agent": "twbot send"}
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False  # as X: through no proxy and with no .netrc of this machine
            with session.post(
                url, data=body, headers=headers, timeout=X_WAITS, allow_redirects=False, stream=True
            ) as answer:
                taken = (time.monotonic() - started) * 1000
                # X does not read the body. Its beginning may help a person, and the rest may be endless.
                first = next(answer.iter_content(4096), b"")
                return _answered(answer, first, round(taken, 1))
    except requests.RequestException as error:
        return _unanswered(error, round((time.monotonic() - started) * 1000, 1))


def _answered(answer: requests.Response, first: bytes, milliseconds: float) -> DeliveryResult:
    lines = first.decode("utf-8", "replace").strip().splitlines()
    line = "".join(each for each in lines[0] if each.isprintable())[:MAX_SHOWN] if lines else ""
    problem, hint = _meaning(answer)
    return DeliveryResult(status=answer.status_code, milliseconds=milliseconds, line=line, problem=problem, hint=hint)


def _meaning(answer: requests.Response) -> tuple[str | None, str | None]:
    status = answer.status_code
    if 200 <= status < 300:
        return None, None
    if 300 <= status < 400:
        return "It redirects, and X does not follow.", "Name the address that it leads to"
    if status in MEANS:
        return MEANS[status]
    if status >= 500:
        return "It broke.", "Its log says why; X would deliver it again"
    return "It refuses.", "Its log says why"


def _unanswered(error: requests.RequestException, milliseconds: float) -> DeliveryResult:
    import requests

    kinds: tuple[tuple[type[requests.RequestException], str, str], ...] = (
        (
            requests.exceptions.SSLError,
            "Its TLS certificate is not valid for this address.",
            "X takes only certificates of public authorities, with the whole chain",
        ),
        (requests.exceptions.ConnectTimeout, "Nothing answers there: the connection times out.", "Check the firewall"),
        (
            requests.exceptions.Timeout,
            f"It did not answer within {X_WAITS:g} seconds.",
            "X gives up then, and delivers it again: answer first, work later",
        ),
    )
    for kind, problem, hint in kinds:
        if isinstance(error, kind):
            late = isinstance(error, requests.exceptions.Timeout)
            return DeliveryResult(milliseconds=milliseconds, problem=problem, hint=hint, late=late)
    # requests has one ConnectionError for all of these: only the text tells them apart.
    text = str(error)
    if "NameResolutionError" in text or "getaddrinfo" in text:
        problem, hint = "There is no host of this name.", "Check the address"
    elif "refused" in text:
        problem, hint = "The connection is refused: nobody listens there.", "Is it up? twbot up; check the port"
    else:
        problem, hint = f"It cannot be reached ({type(error).__name__}).", "Check the address, and the network"
    return DeliveryResult(milliseconds=milliseconds, problem=problem, hint=hint)
