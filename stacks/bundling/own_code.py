"""What the bot's folder gives to a bundle: its code, and the packages that its functions need."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from twbot.lambdas.errors import TwbotError
from twbot.stacks.bundling import packages
from twbot.stacks.bundling.lock import AGAIN, LOCK, needed, requirements
from twbot.stacks.functions import FunctionSpec

# Folders of bot/ that no function needs: photos of people go to a face collection, queries to Athena.
LEFT_OUT = frozenset({"people", "queries"})
NOT_CODE = frozenset({"__pycache__", "tests"})


def files(folder: Path, functions: Iterable[str]) -> dict[str, Path]:
    """Return the files of bot/, of other modules that functions (`module:name`) are in, and of what these import.

    By their names. On this machine all of the folder can be imported.
    """
    found: dict[str, Path] = {}
    pending = {"bot", *(each.partition(":")[0].partition(".")[0] for each in functions)}
    seen = {"twbot"}
    while tops := pending - seen:
        seen |= tops
        added = {name: path for top in sorted(tops) for name, path in _files_of(folder, top)}
        pending = {each for name, path in added.items() if name.endswith(".py") for each in _imported(path)}
        found |= added
    return found


def _files_of(folder: Path, top: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a module or package of the folder, with their names."""
    for path in (folder / f"{top}.py", *sorted((folder / top).rglob("*"))):
        name = path.relative_to(folder)
        if path.is_file() and _is_code(name):
            yield name.as_posix(), path


def _imported(path: Path) -> Iterator[str]:
    """Yield the first parts of the names of the modules that a module imports. What is no Python imports nothing."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # whoever calls it hears of it, and check says where
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def is_own(function: str) -> bool:
    """Return whether a function is the folder's, not one of twbot itself."""
    return not function.startswith("twbot.")


def module_file(function: str) -> str:
    """Return the name in a bundle of the module that a function is in."""
    return f"{function.partition(':')[0].replace('.', '/')}.py"


def packages_of(folder: Path, spec: FunctionSpec, *, installed: bool) -> dict[str, Path]:
    """Return the files of the packages that a function's functions of the folder need.

    installed: of the running Python, else of the wheels for Lambda. Raises TwbotError where they are not locked.
    """
    wanted = spec.limits.packages if spec.limits else None
    if installed:
        names = [each.name for each in requirements(folder) if packages.on_lambda(each)] if wanted is None else wanted
        return packages.installed(packages.closure(names))
    locked = needed(folder, wanted)
    ours = packages.closure(spec.packages)
    versions = dict(pin.split(" ", 1)[0].split("==") for pin in packages.pinned(ours))
    for each in locked:
        if versions.get(each.name, each.version) != each.version:
            says = f"{folder / LOCK}: {each.name} {each.version} does not go with twbot's {versions[each.name]}."
            raise TwbotError(says, AGAIN)
    return packages.fetched(each.pin for each in locked) if locked else {}


def _is_code(name: Path) -> bool:
    folders = name.parent.parts
    hidden = any(part.startswith(".") for part in name.parts)
    return not (
        hidden or name.suffix == ".pyc" or NOT_CODE.intersection(folders) or LEFT_OUT.intersection(folders[1:2])
    )
