"""Makes twbot.lock: pip resolves requirements.txt for Lambda and for this machine, and installs nothing.

pip evaluates markers with the Python that runs it, whatever --python-version says. So what the packages need on Lambda
is followed here, by their metadata: https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement

from twbot.lambdas.errors import TwbotError
from twbot.stacks.bundling.lock import LOCK, REQUIREMENTS, Package, made_from, our_pins, requirements, written_lock
from twbot.stacks.bundling.packages import PLATFORMS, PYTHON, canonical, on_lambda


def _only_wheels(python: str, platforms: Sequence[str]) -> tuple[str, ...]:
    """Return pip's options for another Python on another machine."""
    places = [option for platform in platforms for option in ("--platform", platform)]
    return ("--only-binary=:all:", "--python-version", python, "--implementation", "cp", "--target", ".", *places)


_FOR_LAMBDA = _only_wheels(PYTHON, PLATFORMS)
# Where else the lock is installed, by a colleague or in CI: files for these are allowed, too, where there are any.
_LINUX, _MAC = ("manylinux_2_28_", "manylinux_2_17_", "manylinux2014_"), ("macosx_14_0_", "macosx_11_0_")
_ELSEWHERE = tuple(
    (version, tuple(f"{prefix}{machine}" for prefix in prefixes))
    for version in ("3.11", "3.12", "3.13", "3.14")
    for machine, prefixes in (
        ("x86_64", _LINUX),
        ("aarch64", _LINUX),
        ("arm64", _MAC),
        ("x86_64", _MAC),
        ("amd64", ("win_",)),
    )
)


class Resolved(NamedTuple):
    """A package that pip would install."""

    name: str
    version: str
    hash: str
    requires: tuple[Requirement, ...]
    is_pure: bool
    """Whether the same file serves every machine."""


def lock(folder: Path) -> list[Package]:
    """Write twbot.lock and return what is in it. Raises TwbotError where a package cannot be had."""
    wanted = requirements(folder)
    there = _on_lambda([each for each in wanted if on_lambda(each)])
    here = _resolved(wanted, [*our_pins(), *(f"{each.name}=={each.version}" for each in there.values())], ())
    needs = {name: tuple(sorted(_needs(there[name], there, wanted))) for name in there}
    found = {name: [each for each in (there.get(name), here.get(name)) if each] for name in sorted({*there, *here})}
    hashes = {name: {each.hash for each in both} for name, both in found.items()}
    for each in _elsewhere([both[0] for both in found.values() if not all(one.is_pure for one in both)]):
        hashes[each.name].add(each.hash)
    packages = [
        Package(name, both[0].version, tuple(sorted(hashes[name])), needs.get(name)) for name, both in found.items()
    ]
    text = written_lock(packages, made_from(folder), frozenset(there.keys() - here.keys()))
    (folder / LOCK).write_text(text, encoding="utf-8")
    return packages


def _elsewhere(packages: Sequence[Resolved]) -> Iterator[Resolved]:
    """Yield the files of packages for other machines and Pythons; none where there is no wheel."""
    pins = [Requirement(f"{each.name}=={each.version}") for each in packages]
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda place: _wheels(pins, *place), _ELSEWHERE if pins else ()):
            yield from found


def _wheels(pins: Sequence[Requirement], python: str, platforms: Sequence[str]) -> list[Resolved]:
    options = (*_only_wheels(python, platforms), "--no-deps")
    try:
        return list(_resolved(pins, (), options).values())
    except TwbotError:  # one of them has none
        return [] if len(pins) == 1 else [found for pin in pins for found in _wheels([pin], python, platforms)]


def _on_lambda(wanted: Sequence[Requirement]) -> dict[str, Resolved]:
    """Return what the requirements need on Lambda."""
    asked = [_without_marker(each) for each in wanted]
    while True:
        found = _resolved(asked, our_pins(), _FOR_LAMBDA)
        reached, missing = _closure(wanted, found)
        if not missing:
            return {name: found[name] for name in sorted(reached)}
        asked += missing


def _closure(wanted: Sequence[Requirement], found: dict[str, Resolved]) -> tuple[set[str], list[Requirement]]:
    """Return the names that are needed on Lambda, and the requirements of those that pip left out."""
    pending, reached, missing = [*wanted], set[tuple[str, frozenset[str]]](), list[Requirement]()
    while pending:
        each = pending.pop()
        key = (canonical(each.name), frozenset(each.extras))
        if key[0] not in found:
            missing.append(_without_marker(each))
        elif key not in reached:
            reached.add(key)
            pending += _requires(found[key[0]], each.extras)
    return {name for name, _ in reached}, missing


def _needs(package: Resolved, all_of_them: dict[str, Resolved], wanted: Sequence[Requirement]) -> Iterator[str]:
    """Yield the names of what a package needs, with all extras that anybody asks of it."""
    asking = [*wanted, *(each for one in all_of_them.values() for each in one.requires)]
    extras = {extra for each in asking if canonical(each.name) == package.name for extra in each.extras}
    yield from {canonical(each.name) for each in _requires(package, extras)} & all_of_them.keys()


def _requires(package: Resolved, extras: set[str]) -> list[Requirement]:
    return [each for each in package.requires if any(on_lambda(each, extra) for extra in ("", *sorted(extras)))]


def _without_marker(requirement: Requirement) -> Requirement:
    bare = Requirement(str(requirement))
    bare.marker = None
    return bare


def _resolved(wanted: Sequence[Requirement], constraints: Sequence[str], options: Sequence[str]) -> dict[str, Resolved]:
    if not wanted:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        asked, bounds, report = (Path(folder) / name for name in ("asked.txt", "bounds.txt", "report.json"))
        asked.write_text("".join(f"{each}\n" for each in wanted), encoding="utf-8")
        bounds.write_text("".join(f"{each}\n" for each in constraints), encoding="utf-8")
        pip = [
            sys.executable,
            "-P",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--dry-run",
            "--ignore-installed",
        ]
        files = ["--quiet", "--report", str(report), "-c", str(bounds), "-r", str(asked)]
        done = subprocess.run([*pip, *options, *files], capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603
        if done.returncode:
            raise TwbotError(_why(done.stderr, for_lambda=bool(options)), _hint(done.stderr, for_lambda=bool(options)))
        found = (_read(each) for each in json.loads(report.read_bytes())["install"])
        return {each.name: each for each in found}


def _read(installed: dict[str, Any]) -> Resolved:
    metadata = installed["metadata"]
    name = canonical(metadata["name"])
    digest = installed["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
    if digest is None:
        raise TwbotError(
            f"{REQUIREMENTS}: {name} comes from no package index and has no hash.", "Name a released version of it"
        )
    requires = tuple(Requirement(each) for each in metadata.get("requires_dist", ()))
    is_pure = installed["download_info"]["url"].endswith("-none-any.whl")
    return Resolved(name, metadata["version"], digest, requires, is_pure)


def _why(said: str, *, for_lambda: bool) -> str:
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    where = f"on Lambda (Python {PYTHON}, arm64)" if for_lambda else "on this machine"
    return f"{REQUIREMENTS} cannot be had {where}: {errors[0] if errors else 'pip said nothing'}"


def _hint(said: str, *, for_lambda: bool) -> str:
    if "No module named pip" in said:
        return "Install pip into this environment: python -m ensurepip"
    if "conflict" in said.lower() or "ResolutionImpossible" in said:
        ours = ", ".join(our_pins())
        return f"Ask for other versions. The functions' bundles have these already, from twbot: {ours}"
    if for_lambda:
        return "Take a version that has a wheel for it. On one machine alone no lock is needed: pip install -r"
    return "Try: python -m pip install -r requirements.txt"
