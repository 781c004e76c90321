"""Hooks of mkdocs for the site: pages from outside docs/, and links that lead there. See mkdocs.yml.

README.md is the site's first page. Pages link to each other as files of the repository do, so that they can be read
there, too. https://www.mkdocs.org/user-guide/configuration/#hooks
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
# The page on the site of each file outside docs/.
OUTSIDE = {
    "README.md": "index.md",
    **{name: name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")},
    **{
        path.relative_to(ROOT).as_posix(): path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "examples").rglob("README.md"))
    },
}
_LINK = re.compile(r"\]\((?P<target>(?![a-z]+:|#)[^()\s#]+)(?P<anchor>#[^()\s]*)?\)")
_FENCE = re.compile(r"(^ *```.*?^ *```)", re.DOTALL | re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages of which there is one for each command, decision and example."""
    assert config.nav is not None
    for _, items in _sections(config.nav):
        for item in items:
            match item:
                case {"Commands": list(pages)}:
                    pages += _pages("commands")
                case {"Decisions": list(pages)}:
                    pages += ["decisions/README.md", *_pages("decisions")]
                case {"Examples": list(pages)}:
                    pages += [page for page in OUTSIDE.values() if page.startswith("examples/")]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links between files of the repository into links between pages."""
    here = next((source for source, uri in OUTSIDE.items() if uri == page.file.src_uri), f"docs/{page.file.src_uri}")

    def link(found: re.Match[str]) -> str:
        return f"]({page_link(found['target'], here)}{found['anchor'] or ''})"

    # Every second part is a fenced block, in which nothing is a link.
    parts = _FENCE.split(markdown)
    return "".join(part if at % 2 else _LINK.sub(link, part) for at, part in enumerate(parts))


def on_post_page(output: str, **_: Any) -> str:
    """Name the theme's dialog for searching, which has no name for those who hear the page."""
    return output.replace('<div class="md-search" ', '<div class="md-search" aria-label="Search" ', 1)


def page_link(target: str, here: str) -> str:
    """Return the link of one page to another for a link of a file to another.

    here: the path of the file with the link, from the repository's root
    Raises PluginError where there is no such file, or no page of it.
    """
    path = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
    if (ROOT / path).is_dir():
        path = f"{path}/README.md"
    if not (ROOT / path).is_file() or not (path.startswith("docs/") or path in OUTSIDE):
        raise PluginError(f"{here}: the link {target} leads to no page and no file of docs/")
    return posixpath.relpath(_uri(path), posixpath.dirname(_uri(here)) or ".")


def _uri(path: str) -> str:
    return OUTSIDE.get(path) or path.removeprefix("docs/")


def _sections(nav: Any) -> Iterator[tuple[str, list[Any]]]:
    for section in nav:
        for name, items in section.items():
            if isinstance(items, list):
                yield name, items


def _pages(folder: str) -> list[str]:
    paths = sorted((ROOT / "docs" / folder).glob("*.md"))
    return [f"{folder}/{path.name}" for path in paths if path.name != "README.md"]
