"""What an operator's credentials have to be allowed: the calls to AWS that the operating commands make, read from their
code.

A call is the name of an operation of a service that has a client: `self._client.start_query(…)`, or
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
# Whoever deploys assumes the CDK's roles; what these do is theirs.
IAM = {"lexv2-runtime": "lex", "stepfunctions": "states"}
# IAM has other names than the API: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTIONS = {
    "s3:DeleteObjects": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    "s3:HeadObject": ["s3:GetObject"],
    "s3:ListObjectVersions": ["s3:ListBucketVersions"],
    "s3:ListObjectsV2": ["s3:ListBucket"],
    "lambda:Invoke": ["lambda:InvokeFunction"],
    "sqs:ChangeMessageVisibilityBatch": ["sqs:ChangeMessageVisibility"],
    "sts:GetCallerIdentity": [],  # allowed to everybody
}
# What Athena does in the name of who asks, and SNS of who publishes to an encrypted topic.
BEHIND = {
    "athena:StartQueryExecution": ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable", "s3:GetBucketLocation"],
    "sns:Publish": ["kms:Decrypt", "kms:GenerateDataKey"],
}
LOOKS = ("Describe", "Filter", "Get", "List", "Query", "Recognize", "Scan", "Check", "StartQuery", "StopQuery")
# To see a dead letter is to take it for a moment; Athena keeps its answers in a bucket.
LOOKS_TOO = {"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "s3:PutObject"}


@functools.cache
def actions() -> frozenset[str]:
    """Every IAM action, as "logs:StartQuery"."""
    trees = [ast.parse(path.read_text("utf-8")) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    services = {service for tree in trees for service in services_of(tree)}
    found = {action for tree in trees for action in _called(tree, services)}
    return frozenset(each for action in found for each in [*ACTIONS.get(action, [action]), *BEHIND.get(action, [])])


def _called(tree: ast.Module, services: set[str]) -> Iterator[str]:
    """A client may come from another module; but many things are called `publish`."""
    names, own = set(_names(tree)), set(services_of(tree))
    for service in services:
        for name, operation in _operations(service).items():
            if name in names and ("_" in name or service in own):
                yield f"{IAM.get(service, service)}:{operation}"


@functools.cache
def _operations(service: str) -> dict[str, str]:
    """The operations of a service, by boto3's names of them."""
    return {xform_name(each): each for each in get_session().get_service_model(service).operation_names}


def services_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="client" | "_client"), args=[ast.Constant(value=str(service)), *_]):
                yield service


def _names(tree: ast.AST) -> Iterator[str]:
    """What is called, or named to what calls it."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Call(args=[ast.Constant(value=str(name)), *_]):
                yield name


def policy() -> str:
    """A statement for who looks, one for who changes, one for who speaks to X with the bot's keys."""
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
| `Keys` | what speaks to X: secrets, webhook, subscription, `send --to`, X's side of status and doctor |

Narrow `Resource` to what begins with `twbot-` and the stage's name, if you like, and to the stage's secret.

```json
{policy}
```

`twbot deploy`, `diff` and `destroy` work through the CDK's own roles: `sts:AssumeRole` on `arn:aws:iam::*:role/cdk-*`.
"""


def permissions(path: Path) -> Iterator[tuple[Path, str]]:
    yield path, PAGE.replace("{policy}", policy())
