"""The permissions in a template, and the difference between those of a deployed and a new template."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Template = dict[str, Any]
ALLOW, DENY = "Allow", "Deny"
_PSEUDO = {"AWS::Partition": "aws", "AWS::AccountId": "<account>", "AWS::Region": "<region>"}
# Shortens names for people: CDK's exports and hashes go, and a role's own policy is named as the role.
_PLAIN = (
    (re.compile(r"([\w-]+):ExportsOutput(?:Ref|FnGetAtt)(\w+?)[0-9A-F]{8}\w*"), r"\2 of \1"),
    (re.compile(r"\b([A-Za-z]\w*?)[0-9A-F]{8}\b"), r"\1"),
    (re.compile(r"^(\w+)/DefaultPolicy \(\1\)$"), r"\1"),
)


class Grant(NamedTuple):
    """One action on one resource, allowed or denied."""

    about: str
    """The role or policy that contains the statement."""
    effect: str
    """Allow or Deny."""
    who: str
    """The principal; empty if it is the role of `about`."""
    action: str
    resource: str
    condition: str
    """The conditions as text; empty if there are none."""


class Widening(NamedTuple):
    """The difference between two templates' permissions."""

    new: list[Grant]
    """Allowed from now on."""
    lifted: list[Grant]
    """Denied until now, no longer denied."""
    gone: list[Grant]
    """Allowed until now, no longer allowed."""

    @property
    def widens(self) -> bool:
        """Return whether more is possible than before."""
        return bool(self.new or self.lifted)


def widening(deployed: Template, new: Template) -> Widening:
    """Compare the permissions of the deployed template ({} if there is none) with those of the new one."""
    before, after = set(grants(deployed)), set(grants(new))
    added, removed = sorted(after - before), sorted(before - after)
    return Widening(
        [each for each in added if each.effect == ALLOW],
        [each for each in removed if each.effect == DENY],
        [each for each in removed if each.effect == ALLOW],
    )


def words(grants: Iterable[Grant]) -> Iterator[tuple[str, str]]:
    """Yield pairs for people: the role or policy, and a sentence. Actions on the same resource share a sentence."""

    def same(grant: Grant) -> tuple[str, ...]:
        return (grant.about, grant.effect, grant.who, grant.resource, grant.condition)

    for (about, effect, who, resource, condition), group in itertools.groupby(sorted(grants, key=same), key=same):
        verb = "may" if effect == ALLOW else "may not"
        parts = [who, verb, ", ".join(each.action for each in group), f"on {resource}" if resource else ""]
        yield _plain(about), _plain(" ".join(filter(None, [*parts, f"if {condition}" if condition else ""])))


def grants(template: Template) -> Iterator[Grant]:
    """Yield every permission in the template, one for each combination of principal, action and resource."""
    # Single grants compare well: splitting or merging statements without changing their meaning makes no difference.
    for logical_id, resource in template.get("Resources", {}).items():
        about = _path(logical_id, resource)
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            yield _lambda_permission(about, properties)
        if resource["Type"] == "AWS::Logs::ResourcePolicy":
            properties = {"PolicyDocument": _decoded(_text(properties.get("PolicyDocument")))}
        for arn in properties.get("ManagedPolicyArns", []):
            yield Grant(about, ALLOW, "", f"all of {_text(arn).rpartition('/')[2]}", "", "")
        holders = ", ".join(_all(properties.get("Roles")))
        for statement in _statements(properties):
            yield from _atoms(f"{about} ({holders})" if holders else about, statement)


def _atoms(about: str, statement: dict[str, Any]) -> Iterator[Grant]:
    """Split a statement into single grants."""
    # NotAction, NotResource and NotPrincipal cannot be split: each stays one grant with its own text.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
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


def _lambda_permission(about: str, properties: Template) -> Grant:
    who, action, function = (_text(properties.get(name, "")) for name in ("Principal", "Action", "FunctionName"))
    rest = {key: value for key, value in properties.items() if key not in ("Principal", "Action", "FunctionName")}
    return Grant(about, ALLOW, who, action, function, _text(rest))


def _decoded(document: str) -> Any:
    """Decode a policy that a template holds as JSON text."""
    # An unreadable policy may allow anything: shown whole, it makes the person look.
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
    """Return a template's value as text, with names in place of references and functions."""
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
    """Return the resource's path in CDK, without the stack."""
    path = str(resource.get("Metadata", {}).get("aws:cdk:path", ""))
    return path.partition("/")[2].removesuffix("/Resource") or logical_id
