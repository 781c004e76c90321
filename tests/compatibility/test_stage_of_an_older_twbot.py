"""A stage that an older twbot deployed is updated in place: what holds data or an address is not replaced.

b2bfe1f/templates.json.gz has the templates that twbot made at commit b2bfe1f, for the stages of
tests/support/synthesize.py. Which property replaces a resource is AWS's word: `createOnlyProperties` of the resource
schemas, as cfn-lint ships them.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.support.assemblies import read
from tests.support.synthesize import STAGES

OLDER = Path(__file__).parent / "b2bfe1f" / "templates.json.gz"
# The number in it stands for the content: another content is another resource, made before the old one goes.
NUMBERED_BY_CONTENT = {"AWS::ApiGateway::Deployment", "AWS::Lex::BotVersion"}
# A saved query is its text: it holds no data, and nothing refers to it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html
REPLACED_WITHOUT_LOSS = {("AWS::Athena::NamedQuery", f"/properties/{name}") for name in ("QueryString", "Description")}


@cache
def older(stage: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Of each service its resources, by logical id."""
    templates = msgspec.json.decode(gzip.decompress(OLDER.read_bytes()))[stage]
    return {service: template["Resources"] for service, template in templates.items()}


@cache
def create_only(kind: str) -> tuple[str, ...]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return tuple(schema.get("createOnlyProperties") or ())


def at(resource: dict[str, Any], pointer: str) -> Any:
    """What a JSON pointer leads to: /properties/QueueName; None where it is not given."""
    found: Any = resource.get("Properties", {})
    for name in pointer.removeprefix("/properties/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_no_resource_is_lost(stage: str, assemblies: Path) -> None:
    """Every logical id is still there, in the same stack, and of the same type."""
    newer = read(assemblies, stage).by_service
    lost = [
        (service, name, resource["Type"])
        for service, resources in older(stage).items()
        for name, resource in resources.items()
        if newer[service]["Resources"].get(name, {}).get("Type") != resource["Type"]
        and resource["Type"] not in NUMBERED_BY_CONTENT
    ]
    assert not lost


@pytest.mark.parametrize("stage", STAGES)
def test_no_resource_is_replaced(stage: str, assemblies: Path) -> None:
    """No property changes that CloudFormation can only change by making the resource anew."""
    newer = read(assemblies, stage).by_service
    changed = [
        (service, name, pointer)
        for service, resources in older(stage).items()
        for name, resource in resources.items()
        for pointer in create_only(resource["Type"])
        if (resource["Type"], pointer) not in REPLACED_WITHOUT_LOSS
        and (now := newer[service]["Resources"].get(name))
        and at(now, pointer) != at(resource, pointer)
    ]
    assert not changed


@pytest.mark.parametrize("stage", STAGES)
def test_what_other_stacks_import_is_still_exported(stage: str, assemblies: Path) -> None:
    """CloudFormation refuses to drop an export that a stack imports."""
    templates = msgspec.json.decode(gzip.decompress(OLDER.read_bytes()))[stage]
    newer = read(assemblies, stage).by_service
    for service, template in templates.items():
        outputs = newer[service].get("Outputs", {})
        before = {output["Export"]["Name"] for output in template["Outputs"].values() if "Export" in output}
        now = {output["Export"]["Name"] for output in outputs.values() if "Export" in output}
        assert before <= now
