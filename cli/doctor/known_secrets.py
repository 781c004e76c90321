"""Takes secrets out of what is shown to others: those that this machine knows, and what looks like one."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from twbot.lambdas.environment import VARIABLES
from twbot.lambdas.own.redaction import HIDDEN, MIN_LENGTH, Redactor

SECRET_NAME = re.compile(r"secret|token|passw|credential|api_?key|private|session", re.IGNORECASE)
# A text of a file that is no JSON any more.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.){4,})(?:"|$)')
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>|]+", re.IGNORECASE)
# What is a secret by its form, whoever's it is.
_FORMS = (
    (re.compile(r"(?i)\b(bearer|basic|oauth)\s+[A-Za-z0-9._~+/=%-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        HIDDEN,
    ),  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),  # a JSON web token
    (
        re.compile(
            r"(?i)\b((?:\w|-)*(?:password|passwd|secret|token|api[_-]?key|credentials?))(\\?[\"']?\s*[:=]\s*\\?[\"']?)"
            r"[^\s\"',;&}\\]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"[^\s@\"'<>:/]+@([\w-]+\.)+\w+"), f"{HIDDEN}@…"),  # an email address
    (re.compile(r"\+[1-9]\d{6,14}\b"), HIDDEN),  # a phone number
    (re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{40,}"), HIDDEN),  # what nobody could remember
)


class Cleaner:
    """Takes secrets, and texts that are to stay here, out of a document."""

    def __init__(self, secrets: Iterable[str], texts: Iterable[str] = ()) -> None:
        self._redact = Redactor({*secrets, *texts})
        self._home = str(Path.home())

    def __call__(self, value: Any) -> Any:
        """Return the document with each text cleaned, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self(each) for key, each in value.items()}
        return [self(each) for each in value] if isinstance(value, list) else value

    def text(self, text: str) -> str:
        text = _URL.sub(_without_credentials, self._redact(text))
        for form, instead in _FORMS:
            text = form.sub(instead, text)
        return text.replace(self._home, "~") if len(self._home) > 1 else text


def _without_credentials(found: re.Match[str]) -> str:
    """Return an address with its host alone: whoever knows a webhook's path may write to it."""
    try:
        parts = urlsplit(found[0])
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return HIDDEN
    is_host_alone = not parts.path.strip("/") and not parts.query and "@" not in parts.netloc
    return found[0] if is_host_alone else f"{parts.scheme}://{host}/{HIDDEN}"


def known_secrets(folder: Path) -> Iterator[str]:
    """Yield every secret that a data folder and the environment have, whether or not its file is in order."""
    from twbot.local.data_folder import DataFolder

    home = DataFolder(folder)
    previous = home.secrets.with_name("secrets.previous.json")
    for path in (home.secrets, previous, home.own_secrets, home.subscribers):
        yield from _texts_of(path, lambda _: True)
    yield from _texts_of(home.run, lambda name: SECRET_NAME.search(name) is not None)
    declared = {each.name for each in VARIABLES if each.secret}
    for name, value in os.environ.items():
        if name in declared or SECRET_NAME.search(name):
            yield value


def _texts_of(path: Path, is_secret: Callable[[str], bool]) -> Iterator[str]:
    try:
        content = path.read_bytes()
    except OSError:
        return
    try:
        yield from _leaves(msgspec.json.decode(content), "", is_secret)
    except (msgspec.DecodeError, UnicodeDecodeError):
        for quoted in _QUOTED.findall(content.decode("utf-8", "replace")):
            yield quoted
            with contextlib.suppress(msgspec.DecodeError):
                yield msgspec.json.decode(f'"{quoted}"', type=str)


def _leaves(value: Any, name: str, is_secret: Callable[[str], bool]) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) >= MIN_LENGTH and is_secret(name):
            yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, key, is_secret)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, name, is_secret)
