"""The packages in the bundles: a function's requirements, and their files from wheels or from the running Python."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement

from twbot.lambdas.errors import TwbotError

LOCK = Path(__file__).parents[2] / "requirements" / "dev.txt"
# Packages of Lambda's runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "urllib3", "jmespath", "python-dateutil", "six"})
PYTHON = "3.13"
# Lambda's python3.13 runs on Amazon Linux 2023, whose glibc 2.34 loads all of these: https://peps.python.org/pep-0600/
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)
# What markers are evaluated with: the Python that runs the function, whatever Python bundles it.
_LAMBDA = {
    "implementation_name": "cpython",
    "implementation_version": f"{PYTHON}.0",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
    "extra": "",
}
# What differs from one installation to the next, or only serves one.
_LEFT_OUT_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "py.typed"})
_LEFT_OUT_FOLDERS = frozenset({"__pycache__", "tests", "test", "bin", "Scripts"})
_LEFT_OUT_ENDINGS = (".pyc", ".pyi", ".c", ".h")


def cache() -> Path:
    """Return the user's cache folder of twbot."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twbot"


def closure(names: Iterable[str]) -> list[str]:
    """Return the packages and their requirements, without extras and without the packages of Lambda's runtime."""
    pending, found = [*names], set[str]()
    while pending:
        name = canonical(pending.pop())
        if name not in found | RUNTIME:
            found.add(name)
            pending += _requires(name)
    return sorted(found)


def canonical(name: str) -> str:
    """Return the normalized name: https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of the packages installed in the running Python, by their names in a bundle."""
    return {
        str(file): Path(str(distribution.locate_file(file)))
        for distribution in map(_distribution, names)
        for file in distribution.files or ()
        if is_shipped(PurePosixPath(file))
    }


def downloaded(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of the packages' wheels for Lambda, by their names in a bundle. Raises TwbotError."""
    return fetched(pinned(names))


def fetched(pins: Iterable[str]) -> dict[str, Path]:
    """Return the files of the wheels for Lambda of these lines of a lock, by their names in a bundle."""
    requirements = "\n".join(pins) + "\n"
    digest = hashlib.sha256(f"{PYTHON}{PLATFORMS}{requirements}".encode()).hexdigest()
    folder = cache() / "packages" / digest[:32]
    if not folder.exists():
        _download(requirements, folder)
    files = {str(path.relative_to(folder).as_posix()): path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in files.items() if is_shipped(PurePosixPath(name))}


def pinned(names: Iterable[str]) -> Iterator[str]:
    """Yield each package's lines of the lock file, hashes included. Raises TwbotError for a package not in it."""
    text = LOCK.read_text()
    starts = [*_PIN.finditer(text)]
    ends = [start.start() for start in starts[1:]] + [len(text)]
    pins = {start[1]: text[start.start() : end].rstrip() for start, end in zip(starts, ends, strict=True)}
    for name in names:
        if name not in pins:
            raise TwbotError(f"{name} is not in {LOCK.name}: make lock")
        yield pins[name]


def is_shipped(file: PurePosixPath) -> bool:
    """Return whether a package's file goes into a bundle."""
    return not (
        file.name in _LEFT_OUT_FILES
        or file.name.endswith(_LEFT_OUT_ENDINGS)
        or ".." in file.parts
        or _LEFT_OUT_FOLDERS.intersection(file.parts)
    )


def on_lambda(requirement: Requirement, extra: str = "") -> bool:
    """Return whether a requirement holds on Lambda. `extra`: the extra of the package whose requirement it is."""
    return requirement.marker is None or requirement.marker.evaluate({**_LAMBDA, "extra": extra})


def _requires(name: str) -> Iterator[str]:
    for line in _distribution(name).requires or ():
        requirement = Requirement(line)
        if on_lambda(requirement):
            yield requirement.name


def _distribution(name: str) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise TwbotError(f"{name} is not installed: pip install 'twbot[aws]'") from None


def _download(lock: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Installed aside and renamed: another process never finds half a folder in the cache.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as fresh:
        requirements, target = Path(fresh) / "requirements.txt", Path(fresh) / "packages"
        requirements.write_text(lock)
        done = subprocess.run(_pip(requirements, target), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise TwbotError(f"The packages for Lambda cannot be had: {last}")
        try:
            target.rename(folder)
        except OSError:  # another process has downloaded the same packages
            if not folder.exists():
                raise


def _pip(requirements: Path, target: Path) -> list[str]:
    platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
    # pip installs for another platform only without building, and only into --target. Compiled .pyc files are those of
    # the running Python, not of Lambda's. https://pip.pypa.io/en/stable/cli/pip_install/
    options = ["--only-binary=:all:", "--require-hashes", "--no-deps", "--no-compile", "--quiet"]
    of_lambda = ["--python-version", PYTHON, "--implementation", "cp", *platforms]
    pip = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "install"]
    return [*pip, *options, *of_lambda, "--target", str(target), "-r", str(requirements)]
