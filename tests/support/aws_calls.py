"""Which calls to AWS a function makes, read from its code: entry point → ports that it uses → adapters → boto3.

A handler speaks to a port by its name (`media.put`, `self._publisher.publish`, `secrets().keys()`); the adapter behind
the port speaks to AWS as `self._client.put_object` or, where it keeps another adapter, through that one.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from tests.support.paths import ROOT

ROOT_MODULE = "twbot.lambdas.aws.bootstrap"
# Names under which code holds a port, by the module of its adapter and the service behind it.
ADAPTERS = {
    "publisher": ("twbot.lambdas.aws.event_bus", "events"),
    "deduplication": ("twbot.lambdas.aws.deduplication", "dynamodb"),
    "media": ("twbot.lambdas.aws.media", "s3"),
    "secrets": ("twbot.lambdas.aws.secrets", "secretsmanager"),
    "chatbot": ("twbot.lambdas.aws.lex", "lexv2-runtime"),
    "reply_queue": ("twbot.lambdas.aws.reply_queue", "sqs"),
    "addresses": ("twbot.lambdas.aws.alert_addresses", "ssm"),
    "outcomes": ("twbot.lambdas.aws.alert_outcomes", "dynamodb"),
    "store": ("twbot.lambdas.aws.reply_store", "dynamodb"),
    "persistence_store": ("aws_lambda_powertools.utilities.idempotency.persistence.dynamodb", "dynamodb"),
}
# Ports that the root makes within the maker of what holds them.
INSIDE_A_MAKER = {"persistence_store", "store"}
IAM = {"lexv2-runtime": "lex"}


def actions_of(name: str) -> set[str]:
    """The IAM actions that lambdas/aws/handlers/<name>.py leads to."""
    entry = f"twbot.lambdas.aws.handlers.{name}"
    made, modules = _made_for(_tree(entry))
    used = {call for module in _reachable({entry, *modules}) for call in _port_calls(_tree(module))}
    return {action for port, method in used if port in made for action in _actions(port, method)}


def _made_for(entry: ast.Module) -> tuple[set[str], set[str]]:
    """What the composition root makes for an entry point: the ports, and the modules that then use them."""
    root = _tree(ROOT_MODULE)
    makers = {node.name: node for node in root.body if isinstance(node, ast.FunctionDef)}
    imports = (node for node in ast.walk(entry) if isinstance(node, ast.ImportFrom) and node.module == ROOT_MODULE)
    ahead = [alias.name for node in imports for alias in node.names]
    made: set[str] = set()
    modules: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name in makers and name not in made:
            made.add(name)
            ahead += [node.id for node in ast.walk(makers[name]) if isinstance(node, ast.Name)]
            modules |= {module for module in _imports(makers[name]) if not module.startswith("twbot.lambdas.aws")}
    return made | INSIDE_A_MAKER, modules


def _reachable(modules: set[str]) -> set[str]:
    """These modules of ours and all that they import, but for the root: nobody uses all that it can make."""
    found: set[str] = set()
    ahead = [*modules]
    while ahead:
        module = ahead.pop()
        if module not in found and module != ROOT_MODULE:
            found.add(module)
            ahead += _imports(_tree(module))
    return found


def _actions(port: str, method: str) -> Iterator[str]:
    """What a method of a port calls, itself or through the methods of its own class and the ports it keeps."""
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
                    elif holder in ADAPTERS and holder != port:
                        yield from _actions(holder, node.attr)
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
