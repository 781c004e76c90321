"""What the bot's folder gives to a bundle: its code, and the packages that its functions need."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from twbot.lambdas.errors import TwbotError
from twbot.stacks.bundling import packages
from twbot.stacks.bundling.lock import AGAIN, LOCK, needed, requirements
from twbot.stacks.functions import FunctionSpec

# Folders of bot/ that no function needs: photos of people go to a face collection, queries to Athena.
LEFT_OUT = frozenset({"people", "queries"})
NOT_CODE = frozenset({"__pycache__", "tests"})


def files(folder: Path, functions: Iterable[str]) -> dict[str, Path]:
    """Return the files of bot/, and of other modules that functions (`module:name`) are in, by their names."""
    tops = {"bot", *(each.partition(":")[0].partition(".")[0] for each in functions)} - {"twbot"}
    found = [path for top in sorted(tops) for path in (folder / f"{top}.py", *(folder / top).rglob("*"))]
    names = {path.relative_to(folder).as_posix(): path for path in found if path.is_file()}
    return {name: path for name, path in names.items() if _is_code(Path(name))}


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
