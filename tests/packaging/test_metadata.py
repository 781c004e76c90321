"""What a package index shows: the README with links that lead somewhere, and the project's addresses."""

from __future__ import annotations

import email.message
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from build import ProjectBuilder
from build.util import project_wheel_metadata
from hatch_build import absolute_links

from tests.support.paths import ROOT
from twbot import __version__

URL = "https://git.example/bots/twbot"
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def metadata() -> email.message.Message:
    return project_wheel_metadata(ROOT, isolated=False)  # type: ignore[return-value]


def description(of: email.message.Message) -> str:
    return str(of.get_payload())


@pytest.fixture
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWBOT_REPOSITORY_URL", f"{URL}/")


@pytest.fixture
def _unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWBOT_REPOSITORY_URL", raising=False)


@pytest.mark.usefixtures("_known")
def test_no_link_is_relative_on_a_package_index() -> None:
    """Each link and picture of README.md leads to the tagged file, which is there."""
    text = description(metadata())
    links = LINK.findall(text)
    assert {bool(image) for image, _ in links} == {True, False}
    assert not [target for _, target in links if not target.startswith(("https://", "#"))]
    for image, target in links:
        if target.startswith(URL):
            path = target.removeprefix(f"{URL}/{'raw' if image else 'blob'}/v{__version__}/").partition("?")[0]
            assert (ROOT / path).exists()


@pytest.mark.usefixtures("_known")
def test_the_project_s_addresses() -> None:
    """By the labels that a package index knows."""
    urls = dict(each.split(", ") for each in metadata().get_all("Project-URL", []))
    assert urls == {
        "Repository": URL,
        "Documentation": f"{URL}/blob/v{__version__}/docs/",
        "Changelog": f"{URL}/blob/v{__version__}/CHANGELOG.md",
        "Issues": f"{URL}/issues",
    }
    assert (ROOT / "CHANGELOG.md").exists()


@pytest.mark.usefixtures("_unknown")
def test_no_address_is_made_up() -> None:
    """Without the variable README.md is taken as it is, and no address is named."""
    found = metadata()
    assert description(found).strip() == (ROOT / "README.md").read_text().strip()
    assert found.get_all("Project-URL") is None


@pytest.mark.usefixtures("_unknown")
def test_installs_editable(tmp_path: Path) -> None:
    """`pip install -e .` puts src/ on the path and copies no module, so that the checkout is what runs."""
    built = zipfile.ZipFile(ProjectBuilder(ROOT).build("editable", tmp_path))
    assert "twbot/__init__.py" not in built.namelist()
    assert built.read("_twbot.pth").decode().split() == [str(ROOT / "src")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](docs/a.md)", f"[a]({URL}/blob/v1/docs/a.md)"),
        ("![a](docs/a.jpg)", f"![a]({URL}/raw/v1/docs/a.jpg)"),
        ("![a](docs/a.svg)", f"![a]({URL}/raw/v1/docs/a.svg?sanitize=true)"),
        ("[a](docs/a.svg)", f"[a]({URL}/blob/v1/docs/a.svg)"),
        ("[![a](docs/a.jpg)](https://a.example)", f"[![a]({URL}/raw/v1/docs/a.jpg)](https://a.example)"),
        ("[a](https://a.example/b)", "[a](https://a.example/b)"),
        ("[a](#b)", "[a](#b)"),
        ("[a](mailto:a@a.example)", "[a](mailto:a@a.example)"),
    ],
)
def test_only_relative_links_change(text: str, expected: str) -> None:
    """An address, a heading and a mail address stay as they are."""
    assert absolute_links(text, URL, "v1") == expected


def test_classifiers_name_the_pythons_that_ci_tests() -> None:
    """And the oldest of them is the one that is required."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prefix = "Programming Language :: Python :: 3."
    minors = [int(each.removeprefix(prefix)) for each in project["classifiers"] if each.startswith(prefix)]
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert project["requires-python"] == f">=3.{min(minors)}"
    matrix = ", ".join(f'"3.{minor}"' for minor in minors)
    assert set(re.findall(r"python: \[(.*)\]", workflow)) == {matrix}
