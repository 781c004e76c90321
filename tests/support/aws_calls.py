"""Which calls to AWS a function makes, read from its code: entry point → ports that it uses → adapters → boto3.

A handler speaks to a port by its name (`media.put`, `self._publisher.publish`, `secrets().keys()`); the adapter behind
the port speaks to AWS as `self._client.put_object`. A handler imports the adapters that it uses and no others.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from tests.support.paths import ROOT

# Names under which code holds a port, by the module of its adapter and the service behind it.
ADAPTERS = {
    "publisher": ("twbot.lambdas.aws.event_bus", "events"),
    "deduplication": ("twbot.lambdas.aws.deduplication", "dynamodb"),
    "media": ("twbot.lambdas.aws.media", "s3"),
    "secrets": ("twbot.lambdas.aws.secrets", "secretsmanager"),
    "own_secrets": ("twbot.lambdas.aws.own_secrets", "secretsmanager"),
    "chatbot": ("twbot.lambdas.aws.lex", "lexv2-runtime"),
    "reply_queue": ("twbot.lambdas.aws.reply_queue", "sqs"),
    "addresses": ("twbot.lambdas.aws.alert_addresses", "ssm"),
    "outcomes": ("twbot.lambdas.aws.alert_outcomes", "dynamodb"),
    "topic": ("twbot.lambdas.aws.alert_topic", "sns"),
    "store": ("twbot.lambdas.aws.reply_store", "dynamodb"),
    "faces": ("twbot.lambdas.aws.face_collection", "rekognition"),
    "attempts": ("twbot.lambdas.aws.attempts", "dynamodb"),
    "persistence_store": ("aws_lambda_powertools.utilities.idempotency.persistence.dynamodb", "dynamodb"),
}
IAM = {"lexv2-runtime": "lex"}
# What the functions of a bot's folder may call, the bot that is shipped does not: tests/stacks/test_own_stack.py.
OWN = frozenset({"twbot.lambdas.aws.functions", "twbot.lambdas.own.bot"})
# Of the bus only they call it.
OWN_CALLS = frozenset({("deduplication", "add")})


def actions_of(name: str) -> set[str]:
    """The IAM actions that lambdas/aws/handlers/<name>.py leads to."""
    modules = _imported(f"twbot.lambdas.aws.handlers.{name}")
    used = {call for module in modules for call in _port_calls(_tree(module))}
    return {action for port, method in used - OWN_CALLS if _is_made(port, modules) for action in _actions(port, method)}


def _is_made(port: str, modules: set[str]) -> bool:
    """Whether the function has the adapter: other objects may have a port's name."""
    return port == "persistence_store" or ADAPTERS[port][0] in modules


def _imported(entry: str) -> set[str]:
    """A module and all of ours that it imports, however indirectly."""
    found: set[str] = set()
    ahead = [entry]
    while ahead:
        module = ahead.pop()
        if module not in found | OWN:
            found.add(module)
            ahead += _imports(_tree(module))
    return found


def _actions(port: str, method: str) -> Iterator[str]:
    """What a method of a port calls, itself or through the methods of its own class."""
    module, service = ADAPTERS[port]
    functions = {node.name: node for node in ast.walk(_tree(module)) if isinstance(node, ast.FunctionDef)}
    ahead, seen = [method] if port != "persistence_store" else [*functions], set()
    while ahead:
        name = ahead.pop()
        if name in functions and name not in seen:
            seen.add(name)
            for node in ast.walk(functions[name]):
                if isinstance(node, ast.Attribute):
                    holder = _name(node.value)
                    if holder == "client":
                        yield _action(service, node.attr)
                    elif holder == "self":
                        ahead.append(node.attr)


def _action(service: str, method: str) -> str:
    operations = get_session().get_service_model(service).operation_names
    names = {xform_name(operation): operation for operation in operations}
    return f"{IAM.get(service, service)}:{names[method]}" if method in names else ""


def _port_calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _name(node.value) in ADAPTERS:
            yield _name(node.value), node.attr
        if isinstance(node, ast.keyword) and node.arg in ADAPTERS:
            yield node.arg, ""


def _name(node: ast.expr) -> str:
    """What an expression is called: `media`, `self._media` and `media()` are all media."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lstrip("_")
        case ast.Call(func=function):
            return _name(function)
    return ""


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("twbot.lambdas"):
            yield str(node.module)
            yield from (
                f"{node.module}.{alias.name}" for alias in node.names if _is_module(f"{node.module}.{alias.name}")
            )


def _is_module(name: str) -> bool:
    return (ROOT / "src" / f"{name.replace('.', '/')}.py").exists()


def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text("utf-8"))
