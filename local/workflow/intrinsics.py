"""The intrinsic functions, such as `States.Format('…', $.a)`: a small parser, and the functions.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from twbot.local.workflow.errors import StateFailed
from twbot.local.workflow.paths import BadPath, NoSuchPath, Path, compile_path

FAILURE = "States.IntrinsicFailure"
MAX_LENGTH = 10_000  # characters of an expression
MAX_DEPTH = 10  # Step Functions' own limit on nested calls

_TOKEN = re.compile(
    r"""\s*(?:(?P<call>States\.\w+)\s*\(|(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"""
    r"""|(?P<word>true|false|null)\b|(?P<path>\$)|(?P<mark>[(),]))"""
)
_WORDS = {"true": True, "false": False, "null": None}


def compile_expression(text: str) -> Path:
    """Compile a path or a call of an intrinsic function. Raises BadPath."""
    if text.startswith("$"):
        return compile_path(text)
    if len(text) > MAX_LENGTH:
        raise BadPath(f"longer than {MAX_LENGTH} characters")
    parser = _Parser(text)
    found = parser.expression(0)
    parser.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def expression(self, depth: int) -> Path:
        if depth > MAX_DEPTH:
            raise BadPath(f"more than {MAX_DEPTH} calls in one another")
        token = self._next()
        kind, value = token.lastgroup, token.group(token.lastgroup or 0)
        if kind == "call":
            return self._call(value, depth)
        if kind == "path":
            self._at = token.start("path")
            return compile_path(self._path_text())
        if kind == "mark":
            raise self._bad(f"unexpected {value!r}")
        constant = _constant(kind, value)
        return lambda _data, _context: constant

    def end(self) -> None:
        if self._text[self._at :].strip():
            raise self._bad("expected the end")

    def _call(self, name: str, depth: int) -> Path:
        if name not in FUNCTIONS:
            raise self._bad(f"there is no intrinsic function {name}")
        function, least, most = FUNCTIONS[name]
        arguments = self._arguments(depth)
        if not least <= len(arguments) <= most:
            raise self._bad(f"{name} takes {least} to {most} arguments, not {len(arguments)}")

        def call(data: Any, context: Any) -> Any:
            try:
                return function(*(argument(data, context) for argument in arguments))
            except (TypeError, ValueError, LookupError, RecursionError) as error:
                if isinstance(error, NoSuchPath):
                    raise
                raise StateFailed(FAILURE, f"{name}: {error}") from None

        return call

    def _arguments(self, depth: int) -> list[Path]:
        found: list[Path] = []
        if (token := self._next(peek=True)).group("mark") == ")":
            self._at = token.end()
            return found
        while True:
            found.append(self.expression(depth + 1))
            mark = self._next().group("mark")
            if mark == ")":
                return found
            if mark != ",":
                raise self._bad("expected , or )")

    def _next(self, *, peek: bool = False) -> re.Match[str]:
        token = _TOKEN.match(self._text, self._at)
        if token is None:
            raise self._bad("expected a path, a string, a number or a function")
        if not peek:
            self._at = token.end()
        return token

    def _path_text(self) -> str:
        """Return the path that begins here, up to the comma or bracket that ends the argument."""
        start, depth, quote = self._at, 0, ""
        while self._at < len(self._text):
            letter = self._text[self._at]
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            elif letter in "[(":
                depth += 1
            elif letter in "])" and depth:
                depth -= 1
            elif letter in ",) \t" and not depth:
                break
            self._at += 1
        return self._text[start : self._at]

    def _bad(self, what: str) -> BadPath:
        return BadPath(f"{self._text!r}: {what} (at {self._at})")


def _constant(kind: str | None, value: str) -> Any:
    if kind == "string":
        # \{ and \} keep their backslash: States.Format removes it.
        return re.sub(r"\\(['\\])", r"\1", value[1:-1]) if "\\" in value else value[1:-1]
    return _WORDS[value] if kind == "word" else json.loads(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("expected an array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a string")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise TypeError("expected a whole number")
    return int(value)


def to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _format(template: Any, *values: Any) -> str:
    pieces = re.split(r"(\\[{}]|\{\})", _text(template))
    if pieces.count("{}") != len(values):
        raise ValueError(f"{pieces.count('{}')} places for {len(values)} values")
    left = iter(values)
    return "".join(_shown(next(left)) if piece == "{}" else re.sub(r"\\([{}])", r"\1", piece) for piece in pieces)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def _merge(one: Any, other: Any, deep: Any) -> Any:
    if deep is not False:
        raise ValueError("Step Functions merges shallowly only: the third argument must be false")
    if not isinstance(one, dict) or not isinstance(other, dict):
        raise TypeError("expected two objects")
    return {**one, **other}


def _partition(values: Any, size: Any) -> list[list[Any]]:
    if (step := _whole(size)) < 1:
        raise ValueError("the size must be positive")
    return [values[start : start + step] for start in range(0, len(_list(values)), step)]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    first, last, step = _whole(first), _whole(last), _whole(step)
    found = range(first, last + (1 if step > 0 else -1), step)
    if len(found) > 1000:
        raise ValueError("more than 1000 elements")
    return list(found)


def _item(values: Any, index: Any) -> Any:
    if (position := _whole(index)) < 0:
        raise IndexError("the index must not be negative")
    return _list(values)[position]


def _same(one: Any, other: Any) -> bool:
    # Compare types, too: in Python True == 1 and 1 == 1.0.
    return type(one) is type(other) and bool(one == other)


def _unique(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in _list(values):
        if not any(_same(value, seen) for seen in found):
            found.append(value)
    return found


def _encode(text: Any) -> str:
    return base64.b64encode(_text(text).encode()).decode()


def _decode(text: Any) -> str:
    try:
        return base64.b64decode(_text(text), validate=True).decode()
    except binascii.Error as error:
        raise ValueError(str(error)) from None


_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def _hash(value: Any, algorithm: Any) -> str:
    return hashlib.new(_HASHES[algorithm], _shown(value).encode(), usedforsecurity=False).hexdigest()


def _random(first: Any, end: Any, seed: Any = None) -> int:
    # The same seed gives the same number, as on AWS, but not AWS's number.
    source = random.Random(_whole(seed)) if seed is not None else random.Random()  # noqa: S311
    return source.randrange(_whole(first), _whole(end))


def _split(text: Any, marks: Any) -> list[str]:
    return [piece for piece in re.split(f"[{re.escape(_text(marks))}]", _text(text)) if piece]


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "States.Format": (_format, 1, 10_000),
    "States.StringToJson": (lambda text: json.loads(_text(text)), 1, 1),
    "States.JsonToString": (to_json, 1, 1),
    "States.JsonMerge": (_merge, 3, 3),
    "States.Array": (lambda *values: list(values), 0, 10_000),
    "States.ArrayPartition": (_partition, 2, 2),
    "States.ArrayContains": (lambda values, wanted: any(_same(v, wanted) for v in _list(values)), 2, 2),
    "States.ArrayRange": (_range, 3, 3),
    "States.ArrayGetItem": (_item, 2, 2),
    "States.ArrayLength": (lambda values: len(_list(values)), 1, 1),
    "States.ArrayUnique": (_unique, 1, 1),
    "States.Base64Encode": (_encode, 1, 1),
    "States.Base64Decode": (_decode, 1, 1),
    "States.Hash": (_hash, 2, 2),
    "States.MathRandom": (_random, 2, 3),
    "States.MathAdd": (lambda one, other: _whole(one) + _whole(other), 2, 2),
    "States.StringSplit": (_split, 2, 2),
    "States.UUID": (lambda: str(uuid.uuid4()), 0, 0),
}
