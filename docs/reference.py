"""Writes the reference of a bot's folder: every key of its files, and every public name, from the code itself."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

import twbot.bot
import twbot.testing
from docs.name_examples import EXAMPLES
from twbot.lambdas.folder import records
from twbot.lambdas.settings import Settings
from twbot.local.conversations.records import Conversation
from twbot.stacks.config import AwsConfig, Detectors

HEADER = """# The folder of a bot: reference

Generated from the code by `make docs`. [The tutorial](tutorial.md) leads through most of it.

The bot is the folder in which a command is called, or `--project FOLDER`, or the variable `TWBOT_PROJECT`. A folder is
a bot where it has `twbot.toml` or `bot/`. What it leaves out is as in the bot that twbot ships, which is such a folder,
too (`lambdas/default_bot`). `twbot check` names the file, the line and the nearest right key of what is wrong.

| file | |
|---|---|
| `twbot.toml` | what the bot does: the tables below |
| `bot/chatbot.toml`, `bot/chatbot.<language>.toml` | intents, utterances, replies |
| `bot/wording.<language>.toml` | sentences that are to read otherwise: `name = "text"`; `twbot wording` lists them |
| `bot/events.toml` | fields of the bot's own events: `[ORDER_ASKED]` and below it `number = "integer"` |
| `bot/*.py` | functions, named as `bot.orders:status`; modules beside bot/ that they import come along |
| `bot/queries/*.sql` | saved queries; one with a name of twbot's replaces it |
| `bot/people/<name>/*.jpg` | faces to recognise, one to a photo |
| `tests/conversations.toml` | what `twbot test` says to the bot, and expects |
| `requirements.txt`, `twbot.lock` | packages of the functions, and their hashes: `twbot lock` writes the second |

A type of an own event is capitals, digits and underscores. A field is text, integer, number, boolean or time.
"""
TABLES: dict[str, tuple[str, type[msgspec.Struct], tuple[str, ...]]] = {
    "[bot]": ("twbot.toml", records.BotTable, ()),
    "[[rules]]": ("twbot.toml", records.OwnRule, ("name", "when", "run", "to", "replays")),
    "[answers]": ("twbot.toml", records.Answers, ("texts", "images")),
    "[[steps]]": ("twbot.toml", records.Step, ("name", "of", "run")),
    "[alerts]": ("twbot.toml", records.Alerts, ()),
    "[llm]": ("twbot.toml", records.Llm, ()),
    "[stages.<name>]": ("twbot.toml", Settings, ()),
    "[stages.<name>.aws]": ("twbot.toml", AwsConfig, ()),
    "[stages.<name>.aws.detectors]": ("twbot.toml", Detectors, ()),
    "[[rules.allow]]": ("twbot.toml", records.Permission, ()),
    "[[intents]]": ("bot/chatbot.toml", records.Intent, ()),
    "[fallback]": ("bot/chatbot.toml", records.Fallback, ()),
    "[[conversations]]": ("tests/conversations.toml", Conversation, ()),
}


def reference(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of the reference."""
    about, _, example = inspect.cleandoc(twbot.bot.__doc__ or "").partition("\n\n")
    parts = [HEADER, *(_table(title, *found) for title, found in TABLES.items())]
    parts.append(f"\n## twbot.bot\n\n{about}\n\n```python\n{textwrap.dedent(example)}\n```\n")
    parts += [_public(name, getattr(twbot.bot, name)) for name in twbot.bot.__all__]
    parts.append(_testing())
    yield path, "".join(parts)


def _testing() -> str:
    """Return the section about the fixture for pytest."""
    about, _, example = inspect.cleandoc(twbot.testing.__doc__ or "").partition("\n\n")
    says = _method("says", twbot.testing.TestedBot.says).replace("####", "###")
    secrets = f"The fixture `bot_secrets`: {_one_line(twbot.testing.secrets_of.__doc__ or '')}"
    return f"\n## pytest\n\n{about}\n\n```python\n{example}\n```\n\n{secrets}\n{says}"


def _table(title: str, file: str, record: type[msgspec.Struct], first: tuple[str, ...]) -> str:
    fields = {field.encode_name: field for field in msgspec.structs.fields(record)}
    said = _descriptions(record)
    names = [*first, *(name for name in fields if name not in first)]
    rows = (
        f"| `{name}` | {_type(fields[name].type)} | {_default(fields[name])} | {said.get(fields[name].name, '')} |\n"
        for name in names
    )
    doc = _one_line(record.__doc__ or "")
    about = (doc.partition(": ")[2] or doc).removeprefix(f"{title}.").strip()
    about = about[:1].upper() + about[1:]
    return f"\n## `{title}`\n\nIn `{file}`. {about}\n\n| key | type | default | |\n|---|---|---|---|\n" + "".join(rows)


def _descriptions(record: type) -> dict[str, str]:
    """Return the docstrings below the fields of a record and of those that it inherits."""
    found: dict[str, str] = {}
    for each in reversed(record.__mro__):
        if each.__module__.startswith("twbot."):
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
            for field, text in zip(tree.body, tree.body[1:], strict=False):  # type: ignore[attr-defined]
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(text, ast.Expr)
                    and isinstance(text.value, ast.Constant)
                ):
                    found[ast.unparse(field.target)] = _one_line(str(text.value.value)).replace("|", "\\|")
    return found


def _type(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict or (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return "table"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(kind, str(kind))


def _described(kind: Any) -> str:
    """Return the description that a contract gives a field."""
    found = (each.description for each in get_args(kind) if isinstance(each, msgspec.Meta) and each.description)
    return next(found, "").replace("|", "\\|")


def _default(field: Any) -> str:
    if field.required:
        return "needed"
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(default, msgspec.Struct) or default is None or default in ([], {}, ""):
        return ""
    return f"`{msgspec.json.encode(default).decode()}`"


def _public(name: str, found: Any) -> str:
    text = f"\n### {name}\n\n{inspect.cleandoc(found.__doc__ or '')}\n"
    text += f"\n```python\n{EXAMPLES[name].strip()}\n```\n"
    if isinstance(found, type) and issubclass(found, msgspec.Struct):
        fields = msgspec.structs.fields(found)
        rows = (f"| `{each.name}` | {_type(each.type)} | {_described(each.type)} |\n" for each in fields)
        return text + "\n| field | type | |\n|---|---|---|\n" + "".join(rows)
    methods = [each for each in vars(found).items() if inspect.isfunction(each[1]) and not each[0].startswith("_")]
    return text + "".join(_method(*each) for each in methods if name == "Bot")


def _method(name: str, function: Any) -> str:
    signature = str(inspect.signature(function)).replace("self, ", "").replace("'", "")
    return f"\n#### bot.{name}{signature}\n\n{inspect.cleandoc(function.__doc__ or '')}\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
