"""Keeps secrets out of what functions print and log."""

from __future__ import annotations

import base64
import io
import json
import re
import urllib.parse
from collections.abc import Iterable
from typing import TextIO

HIDDEN = "***"
# A shorter secret would hide parts of ordinary words, and is none.
MIN_LENGTH = 4


class Redactor:
    """Replaces secrets in a text, also as they stand in JSON, URLs and base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets if len(secret) >= MIN_LENGTH for spelling in _spellings(secret)}
        # The longest first: a secret may contain another.
        found = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, found))) if found else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


class RedactedStream(io.TextIOBase):
    """A text stream that holds each line back until it is whole, so that no secret is written in two parts."""

    def __init__(self, stream: TextIO, redact: Redactor) -> None:
        self._stream, self._redact, self._held = stream, redact, ""

    def write(self, text: str) -> int:
        self._held += text
        *lines, self._held = self._held.split("\n")
        if lines:
            self._stream.write(self._redact("\n".join(lines)) + "\n")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def finish(self) -> None:
        """Write what was held back."""
        if self._held:
            self._stream.write(self._redact(self._held) + "\n")
            self._held = ""
        self._stream.flush()


def _spellings(secret: str) -> Iterable[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield urllib.parse.quote(secret, safe="")
    yield urllib.parse.quote_plus(secret)
    whole = base64.b64encode(secret.encode()).decode()
    yield whole
    yield whole.rstrip("=")
