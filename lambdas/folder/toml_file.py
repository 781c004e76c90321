"""Reads a TOML file into its record. An error names the file, the line, and the nearest right key."""

from __future__ import annotations

import contextlib
import copy
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.records import PATTERNS
from twbot.lambdas.nearest import near
from twbot.lambdas.text_files import decode_text

T = TypeVar("T")
SEE_CHECK = "See all that is wrong: twbot check"
# What TOML calls msgspec's types, and what people call it.
_TYPES = {
    "object": "a table",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "none",
}
_TYPE = re.compile(r"`(?P<types>[a-z]+(?: \| [a-z]+)*)`")
_REGEX = re.compile(r"^Expected `str` matching regex (?P<regex>.*)$")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]*)`")
_PLACE = re.compile(r" - at `(?P<path>\$[^`]*)`$")
_PART = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<number>\d+|\.\.\.)\]")
_HEADER = re.compile(r"^\s*(?P<brackets>\[\[?)\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")


class Fault(NamedTuple):
    """Something wrong with a file."""

    line: int
    """From 1."""
    says: str


class Parsed(Generic[T]):
    """A file, or a part of one, with all its faults, and the record of what is right: what is wrong is left out.

    within: the place of the part in the file, as in `$.stages.prod`
    """

    def __init__(self, text: str, found: Any, as_type: type[T], within: str = "$") -> None:
        self.text = text
        self._within = _parts(within)
        self.faults: list[Fault] = []
        # The items of each list by the places that they have in the file, as the record lacks those that were left out.
        self._numbers: dict[int, list[int]] = {}
        self._found = found
        self.value: T | None = self._convert(as_type)

    def line(self, *place: str | int) -> int:
        """Return the line of a place in the record, such as `"rules", 1, "when"`."""
        return self._line(self._in_file([str(each) for each in place]))

    def _line(self, place: Sequence[str]) -> int:
        return line_of(self.text, _dotted([*self._within, *place]))

    def _convert(self, as_type: type[T]) -> T | None:
        removed: set[tuple[tuple[str, ...], str]] = set()
        while True:
            try:
                return msgspec.convert(self._found, as_type)
            except msgspec.ValidationError as error:
                message, parts = _located(error, self._found, as_type)
            place = tuple(self._in_file(parts))
            if missing := _MISSING.search(message):
                if (place, missing["key"]) not in removed:
                    self._note(place, None, f"`{missing['key']}` is missing.")
                if not parts:
                    return None
                self._remove(parts)
            elif unknown := _UNKNOWN.search(message):
                key = unknown["key"]
                self._note(place, key, f"There is no key `{key}` here{_nearest(as_type, _dotted(parts)[1:], key)}")
                self._remove([*parts, key])
            else:
                self._note(place, _key_in(message, _at(self._found, parts)), message)
                if not parts:
                    return None
                self._remove(parts)
                removed.add((place[:-1], place[-1]))

    def _note(self, place: Sequence[str], key: str | None, says: str) -> None:
        line = self._line([*place, *([key] if key else [])])
        self.faults.append(Fault(line, f"{_dotted([*self._within, *place])[2:] or 'the file'}: {says}"))

    def _remove(self, parts: Sequence[str]) -> None:
        within: Any = self._found
        for part in parts[:-1]:
            within = within[int(part)] if isinstance(within, list) else within[part]
        if isinstance(within, list):
            numbers = self._numbers.setdefault(id(within), list(range(len(within))))
            del within[int(parts[-1])], numbers[int(parts[-1])]
        else:
            del within[parts[-1]]

    def _in_file(self, parts: Sequence[str]) -> list[str]:
        """Return the place in the file of a place in what is left of it."""
        within: Any = self._found
        found: list[str] = []
        for part in parts:
            if isinstance(within, list) and part.isdecimal() and int(part) < len(within):
                numbers = self._numbers.get(id(within))
                found.append(str(numbers[int(part)]) if numbers else part)
                within = within[int(part)]
            else:
                found.append(part)
                within = within.get(part) if isinstance(within, dict) else None
        return found


def read_toml(path: Path, as_type: type[T]) -> T:
    """Return the file's content. Raises TwbotError, and FileNotFoundError where there is no file."""
    _, found = _read(path)
    return convert(found, as_type, path)


def parse_toml(path: Path, as_type: type[T]) -> Parsed[T]:
    """Return the file with all its faults. Raises TwbotError where it is no TOML, and FileNotFoundError."""
    text, found = _read(path)
    return Parsed(text, found, as_type)


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = decode_text(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise TwbotError(f"Cannot read {path}: {error}") from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TwbotError(f"{path}: no TOML: {error}", SEE_CHECK) from None


def convert(found: object, as_type: type[T], path: Path, within: str = "$") -> T:
    """Return the record of a part of a file. `within`: its place, as in `$.stages.prod`. Raises TwbotError."""
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(found, as_type)
    parsed = Parsed(decode_text(path.read_bytes()), copy.deepcopy(found), as_type, within)
    raise TwbotError(f"{path}:{parsed.faults[0].line}: {parsed.faults[0].says}", SEE_CHECK)


def _key_in(message: str, found: object) -> str | None:
    """Return the key that a check of our own names at the beginning of its message."""
    key = message.partition(":")[0]
    return key if isinstance(found, dict) and key in found else None


def _located(error: msgspec.ValidationError, found: object, as_type: Any) -> tuple[str, list[str]]:
    """Return the message and the place, where msgspec says `...` for the key of a table."""
    message, place = _split(str(error))
    parts: list[str] = []
    for part in _parts(place):
        parts.append(_key_at_fault(str(error), found, as_type, parts) if part == "..." else part)
    if message.startswith("Invalid enum value"):
        return f"{message}: expected {' or '.join(map(str, get_args(_type_at(as_type, parts))))}", parts
    return _in_words(message), parts


def _in_words(message: str) -> str:
    """Return msgspec's message in the words of whoever wrote the file."""
    if regex := _REGEX.match(message):
        known = {repr(pattern): words for pattern, words in PATTERNS.items()}
        return f"Expected {known.get(regex['regex'], regex['regex'])}."
    if not message.startswith("Expected "):
        return message
    message = _TYPE.sub(
        lambda found: " or ".join(_TYPES.get(each, each) for each in found["types"].split(" | ")), message
    )
    return message.replace(" of length ", ", length ")


def _key_at_fault(said: str, found: object, as_type: Any, parts: Sequence[str]) -> str:
    """Return the first key of a table whose value makes that error by itself."""
    keys = list(_at(found, parts))
    for key in keys:
        alone = copy.deepcopy(found)
        table = _at(alone, parts)
        for other in keys:
            if other != key:
                del table[other]
        try:
            msgspec.convert(alone, as_type)
        except msgspec.ValidationError as error:
            if str(error) == said:
                return str(key)
    return str(keys[0])


def _at(found: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def _dotted(parts: Sequence[str]) -> str:
    return "$" + "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts)


def line_of(text: str, place: str) -> int:
    """Return the line, from 1, of a place such as `$.rules[1].memory`; of its table where the key is not found."""
    best, wanted = 1, _parts(place)
    position: dict[str, int] = {}
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = [part.strip().strip("\"'") for part in header["name"].split(".")]
            table = _counted(name, position, is_array=header["brackets"] == "[[")
            if wanted[: len(table)] == table:
                best = number
            elif table[: len(wanted)] == wanted:  # `[a.b]` alone makes the table `a`, too
                return number
        elif "=" in line:
            key = [part.strip().strip("\"'") for part in line.partition("=")[0].split(".")]
            if wanted[: len(table) + len(key)] == [*table, *key]:
                return number
    return best


def _counted(name: list[str], position: dict[str, int], *, is_array: bool) -> list[str]:
    """Return the header's place with the numbers of the arrays that it is in."""
    found: list[str] = []
    for index, part in enumerate(name):
        found.append(part)
        key = "\0".join(found)
        if is_array and index == len(name) - 1:
            position[key] = position.get(key, -1) + 1
        if key in position:
            found.append(str(position[key]))
    return found


def _parts(place: str) -> list[str]:
    return [found["key"] or found["number"] for found in _PART.finditer(place.removeprefix("$"))]


def _split(message: str) -> tuple[str, str]:
    found = _PLACE.search(message)
    return (message[: found.start()], found["path"]) if found else (message, "$")


def _nearest(as_type: Any, place: str, key: str) -> str:
    names = _keys(as_type, _parts(f"${place}"))
    found = near(key, names, cutoff=0.5)
    return f": did you mean `{found[0]}`?" if found else f"; there are {', '.join(names)}." if names else "."


def _keys(as_type: Any, parts: Sequence[str]) -> list[str]:
    """Return the keys of the record at a place within another one."""
    found = _type_at(as_type, parts)
    return [field.encode_name for field in msgspec.structs.fields(found)] if _is_record(found) else []


def _type_at(as_type: Any, parts: Sequence[str]) -> Any:
    """Return the type of a place within a record."""
    for part in parts:
        if _is_record(as_type):
            as_type = {field.encode_name: field.type for field in msgspec.structs.fields(as_type)}.get(part)
        else:  # an item of a list, or a value of a table
            as_type = get_args(as_type)[-1] if get_args(as_type) else None
        if get_origin(as_type) in (Union, UnionType):
            as_type = next((each for each in get_args(as_type) if _is_record(each)), None)
    return as_type


def _is_record(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, msgspec.Struct)
