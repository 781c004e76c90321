"""Reading synthesized templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Json = Any


class Resource(NamedTuple):
    service: str
    id: str
    body: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.body["Type"])

    @property
    def properties(self) -> dict[str, Any]:
        return dict(self.body.get("Properties", {}))


class Templates(NamedTuple):
    """The templates of one stage, by service."""

    by_service: dict[str, dict[str, Any]]

    def resources(self, kind: str = "") -> list[Resource]:
        return [
            Resource(service, name, body)
            for service, template in self.by_service.items()
            for name, body in template["Resources"].items()
            if kind in ("", body["Type"])
        ]

    def one(self, kind: str, service: str | None = None) -> Resource:
        (found,) = (one for one in self.resources(kind) if service in (None, one.service))
        return found

    def at(self, service: str, reference: Json) -> Resource | None:
        """The resource of this service that a Ref, GetAtt or joined ARN is about."""
        name = next(iter(names_in(reference)), None)
        body = self.by_service[service]["Resources"].get(name)
        return Resource(service, str(name), body) if body else None

    def statements(self) -> Iterator[tuple[Resource, dict[str, Any]]]:
        """Every IAM statement that allows something, and where it stands."""
        for resource in self.resources():
            for statement in _statements(resource.properties):
                if statement.get("Effect") == "Allow":
                    yield resource, statement


def names_in(value: Json) -> Iterator[str]:
    """The logical ids that a value refers to."""
    if isinstance(value, list):
        for one in value:
            yield from names_in(one)
    elif isinstance(value, dict):
        if "Ref" in value and not value["Ref"].startswith("AWS::"):
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        else:
            yield from names_in(list(value.values()))


def text(value: Json) -> str:
    """A string of a template, joins joined, with {names} where values come in."""
    match value:
        case str():
            return value
        case {"Fn::Join": [glue, parts]}:
            return str(glue).join(map(text, parts))
        case {"Ref": name}:
            return f"{{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{{{name}.{attribute}}}"
        case {"Fn::ImportValue": name}:
            return f"{{{text(name)}}}"
    raise AssertionError(value)


def as_list(value: Json) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(value: Json) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _statements(one)
    elif isinstance(value, dict):
        if "Effect" in value and "Action" in value:
            yield value
        else:
            yield from _statements(list(value.values()))
