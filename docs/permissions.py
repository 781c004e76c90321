"""Finds the IAM actions that an operator needs: the calls to AWS in the code of the operating commands.

A call is the name of an operation of a service that the code has a client of: `self._client.start_query(…)`, or
`get_paginator("list_rules")`.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import msgspec
from botocore import xform_name
from botocore.session import get_session

ROOT = Path(__file__).parents[1]
FOLDERS = ("cli/deploy", "cli/doctor", "cli/operations")
# The commands' own calls only: what the CDK command does, it does with the roles of the bootstrap stack.
# IAM's prefixes that differ from the names of the services' clients.
IAM = {"lexv2-runtime": "lex", "stepfunctions": "states"}
# IAM's actions of operations whose names differ: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTIONS = {
    "s3:DeleteObjects": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    "s3:HeadObject": ["s3:GetObject"],
    "s3:ListObjectVersions": ["s3:ListBucketVersions"],
    "s3:ListObjectsV2": ["s3:ListBucket"],
    "lambda:Invoke": ["lambda:InvokeFunction"],
    "sqs:ChangeMessageVisibilityBatch": ["sqs:ChangeMessageVisibility"],
    "sts:GetCallerIdentity": [],  # allowed to everybody
}
# The actions that Athena uses on behalf of whoever starts a query, and SNS of whoever publishes to an encrypted topic.
BEHIND = {
    "athena:StartQueryExecution": ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable", "s3:GetBucketLocation"],
    "sns:Publish": ["kms:Decrypt", "kms:GenerateDataKey"],
}
# The operations that change nothing begin with these words.
LOOKS = ("Describe", "Filter", "Get", "List", "Query", "Recognize", "Scan", "Check", "StartQuery", "StopQuery")
# Reading a dead letter hides it for a moment, which needs both SQS actions; Athena stores results in a bucket.
LOOKS_TOO = {"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "s3:PutObject"}


@functools.cache
def actions() -> frozenset[str]:
    """Return every IAM action that the commands need, such as logs:StartQuery."""
    trees = [ast.parse(path.read_text("utf-8")) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    services = {service for tree in trees for service in services_of(tree)}
    found = {action for tree in trees for action in _called(tree, services)}
    return frozenset(each for action in found for each in [*ACTIONS.get(action, [action]), *BEHIND.get(action, [])])


def _called(tree: ast.Module, services: set[str]) -> Iterator[str]:
    """Yield the IAM actions of the operations that a module calls."""
    names, own = set(_names(tree)), set(services_of(tree))
    for service in services:
        for name, operation in _operations(service).items():
            # A client may come from another module, so its service is not always in this one. But operations of a
            # single word, such as `publish`, are names of other things, too: they count with the service only.
            if name in names and ("_" in name or service in own):
                yield f"{IAM.get(service, service)}:{operation}"


@functools.cache
def _operations(service: str) -> dict[str, str]:
    """Return a service's operations by the names of boto3's methods."""
    return {xform_name(each): each for each in get_session().get_service_model(service).operation_names}


def services_of(tree: ast.AST) -> Iterator[str]:
    """Yield the services that a module creates clients of."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="client" | "_client"), args=[ast.Constant(value=str(service)), *_]):
                yield service


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield the names of attributes, and first arguments that are strings, as get_paginator takes them."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Call(args=[ast.Constant(value=str(name)), *_]):
                yield name


def policy() -> str:
    """Return the IAM policy as JSON: statements for reading, for changing, and for the keys of X."""
    parts: dict[str, list[str]] = {"Look": [], "Change": [], "Keys": []}
    for each in sorted(actions()):
        parts["Keys" if each.startswith("secretsmanager:") else "Look" if _looks(each) else "Change"].append(each)
    allowed = [{"Sid": sid, "Effect": "Allow", "Action": each, "Resource": "*"} for sid, each in parts.items()]
    document = {"Version": "2012-10-17", "Statement": allowed}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _looks(action: str) -> bool:
    return action.partition(":")[2].startswith(LOOKS) or action in LOOKS_TOO


PAGE = """# What an operator has to be allowed on AWS

Generated from the code of the commands by `make docs`: every call that they make with `--stage`.

| | for |
|---|---|
| `Look` | what changes nothing: status, doctor, tail, trace, logs, metrics, query, rules, `dlq list`, `--dry-run` |
| `Change` | replies, alerts, replay, `dlq redrive` and `purge`, forget |
| `Keys` | what speaks to X: secrets, webhook, subscription, `webhook sample`, X's side of status and doctor |

Narrow `Resource` to what begins with `twbot-` and the stage's name, if you like, and to the stage's secret.

```json
{policy}
```

`twbot deploy`, `diff` and `destroy` work through the CDK's own roles: `sts:AssumeRole` on `arn:aws:iam::*:role/cdk-*`.
"""


def permissions(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of the page about permissions."""
    yield path, PAGE.replace("{policy}", policy())
