"""twbot.lock: the packages that the functions of the bot's folder need, with versions and hashes.

It is a requirements file of pip's. Two comments at its top say what it was made from, and one below a package what that
needs on Lambda.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.text_files import decode_text
from twbot.stacks.bundling.packages import RUNTIME, canonical, closure, pinned

if TYPE_CHECKING:
    from packaging.requirements import Requirement

REQUIREMENTS, LOCK = "requirements.txt", "twbot.lock"
AGAIN = "Type: twbot lock"
# What the bundles that hold functions of the folder have of ours: these versions are the functions', too.
OURS = (
    *("anyascii", "aws-lambda-powertools", "manimgx-fonts", "msgspec", "pillow", "requests", "twitter-text-parser"),
)
_MADE_FROM = re.compile(r"^# (requirements|twbot's packages): ([0-9a-f]+)$", re.MULTILINE)
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)[^\n]*\n", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NEEDS = re.compile(r"^    # on Lambda(?:, needs: (.*))?$", re.MULTILINE)


class Package(NamedTuple):
    """A locked package."""

    name: str
    version: str
    hashes: tuple[str, ...]
    """SHA-256 of its files, for Lambda and for the machine that it was locked on."""
    needs: tuple[str, ...] | None
    """What it needs on Lambda; None: it is not for Lambda."""

    @property
    def pin(self) -> str:
        """Return its lines in a requirements file."""
        return " \\\n".join([f"{self.name}=={self.version}", *(f"    --hash=sha256:{each}" for each in self.hashes)])


class LockProblem(NamedTuple):
    """Why the packages of a folder cannot be bundled."""

    says: str
    fix: str


def requirements(folder: Path) -> list[Requirement]:
    """Return the requirements of requirements.txt; none where it is not there. Raises TwbotError: file, line, fault."""
    from packaging.requirements import InvalidRequirement, Requirement

    path = folder / REQUIREMENTS
    try:
        lines = decode_text(path.read_bytes()).splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, start=1):
        written = re.sub(r"(^|\s)#.*", "", line).strip()
        if not written:
            continue
        try:
            found.append(Requirement(written))
        except InvalidRequirement as error:
            hint = "A line is a package's name and versions, such as httpx>=0.28; twbot.lock has the hashes"
            raise TwbotError(f"{path}:{number}: {written!r}: {str(error).splitlines()[0]}", hint) from None
    return found


def read_lock(folder: Path) -> dict[str, Package]:
    """Return the packages of twbot.lock by name. Raises TwbotError where there is none."""
    try:
        text = decode_text((folder / LOCK).read_bytes())
    except FileNotFoundError:
        raise TwbotError(f"{folder / REQUIREMENTS} is not locked.", AGAIN) from None
    starts = [*_PIN.finditer(text)]
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start[1]: _package(start, text[start.end() : end]) for start, end in zip(starts, ends, strict=True)}


def written_lock(packages: Iterable[Package], made_from: Mapping[str, str], lambda_only: frozenset[str]) -> str:
    """Return the text of twbot.lock. `lambda_only`: the packages that this machine does not need."""
    lines = [f"# Written by `twbot lock` from {REQUIREMENTS}. Change that file, then type it again."]
    lines += [f"# {name}: {digest}" for name, digest in made_from.items()]
    for each in packages:
        pin, *hashes = each.pin.splitlines()
        if each.name in lambda_only:
            pin = pin.replace(" \\", " ; platform_machine == 'aarch64' and python_version == '3.13' \\")
        lines += [pin, *hashes]
        if each.needs is not None:
            lines.append("    # on Lambda" + (f", needs: {' '.join(each.needs)}" if each.needs else ""))
    return "\n".join(lines) + "\n"


def made_from(folder: Path) -> dict[str, str]:
    """Return the digests of what a lock is made from."""
    wanted = sorted(f"{canonical(each.name)} {each}" for each in requirements(folder))
    return {"requirements": _digest(wanted), "twbot's packages": _digest(our_pins())}


def our_pins() -> list[str]:
    """Return the versions of the packages of ours that the functions of a folder meet: name==version."""
    return [pin.split(" ", 1)[0] for pin in pinned(closure(OURS))]


def lock_problems(folder: Path) -> list[LockProblem]:
    """Return why the packages of a folder cannot be bundled: not locked, or locked for something else."""
    if not requirements(folder):
        return []
    path = folder / LOCK
    if not path.is_file():
        return [LockProblem(f"{REQUIREMENTS} is not locked.", AGAIN)]
    locked = dict(_MADE_FROM.findall(decode_text(path.read_bytes())))
    now = made_from(folder)
    if locked.get("requirements") != now["requirements"]:
        return [LockProblem(f"{LOCK} is older than {REQUIREMENTS}.", AGAIN)]
    if locked != now:
        return [LockProblem(f"{LOCK} was made for another version of twbot, with other packages.", AGAIN)]
    return []


def not_installed(folder: Path) -> list[str]:
    """Return what of twbot.lock this Python lacks or has in another version; nothing where there is no lock."""
    path = folder / LOCK
    text = decode_text(path.read_bytes()) if path.is_file() else ""
    # A line with a marker is for Lambda alone.
    pins = {found[1]: found[2] for found in _PIN.finditer(text) if ";" not in found[0]}
    return [f"{name} {version}" for name, version in pins.items() if _version(name) != version]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def needed(folder: Path, names: Iterable[str] | None) -> list[Package]:
    """Return what functions need on Lambda: these packages of requirements.txt and theirs; None: all of them.

    Raises TwbotError where it is not locked.
    """
    from twbot.stacks.bundling.packages import on_lambda

    declared = {canonical(each.name) for each in requirements(folder) if on_lambda(each)}
    wanted = declared if names is None else {canonical(name) for name in names}
    if not wanted:
        return []
    if problems := lock_problems(folder):
        raise TwbotError(f"{folder}: {problems[0].says}", problems[0].fix)
    locked = read_lock(folder)
    pending, found = sorted(wanted), dict[str, Package]()
    while pending:
        name = pending.pop()
        if name in found or (name in RUNTIME and name not in declared):
            continue
        if name not in locked or locked[name].needs is None:
            raise TwbotError(f"{folder / LOCK} has no {name}.", f"Add it to {REQUIREMENTS}, then: twbot lock")
        found[name] = locked[name]
        pending += locked[name].needs or ()
    return [found[name] for name in sorted(found)]


def _package(start: re.Match[str], rest: str) -> Package:
    needs = _NEEDS.search(rest)
    return Package(start[1], start[2], tuple(_HASH.findall(rest)), tuple((needs[1] or "").split()) if needs else None)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
