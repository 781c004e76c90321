"""Parses a webhook's body into JSON that every consumer of the events can hold.

What X signed is never refused for its encoding: docs/decisions/0014-what-x-signed-is-kept-and-knowledge-grows.md
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from twbot.lambdas.errors import Permanent

# The consumers of the events read them recursively, so the depth of what a stranger can send is bounded.
MAX_DEPTH = 50
# The digits of a 64-bit number. Longer ones stay text: not every consumer has larger integers.
_MAX_DIGITS = 19
# UTF-16 surrogates in the form of UTF-8 (https://www.unicode.org/reports/tr26/), as a pair or alone.
_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_LONE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class NotUnderstood(Permanent):
    """The body is not one that X sends. The text says why; whoever catches this keeps the body."""


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body, without anything that a consumer could not hold. Raises NotUnderstood."""
    try:
        parsed = _decoded(body)
        if not isinstance(parsed, dict):
            raise NotUnderstood("The body is not a JSON object.")
        bounded: dict[str, Any] = _bounded(parsed) if _is_too_deep(parsed) else parsed
    except RecursionError:
        raise NotUnderstood("The body is nested too deeply.") from None
    return bounded


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, OverflowError):
        return _leniently(body)


def _leniently(body: bytes) -> Any:
    """Decode what is not quite JSON: other encodings, half emojis, numbers that are none."""
    try:
        # strict=False: line ends and tabs within strings. https://docs.python.org/3/library/json.html
        parsed = json.loads(
            _text(body), strict=False, parse_constant=str, parse_int=_whole_number, parse_float=_fraction
        )
    except ValueError:
        raise NotUnderstood("The body is not JSON.") from None
    return _bounded(parsed)


def _text(body: bytes) -> str:
    encoding = json.detect_encoding(body)
    if encoding.startswith("utf-8"):
        body = _PAIR.sub(lambda pair: _joined(pair.group().decode("utf-8", "surrogatepass")).encode(), body)
        body = _LONE.sub("\ufffd".encode(), body)
    return body.decode(encoding, "replace")


def _joined(text: str) -> str:
    """Return the text with its surrogates joined to characters, and U+FFFD for each that has no partner."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _MAX_DIGITS else digits


def _fraction(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _bounded(value: Any, depth: int = 0) -> Any:
    """Return the value with valid text only. What lies deeper than MAX_DEPTH becomes its JSON as text."""
    if isinstance(value, str):
        return value if value.isascii() else _joined(value)
    if not isinstance(value, dict | list):
        return value
    if depth >= MAX_DEPTH:
        return json.dumps(value)
    if isinstance(value, list):
        return [_bounded(each, depth + 1) for each in value]
    return {_bounded(name): _bounded(each, depth + 1) for name, each in value.items()}


def _is_too_deep(parsed: object) -> bool:
    # Level by level rather than recursively, so that a hostile body cannot exhaust the stack here.
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        children = (child for parent in level for child in (parent.values() if isinstance(parent, dict) else parent))
        level = [child for child in children if isinstance(child, dict | list)]
        if not level:
            break
    return bool(level)
