"""Who may do what in a template, and what a new template would allow beyond what is deployed."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Template = dict[str, Any]
ALLOW, DENY = "Allow", "Deny"
_PSEUDO = {"AWS::Partition": "aws", "AWS::AccountId": "<account>", "AWS::Region": "<region>"}
# For people: what CDK adds to names, and what a policy is called that is one role's own.
_PLAIN = (
    (re.compile(r"([\w-]+):ExportsOutput(?:Ref|FnGetAtt)(\w+?)[0-9A-F]{8}\w*"), r"\2 of \1"),
    (re.compile(r"\b([A-Za-z]\w*?)[0-9A-F]{8}\b"), r"\1"),
    (re.compile(r"^(\w+)/DefaultPolicy \(\1\)$"), r"\1"),
)


class Grant(NamedTuple):
    """One action on one thing. `about`: the role or policy that says so; `who` is empty where that is who may."""

    about: str
    effect: str
    who: str
    action: str
    resource: str
    condition: str


class Widening(NamedTuple):
    """`new`: may be done from now on; `lifted`: no longer forbidden; `gone`: may no longer be done."""

    new: list[Grant]
    lifted: list[Grant]
    gone: list[Grant]

    @property
    def widens(self) -> bool:
        return bool(self.new or self.lifted)


def widening(deployed: Template, wanted: Template) -> Widening:
    """What the wanted template allows more and less than the deployed one ({} where there is none)."""
    before, after = set(grants(deployed)), set(grants(wanted))
    added, removed = sorted(after - before), sorted(before - after)
    return Widening(
        [each for each in added if each.effect == ALLOW],
        [each for each in removed if each.effect == DENY],
        [each for each in removed if each.effect == ALLOW],
    )


def words(grants: Iterable[Grant]) -> Iterator[tuple[str, str]]:
    """Whom it is about, and what they may do: actions on the same thing together."""

    def same(grant: Grant) -> tuple[str, ...]:
        return (grant.about, grant.effect, grant.who, grant.resource, grant.condition)

    for (about, effect, who, resource, condition), group in itertools.groupby(sorted(grants, key=same), key=same):
        verb = "may" if effect == ALLOW else "may not"
        said = [who, verb, ", ".join(each.action for each in group), f"on {resource}" if resource else ""]
        yield _plain(about), _plain(" ".join(filter(None, [*said, f"if {condition}" if condition else ""])))


def grants(template: Template) -> Iterator[Grant]:
    """Every permission that the template gives or withholds; who writes them together or apart makes no difference."""
    for logical_id, resource in template.get("Resources", {}).items():
        about = _path(logical_id, resource)
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            yield _let(about, properties)
        if resource["Type"] == "AWS::Logs::ResourcePolicy":
            properties = {"PolicyDocument": _decoded(_text(properties.get("PolicyDocument")))}
        for arn in properties.get("ManagedPolicyArns", []):
            yield Grant(about, ALLOW, "", f"all of {_text(arn).rpartition('/')[2]}", "", "")
        holders = ", ".join(_all(properties.get("Roles")))
        for statement in _statements(properties):
            yield from _atoms(f"{about} ({holders})" if holders else about, statement)


def _atoms(about: str, statement: dict[str, Any]) -> Iterator[Grant]:
    """What is said by exception (NotAction, …) is taken as it stands."""
    actions = _all(statement.get("Action")) or [f"all but {', '.join(_all(statement.get('NotAction')))}"]
    resources = _all(statement.get("Resource")) or [
        f"all but {', '.join(_all(statement['NotResource']))}" if "NotResource" in statement else ""
    ]
    who = _principals(statement.get("Principal")) or [
        f"all but {', '.join(_principals(statement['NotPrincipal']))}" if "NotPrincipal" in statement else ""
    ]
    condition = _text(statement["Condition"]) if "Condition" in statement else ""
    for one, action, resource in itertools.product(who, actions, resources):
        yield Grant(about, statement["Effect"], one, action, resource, condition)


def _let(about: str, properties: Template) -> Grant:
    """A Lambda permission."""
    who, action, function = (_text(properties.get(name, "")) for name in ("Principal", "Action", "FunctionName"))
    rest = {key: value for key, value in properties.items() if key not in ("Principal", "Action", "FunctionName")}
    return Grant(about, ALLOW, who, action, function, _text(rest))


def _decoded(document: str) -> Any:
    """A policy that is JSON in text. What cannot be read allows who knows what."""
    try:
        return json.loads(document)
    except ValueError:
        return {"Effect": ALLOW, "Action": document}


def _statements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("Effect") in (ALLOW, DENY) and ("Action" in value or "NotAction" in value):
            yield value
        else:
            yield from _statements(list(value.values()))
    elif isinstance(value, list):
        for each in value:
            yield from _statements(each)


def _principals(principal: Any) -> list[str]:
    if isinstance(principal, dict):
        return [text for kind in sorted(principal) for text in _all(principal[kind])]
    return _all(principal)


def _all(value: Any) -> list[str]:
    return [_text(each) for each in (value if isinstance(value, list) else [] if value is None else [value])]


def _text(value: Any) -> str:
    """A value of a template as people read it: what it refers to by name."""
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return _PSEUDO.get(name, name)
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Join": [glue, parts]}:
            return str(glue).join(map(_text, parts))
        case {"Fn::ImportValue": name}:
            return _text(name)
        case dict():
            return "; ".join(f"{key} {_text(each)}" for key, each in sorted(value.items()))
        case list():
            return ", ".join(map(_text, value))
    return json.dumps(value)


def _plain(text: str) -> str:
    for pattern, shorter in _PLAIN:
        text = pattern.sub(shorter, text)
    return text


def _path(logical_id: str, resource: dict[str, Any]) -> str:
    """CDK's name of it, without the stack's."""
    path = str(resource.get("Metadata", {}).get("aws:cdk:path", ""))
    return path.partition("/")[2].removesuffix("/Resource") or logical_id
