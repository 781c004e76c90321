"""Parses the output of `cdk diff`: the resources that are added, removed, changed or replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

Sign = Literal["+", "-", "~"]
_STACK = re.compile(r"Stack (?P<id>\S+)(?: \((?P<name>[\w-]+)\))?")
_RESOURCE = re.compile(r"\[(?P<sign>[+~-])\] (?P<type>[A-Z]\w+(?:::\w+)+) (?P<rest>\S.*)")
_PART = re.compile(r" [├└]─ \[[+~-]\] (?P<name>\S+)(?P<replaces> \(.*replacement\))?")
_EFFECT = re.compile(r" (?P<effect>replace|may be replaced|destroy|orphan)$")


class Change(msgspec.Struct):
    """A change to a resource."""

    stack: str
    sign: Sign
    """+ is added, - is removed, ~ is changed."""
    type: str
    """The resource's type, such as "SQS Queue"."""
    name: str
    """The resource's path in CDK."""
    parts: list[str] = []
    """The properties that change."""
    replaced: bool = False
    """Whether CloudFormation creates a new resource and deletes this one."""


def changes(lines: Iterable[str]) -> list[Change]:
    """Return the changes to resources. Changes to outputs, parameters and metadata are left out."""
    found: list[Change] = []
    stack, current = "", None
    for line in lines:
        if (heading := _STACK.match(line)) is not None:
            stack, current = heading["name"] or heading["id"], None
        elif (resource := _RESOURCE.match(line)) is not None:
            current = _change(stack, resource)
            found.append(current)
        elif current is not None and (part := _PART.match(line)) is not None:
            current.parts.append(part["name"])
            current.replaced |= bool(part["replaces"])
        elif not line.strip():
            current = None
    return found


def _change(stack: str, resource: re.Match[str]) -> Change:
    rest = resource["rest"].rstrip()
    effect = _EFFECT.search(rest)
    name = _EFFECT.sub("", rest).split(" ")[0]
    replaced = effect is not None and "replace" in effect["effect"]
    sign: Sign = resource["sign"]  # type: ignore[assignment]
    return Change(stack, sign, resource["type"].removeprefix("AWS::").replace("::", " "), name, [], replaced)
