"""Keeps secrets out of what functions print and log."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Protocol

HIDDEN = "***"
# A shorter secret would hide parts of ordinary words, and is none.
MIN_LENGTH = 4
# So many characters of a longer secret are hidden without the rest, too: texts are cut, as in tracebacks.
HEAD = 16
# A line is held back up to so many characters.
MAX_LINE = 65_536


class Redactor:
    """Replaces secrets in a text: as they are, or as they stand in JSON, URLs, HTML, Python's repr, hex and base64.

    Of a secret of several lines, each line is one. Of a secret that is cut, the rest is hidden.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {each for secret in secrets for part in _parts(secret) for each in _spellings(part)}
        # The longest first: a secret may contain another.
        self._spellings = sorted(spellings, key=lambda each: (-len(each), each))
        heads = dict.fromkeys(each[:HEAD] for each in self._spellings)
        self._heads = re.compile("|".join(map(re.escape, heads))) if heads else None
        self.longest = max(map(len, spellings), default=0)

    def __call__(self, text: str) -> str:
        parts, end = [], 0
        for start, stop in self.places(text):
            parts += [text[end:start], HIDDEN]
            end = stop
        return "".join([*parts, text[end:]]) if end else text

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where a secret begins and ends in the text."""
        at = 0
        while self._heads and (found := self._heads.search(text, at)):
            start = found.start()
            rest = text[start : start + self.longest]
            heads = (each for each in self._spellings if rest.startswith(each[:HEAD]))
            at = start + max(_common(rest, each) for each in heads)
            yield start, at


class Writable(Protocol):
    """What RedactedStream writes to: a text stream, or as much of one."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class RedactedStream(io.TextIOBase):
    """A text stream that holds each line back until it is whole, so that no secret is written in two parts."""

    def __init__(self, stream: Writable, redact: Redactor) -> None:
        self._stream, self._redact, self._held = stream, redact, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._held += text
        *lines, self._held = self._held.split("\n")
        if lines:
            self._stream.write(self._redact("\n".join(lines)) + "\n")
        elif len(self._held) > MAX_LINE:
            self._cut()
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def finish(self) -> None:
        """Write what was held back."""
        if self._held:
            self._stream.write(self._redact(self._held) + "\n")
            self._held = ""
        self._stream.flush()

    def _cut(self) -> None:
        """Write a line's beginning: all but what the beginning of a secret may be in."""
        end = len(self._held) - self._redact.longest
        end = next((start for start, stop in self._redact.places(self._held) if start < end < stop), end)
        self._stream.write(self._redact(self._held[:end]) + "\n")
        self._held = self._held[end:]


def _common(text: str, other: str) -> int:
    """Return how many characters at their beginnings are the same."""
    both = zip(text, other, strict=False)
    return next((at for at, (a, b) in enumerate(both) if a != b), min(len(text), len(other)))


def _parts(secret: str) -> Iterator[str]:
    """Yield the lines of a secret. Those that say what a key in PEM is are none."""
    for line in map(str.strip, secret.splitlines()):
        if len(line) >= MIN_LENGTH and not line.startswith("-----"):
            yield line


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    in_json = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    yield from in_json
    yield from (each.replace("/", "\\/") for each in in_json)
    yield from (json.dumps(each)[1:-1] for each in in_json)  # JSON in JSON
    yield repr(secret)[1:-1]
    raw = secret.encode("utf-8", "surrogatepass")
    yield repr(raw)[2:-1]
    yield html.escape(secret)
    for quoted in (urllib.parse.quote(raw, safe=""), urllib.parse.quote(raw), urllib.parse.quote_plus(raw)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)
        yield urllib.parse.quote(quoted, safe="")  # a URL in a URL
    yield raw.hex()
    yield raw.hex().upper()
    for text in _in_base64(raw):
        yield text
        yield text.replace("+", "-").replace("/", "_")


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield the secret as base64 shows it behind another text of any length, as in `user:password`."""
    whole = base64.b64encode(raw).decode()
    yield whole
    yield whole.rstrip("=")
    for before in (0, 1, 2):
        text = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The characters that also hold bits of what stands before or after it are left out.
        first, last = -(-before * 4 // 3), (before + len(raw)) * 8 // 6
        if last - first > MIN_LENGTH:
            yield text[first:last]
