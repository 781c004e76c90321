"""Reads a TOML file into its record. An error names the file, the line, and the nearest right key."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.text_files import decode_text

T = TypeVar("T")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_PLACE = re.compile(r" - at `(?P<path>\$[^`]*)`$")
_PART = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<number>\d+|\.\.\.)\]")
_HEADER = re.compile(r"^\s*(?P<brackets>\[\[?)\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")


def read_toml(path: Path, as_type: type[T]) -> T:
    """Return the file's content. Raises TwbotError, and FileNotFoundError where there is no file."""
    try:
        text = decode_text(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise TwbotError(f"Cannot read {path}: {error}") from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TwbotError(f"{path}: no TOML: {error}") from None
    return convert(found, as_type, path)


def convert(found: object, as_type: type[T], path: Path, within: str = "$") -> T:
    """Return the record of a part of a file. `within`: its place, as in `$.stages.prod`. Raises TwbotError."""
    if get_origin(as_type) is dict and isinstance(found, dict):
        # msgspec does not say which value of a dictionary is wrong.
        of_value = get_args(as_type)[1]
        return {key: convert(value, of_value, path, f"{within}.{key}") for key, value in found.items()}  # type: ignore[return-value]
    try:
        return msgspec.convert(found, as_type)
    except msgspec.ValidationError as error:
        message, place = _split(str(error))
        place = within + place.removeprefix("$")
        unknown = _UNKNOWN.search(message)
        key = unknown["key"] if unknown else None
        hint = _nearest(as_type, place.removeprefix(within), key) if key else ""
        line = line_of(decode_text(path.read_bytes()), f"{place}.{key}" if key else place)
        shown = f"There is no key `{key}` here{hint}" if key else message
        raise TwbotError(f"{path}:{line}: {place.removeprefix('$.') or 'the file'}: {shown}") from None


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
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    return f": did you mean `{near[0]}`?" if near else f"; there are {', '.join(names)}." if names else "."


def _keys(as_type: Any, parts: list[str]) -> list[str]:
    """Return the keys of the record at a place within another one."""
    for part in parts:
        if _is_record(as_type):
            as_type = {field.encode_name: field.type for field in msgspec.structs.fields(as_type)}.get(part)
        else:  # an item of a list, or a value of a table
            as_type = get_args(as_type)[-1] if get_args(as_type) else None
        if get_origin(as_type) in (Union, UnionType):
            as_type = next((each for each in get_args(as_type) if _is_record(each)), None)
    return [field.encode_name for field in msgspec.structs.fields(as_type)] if _is_record(as_type) else []


def _is_record(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, msgspec.Struct)
