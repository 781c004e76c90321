"""The site of docs/: built strictly, whole, and loading nothing from elsewhere. See mkdocs.yml."""

from __future__ import annotations

import html.parser
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from mkdocs.exceptions import PluginError

from docs.site_hooks import page_link
from tests.support.site import build_site


class Html(html.parser.HTMLParser):
    """What a page links to, loads and offers as anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.without_alt: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(given["href"])
        if tag == "img" and not given.get("alt", "").strip():
            self.without_alt.append(given.get("src", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Html]:
    return {path: Html(path.read_text("utf-8")) for path in site.rglob("*.html")}


def local(pages: dict[Path, Html], site: Path) -> Iterator[tuple[str, Path, str]]:
    """Each link and file of each page that is the site's own: as it is written, what it leads to, and the anchor."""
    for path, page in pages.items():
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            # The page for what is not found knows no place of its own, so its links begin at the site's root.
            base = site if parts.path.startswith("/") else path.parent
            if not parts.scheme:
                target = base / unquote(parts.path).lstrip("/") if parts.path else path
                yield f"{path.relative_to(site)}: {link}", target.resolve(), unquote(parts.fragment)


def test_no_link_leads_nowhere(pages: dict[Path, Html], site: Path) -> None:
    """Pages, anchors, pictures, styles and scripts are there, README's and the examples' included."""
    found = {path.resolve(): page for path, page in pages.items()}
    for said, target, anchor in local(pages, site):
        assert (target / "index.html" if target.is_dir() else target).is_file(), said
        if anchor and target in found:
            assert anchor in found[target].anchors, said


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Html], site: Path) -> None:
    """No font, no script and no picture: it works without the network, and nobody is told who reads it."""
    assert not [each for page in pages.values() for each in page.loaded if urlsplit(each).netloc]
    styles = [path for path in site.rglob("*.css") if re.search(r"url\(['\"]?(https?:)?//", path.read_text("utf-8"))]
    assert not styles
    # The theme draws such blocks with a library that it fetches.
    assert not [path for path in pages if 'class="mermaid"' in path.read_text("utf-8")]


def test_every_picture_says_what_it_shows(pages: dict[Path, Html]) -> None:
    """To those who can't see it."""
    assert not [each for page in pages.values() for each in page.without_alt]


@pytest.mark.parametrize(
    ("here", "target", "expected"),
    [
        ("README.md", "docs/tutorial.md", "tutorial.md"),
        ("README.md", "docs/decisions/", "decisions/README.md"),
        ("README.md", "examples/", "examples/README.md"),
        ("README.md", "SECURITY.md", "SECURITY.md"),
        ("docs/tutorial.md", "../examples/support", "examples/support/README.md"),
        ("docs/proof.md", "../README.md", "index.md"),
        ("docs/how-to/backup.md", "../reference.md", "../reference.md"),
        ("docs/how-to/upgrade.md", "../../CHANGELOG.md", "../CHANGELOG.md"),
        ("examples/README.md", "photos", "photos/README.md"),
    ],
)
def test_a_link_between_files_is_one_between_pages(here: str, target: str, expected: str) -> None:
    """Pages link to each other as files of the repository do."""
    assert page_link(target, here) == expected


@pytest.mark.parametrize("target", ["nowhere.md", "docs/nowhere.md", "Makefile", "../outside.md", "examples/nobody"])
def test_a_link_to_what_the_site_lacks_stops_it(target: str) -> None:
    """Rather than lead into the void."""
    with pytest.raises(PluginError, match=re.escape(target)):
        page_link(target, "README.md")
