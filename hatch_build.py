"""Fill in what a package index shows and the checkout cannot know: the repository's address, and README's links.

A relative link of README.md leads nowhere on a package index's page. The release workflow knows where the repository
is and sets TWBOT_REPOSITORY_URL; every other build leaves README.md as it is and names no address.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "TWBOT_REPOSITORY_URL"
# [text](target) and ![text](target): neither an address nor a heading of the same page.
_RELATIVE_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>(?![a-z]+:|#)[^()\s]+)\)")


class ProjectMetadataHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        """A wheel that is built from an sdist keeps what the sdist's PKG-INFO says."""
        url = os.environ.get(VARIABLE, "").rstrip("/")
        if not url:
            metadata.setdefault("readme", "README.md")
            metadata.setdefault("urls", {})
            return
        tag = f"v{metadata['version']}"
        text = absolute_links((Path(self.root) / "README.md").read_text("utf-8"), url, tag)
        metadata.setdefault("readme", {"content-type": "text/markdown", "text": text})
        metadata.setdefault("urls", project_urls(url, tag))


def absolute_links(text: str, url: str, tag: str) -> str:
    """Return the Markdown with relative links and pictures that lead to the repository as it was tagged."""

    def link(found: re.Match[str]) -> str:
        kind = "raw" if found["image"] else "blob"
        # Without it an SVG comes as plain text, which no page shows: https://github.com/github/markup/issues/556
        query = "?sanitize=true" if found["image"] and found["target"].endswith(".svg") else ""
        return f"{found['image']}[{found['text']}]({url}/{kind}/{tag}/{found['target']}{query})"

    return _RELATIVE_LINK.sub(link, text)


def project_urls(url: str, tag: str) -> dict[str, str]:
    """Return the addresses by label: https://packaging.python.org/en/latest/specifications/well-known-project-urls/"""
    return {
        "Repository": url,
        "Documentation": f"{url}/blob/{tag}/docs/",
        "Changelog": f"{url}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{url}/issues",
    }
