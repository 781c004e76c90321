"""The bundles: one zip a function, with nothing but what it imports, the same bytes each time, built without Docker.

Packages come as wheels for Lambda (Python 3.13 on arm64), pinned and hashed in requirements/dev.txt; libraries go in
without their debug information. What was built is kept in the user's cache by its content. TWBOT_BUNDLES=installed
takes the packages of this very Python instead: for tests, and for AWS emulators that run functions on this machine.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from twbot.stacks.bundling import packages
from twbot.stacks.bundling.libraries import only_loaded
from twbot.stacks.functions import FUNCTIONS, FunctionSpec

# The folder that holds `twbot`: src/ in a checkout, site-packages of an installed one.
ROOT = Path(__file__).parents[3]
# Of any year: zip files know none before.
EPOCH = (1980, 1, 1, 0, 0, 0)
INSTALLED = "installed"
ADAPTERS = "twbot/lambdas/aws/bootstrap.py"
# Of these a bundle gets the modules that are imported, of other packages everything: they load by name, or hold data.
ONLY_IMPORTED = frozenset({"twbot", "aws_lambda_powertools", "oauthlib", "PIL"})
FONTS = "manimgx-fonts"
# Parts that nothing of ours calls: of Pillow, with their libraries; Powertools' router, which one function imports for
# pydantic's models; and what makes charset_normalizer faster, whose guesses nobody waits for.
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
    """`digest` names its content; `size` is unzipped, in bytes."""

    path: Path
    digest: str
    size: int


def bundle(name: str, source: str | None = None) -> Bundle:
    """The bundle of a function of stacks/functions.py. Raises TwbotError where a package can't be had."""
    paths = contents(FUNCTIONS[name], source or os.environ.get("TWBOT_BUNDLES", "wheels"))
    files = {file: _shipped(path) for file, path in sorted(paths.items())}
    digest = _digest(files)
    path = packages.cache() / "bundles" / f"{name}-{digest[:32]}.zip"
    if not path.exists():
        _write(path, files)
    return Bundle(path, digest, sum(map(len, files.values())))


def contents(spec: FunctionSpec, source: str) -> dict[str, Path]:
    """The files of a bundle, by their names in it."""
    names = packages.closure(spec.packages)
    found = packages.installed(names) if source == INSTALLED else packages.downloaded(names)
    found = {name: path for name, path in found.items() if not _is_unused(name, spec)}
    imported = closure(spec.entry, {**found, **ours()})
    whole = {name: path for name, path in found.items() if _is_native(name) or not _is_traced(name)}
    return {**whole, **imported}


def ours() -> dict[str, Path]:
    """The files of ours that a bundle may hold, by their names in it."""
    package = ROOT / "twbot"
    files = [package / "__init__.py", *(package / "lambdas").rglob("*.*")]
    return {path.relative_to(ROOT).as_posix(): path for path in files if path.suffix != ".pyc"}


def closure(entry: str, files: dict[str, Path]) -> dict[str, Path]:
    """The modules that one imports, wherever it does, and the files that lie beside and are named in them."""
    ahead, found = [entry], dict[str, Path]()
    while ahead:
        name = ahead.pop()
        if name in files and name not in found:
            found[name] = files[name]
            if name.endswith(".py"):
                ahead += _imported(
                    name, files[name].read_bytes(), files[entry].read_bytes() if name == ADAPTERS else b""
                )
    return found


@functools.lru_cache(maxsize=2048)  # the functions share most of their modules
def _imported(name: str, source: bytes, entry: bytes) -> tuple[str, ...]:
    """The files that a module asks for. `entry`: the entry point's source, for the place that makes all adapters."""
    tree = ast.parse(source)
    return tuple(_needed(PurePosixPath(name), _reached(tree, entry) if entry else tree))


def _reached(adapters: ast.Module, entry: bytes) -> ast.Module:
    """Of the place that makes all adapters, the part that makes those of an entry point."""
    makers = {node.name: node for node in adapters.body if isinstance(node, ast.FunctionDef)}
    ahead = [alias.name for node in ast.walk(ast.parse(entry)) for alias in getattr(node, "names", ())]
    found = dict[str, ast.stmt]()
    while ahead:
        name = ahead.pop()
        if name in makers and name not in found:
            found[name] = makers[name]
            ahead += [node.id for node in ast.walk(makers[name]) if isinstance(node, ast.Name)]
    return ast.Module([*(node for node in adapters.body if node not in makers.values()), *found.values()], [])


def _needed(name: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    yield from (str(folder / "__init__.py") for folder in name.parents if folder.name)
    for node in _running(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(alias.name.replace(".", "/"))
        elif isinstance(node, ast.ImportFrom):
            folder = str(name.parents[node.level - 1]) if node.level else ""
            module = "/".join(filter(None, (folder, (node.module or "").replace(".", "/"))))
            for part in ("", *(f"/{alias.name}" for alias in node.names)):
                yield from _files(module + part)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".json"):
            yield str(name.with_name(node.value.rpartition("/")[2]))


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Its nodes, without what only a type checker reads."""
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
    with tempfile.TemporaryDirectory(dir=path.parent) as fresh:
        archived = Path(fresh) / path.name
        with zipfile.ZipFile(archived, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(_member(name), content, zipfile.ZIP_DEFLATED)
        archived.replace(path)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.create_system = 3  # Unix, wherever this runs
    member.external_attr = 0o644 << 16
    return member
