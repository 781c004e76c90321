"""Builds the zip of each function: only the modules that it imports, the same bytes each time, without Docker.

Packages come as wheels for Lambda (Python 3.13 on arm64), pinned and hashed in requirements/dev.txt. Shared libraries
are stripped of debug information. Finished zips are cached by their content. TWBOT_BUNDLES=installed takes the packages
of the running Python instead: for tests, and for AWS emulators that run functions on this machine.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from twbot.lambdas.environment import BUNDLES
from twbot.lambdas.folder.folder import COMPILED, bot_folder, project
from twbot.stacks.bundling import own_code, packages
from twbot.stacks.bundling.libraries import only_loaded
from twbot.stacks.functions import FunctionSpec, functions

# The folder that holds `twbot`: src/ in a checkout, site-packages of an installed one.
ROOT = Path(__file__).parents[3]
# A fixed date keeps the zip the same bytes; zip files know none before 1980:
# https://docs.python.org/3/library/zipfile.html#zipfile.ZipInfo
EPOCH = (1980, 1, 1, 0, 0, 0)
INSTALLED = "installed"
# The module that reads the shipped sentences, and their files.
WORDING, SENTENCES = "twbot/lambdas/folder/wording_file.py", "twbot/lambdas/default_bot/bot/wording."
# Of these packages only the imported modules are bundled. Others load modules by name or hold data: they go in whole.
ONLY_IMPORTED = frozenset({"twbot", "aws_lambda_powertools", "oauthlib", "PIL"})
FONTS = "manimgx-fonts"
# Left out for the bundles' size: Pillow's modules that no function calls, with their libraries; Powertools' router,
# which one function imports only for pydantic's models; the compiled parts of charset_normalizer, which only make its
# guesses faster, and no function waits for those.
UNUSED = (
    "aws_lambda_powertools/event_handler/*",
    "charset_normalizer/*.so",
    *(f"PIL/_{part}.*" for part in ("avif", "imagingcms", "imagingmath", "imagingmorph", "imagingtk")),
    *(f"pillow.libs/lib{library}-*" for library in ("avif", "lcms2")),
)
UNUSED_WITHOUT_FONTS = (
    "PIL/_imagingft.*",
    *(f"pillow.libs/lib{library}-*" for library in ("freetype", "harfbuzz", "png16", "brotlicommon", "brotlidec")),
)


class Bundle(NamedTuple):
    """A finished zip."""

    path: Path
    digest: str
    """SHA-256 of the files' names and contents, in hexadecimal."""
    size: int
    """The size of its files, unzipped, in bytes."""


def bundle(name: str, source: str | None = None) -> Bundle:
    """Build the bundle of a function of stacks/functions.py, or take it from the cache.

    `source`: wheels or installed; None for what TWBOT_BUNDLES says. Raises TwbotError for an unavailable package.
    """
    spec = functions()[name]
    paths = contents(spec, source or os.environ.get(BUNDLES.name, "wheels"))
    files = {file: _shipped(path) for file, path in paths.items()}
    if spec.has_folder:
        files[COMPILED] = msgspec.json.encode(bot_folder())
    files = dict(sorted(files.items()))
    digest = _digest(files)
    path = packages.cache() / "bundles" / f"{name}-{digest[:32]}.zip"
    if not path.exists():
        _write(path, files)
    return Bundle(path, digest, sum(map(len, files.values())))


def contents(spec: FunctionSpec, source: str) -> dict[str, Path]:
    """Return the files of a bundle by their names in it."""
    names = packages.closure(spec.packages)
    found = packages.installed(names) if source == INSTALLED else packages.downloaded(names)
    found = {name: path for name, path in found.items() if not _is_unused(name, spec)}
    own, theirs = _of_folder(spec, source == INSTALLED)
    entries = [spec.entry, *(name for name in own if name.endswith(".py"))]
    imported = closure([*entries, *map(own_code.module_file, spec.runs)], {**found, **ours(), **own})
    if WORDING in imported:
        imported |= {name: path for name, path in ours().items() if name.startswith(SENTENCES)}
    # Imports of extension modules cannot be traced, so native libraries go in whole.
    whole = {name: path for name, path in found.items() if _is_native(name) or not _is_traced(name)}
    return {**whole, **imported, **own, **theirs}


def _of_folder(spec: FunctionSpec, installed: bool) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return the files of the bot's folder, and those of the packages that its functions need."""
    if not any(map(own_code.is_own, spec.runs)):
        return {}, {}
    own = own_code.files(project(), bot_folder().all_functions)
    return own, own_code.packages_of(project(), spec, installed=installed)


def ours() -> dict[str, Path]:
    """Return our own files that a bundle may hold, by their names in it."""
    package = ROOT / "twbot"
    files = [*package.glob("*.py"), *(package / "lambdas").rglob("*.*")]
    return {path.relative_to(ROOT).as_posix(): path for path in files if path.suffix != ".pyc"}


# Written here because modulefinder and modulegraph2 follow what stands under TYPE_CHECKING,
# look for modules as this Python does, and know neither the files for another platform nor data files.
def closure(entries: Sequence[str], files: dict[str, Path]) -> dict[str, Path]:
    """Return the `entries` with every module that they import, directly or indirectly, out of `files`.

    Imports within functions count. So does a JSON file beside a module that names it in a string.
    """
    pending, found = [*entries], dict[str, Path]()
    while pending:
        name = pending.pop()
        if name in files and name not in found:
            found[name] = files[name]
            if name.endswith(".py"):
                pending += _imported(name, files[name].read_bytes())
    return found


@functools.lru_cache(maxsize=2048)  # the functions share most of their modules
def _imported(name: str, source: bytes) -> tuple[str, ...]:
    return tuple(_needed(PurePosixPath(name), ast.parse(source)))


def _needed(name: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Yield the names of files that a module may need; some of them do not exist."""
    yield from (str(folder / "__init__.py") for folder in name.parents if folder.name)
    for node in _running(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(alias.name.replace(".", "/"))
        elif isinstance(node, ast.ImportFrom):
            folder = str(name.parents[node.level - 1]) if node.level else ""
            module = "/".join(filter(None, (folder, (node.module or "").replace(".", "/"))))
            # `from a import b`: b is a module of the package a, or a name in it.
            for part in ("", *(f"/{alias.name}" for alias in node.names)):
                yield from _files(module + part)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".json"):
            yield str(name.with_name(node.value.rpartition("/")[2]))


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the tree's nodes, except those under `if TYPE_CHECKING`."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test).endswith("TYPE_CHECKING"):
        nodes: list[ast.AST] = [*tree.orelse]
    else:
        yield tree
        nodes = [*ast.iter_child_nodes(tree)]
    for node in nodes:
        yield from _running(node)


def _files(module: str) -> tuple[str, str]:
    return f"{module}.py", f"{module}/__init__.py"


def _is_traced(name: str) -> bool:
    return name.partition("/")[0] in ONLY_IMPORTED


def _is_native(name: str) -> bool:
    return ".so" in PurePosixPath(name).suffixes


def _is_unused(name: str, spec: FunctionSpec) -> bool:
    unused = UNUSED if FONTS in spec.packages else UNUSED + UNUSED_WITHOUT_FONTS
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in unused)


def _shipped(path: Path) -> bytes:
    return only_loaded(path.read_bytes()) if _is_native(path.name) else path.read_bytes()


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _write(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed: another process never finds half a zip in the cache.
    with tempfile.TemporaryDirectory(dir=path.parent) as fresh:
        archived = Path(fresh) / path.name
        with zipfile.ZipFile(archived, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(_member(name), content, zipfile.ZIP_DEFLATED)
        archived.replace(path)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.create_system = 3  # Unix, on every system: the same bytes, and the mode below counts
    member.external_attr = 0o644 << 16
    return member
