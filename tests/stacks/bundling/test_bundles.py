"""Each function's bundle: complete, no more than it imports, and the same bytes each time."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.bundles import Bundles
from twbot.lambdas.errors import TwbotError
from twbot.stacks.bundling import bundle as bundling
from twbot.stacks.bundling import packages
from twbot.stacks.bundling.bundle import INSTALLED, bundle, contents
from twbot.stacks.functions import FUNCTIONS, functions

MEGABYTE = 1_000_000
NATIVE_PICTURES = ("image", "download")

EVERYTHING = """
import importlib, pathlib
bundle = pathlib.Path(sys.path[0])
for file in sorted(bundle.glob("twbot/**/*.py")):
    importlib.import_module(".".join(file.relative_to(bundle).with_suffix("").parts).removesuffix(".__init__"))
places = [str(pathlib.Path(place)) for place in sys.path]
for module in list(sys.modules.values()):
    origin = getattr(module, "__file__", None)
    assert not origin or any(origin.startswith(place) for place in places), origin
"""
EVERY_FORMAT = """
import io
from PIL import Image
from twbot.lambdas.analysis.picture import normalise
for kind in ("JPEG", "PNG", "WEBP", "GIF"):
    file = io.BytesIO()
    Image.effect_noise((100, 100), 50).save(file, kind)
    assert normalise(file.getvalue())[:2] == b"\\xff\\xd8", kind
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_bundle_is_all_that_a_function_needs(name: str, bundles: Bundles) -> None:
    """Every module of ours in it imports in an interpreter that has the bundle and Lambda's boto3, and nothing else."""
    bundles.python(name, EVERYTHING, environment={"POWERTOOLS_SERVICE_NAME": "tested"})


@pytest.mark.parametrize("name", NATIVE_PICTURES)
def test_pictures_open_without_the_parts_of_pillow_left_out(name: str, bundles: Bundles) -> None:
    """JPEG, PNG, WebP and GIF are read in the download function; in the image function JPEG is enough."""
    code = EVERY_FORMAT if name == "download" else "from PIL import Image, ImageFont; Image.new('RGB', (9, 9)).save"
    bundles.python(name, code)


def test_names_are_written_in_every_script(bundles: Bundles) -> None:
    """The image function has its fonts and their shaping."""
    bundles.python("image", "from twbot.lambdas.responding.fonts import font_for; font_for('Ada Ἀδα עדה อาดา 愛', 20)")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_bundle_has_no_more_than_the_function_imports(name: str, bundles: Bundles) -> None:
    """No entry point of another function, nothing that the runtime brings, nothing of an installation."""
    files = [path.relative_to(bundles.unpacked(name)) for path in bundles.unpacked(name).rglob("*") if path.is_file()]
    others = {f"twbot/lambdas/aws/handlers/{other}.py" for other in FUNCTIONS if other != name}
    assert not others & {str(file) for file in files}
    assert not {file.parts[0] for file in files} & {"boto3", "botocore", "urllib3", "jmespath", "dateutil", "moto"}
    assert not [file for file in files if file.suffix in (".pyc", ".pyi") or file.name in ("RECORD", "INSTALLER")]


def test_most_readers_of_pillow_stay_outside(bundles: Bundles) -> None:
    """The download function has Pillow's readers of what it takes and what those need, and none of the other forty."""
    code = "from PIL import Image; Image.init(); print(*sorted(Image.OPEN))"
    assert bundles.python("download", code).split() == ["BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "image"])
def test_a_bundle_without_fonts_is_below_ten_megabytes(name: str, bundles: Bundles) -> None:
    files = (path for path in bundles.unpacked(name).rglob("*") if path.is_file())
    assert sum(path.stat().st_size for path in files) < 10 * MEGABYTE


def _copy_of_ours(folder: Path) -> None:
    for name, path in bundling.ours().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)


def test_the_same_bytes_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built twice, from a copy with other times and modes: one digest, one zip."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "first"))
    first = bundle("transform", INSTALLED)
    copy = tmp_path / "copy"
    _copy_of_ours(copy)
    for path in copy.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    monkeypatch.setattr(bundling, "ROOT", copy)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "second"))
    second = bundle("transform", INSTALLED)
    assert first.digest == second.digest
    assert first.path != second.path
    assert first.path.read_bytes() == second.path.read_bytes()


def test_other_code_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes in a module that a function imports changes its digest; other modules don't."""
    _copy_of_ours(tmp_path)
    monkeypatch.setattr(bundling, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = bundle("transform", INSTALLED).digest
    with (tmp_path / "twbot/lambdas/ingress/body.py").open("a") as file:
        file.write("# other\n")
    assert bundle("transform", INSTALLED).digest == first
    with (tmp_path / "twbot/lambdas/analytics/transform.py").open("a") as file:
        file.write("# other\n")
    assert bundle("transform", INSTALLED).digest != first


def test_what_was_built_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zip is kept by its content and not written twice."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = bundle("transform", INSTALLED).path.stat().st_mtime_ns
    assert bundle("transform", INSTALLED).path.stat().st_mtime_ns == first


def test_files_that_a_module_names_come_along() -> None:
    """The chatbot's words lie beside the module that reads them."""
    assert "twbot/lambdas/responding/jokes.json" in contents(functions()["fulfilment"], INSTALLED)
    assert "twbot/lambdas/responding/jokes.json" not in contents(FUNCTIONS["transform"], INSTALLED)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    """What is downloaded for Lambda is what the lock names, to the byte."""
    wanted = packages.closure(FUNCTIONS[name].packages)
    for package, line in zip(wanted, packages.pinned(wanted), strict=True):
        assert line.startswith(f"{package}==")
        assert "--hash=sha256:" in line
        assert ";" not in line.splitlines()[0]


@pytest.mark.parametrize(
    ("marker", "followed"),
    [
        ('python_version >= "3.12"', True),
        ('python_version < "3.13"', False),
        ('python_full_version >= "3.13.0"', True),
        ('sys_platform == "linux" and platform_machine == "aarch64"', True),
        ('platform_machine == "x86_64"', False),
        ('sys_platform == "win32"', False),
        ('platform_python_implementation == "CPython"', True),
        ('extra == "fast"', False),
    ],
)
def test_a_requirement_is_followed_where_its_marker_is_true_on_lambda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker: str, followed: bool
) -> None:
    """The marker is read for Lambda's Python and machine, not for those that bundle."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    write_distribution(tmp_path, "outer", [f"Inner_Part[more]>=1.0 ; {marker}"])
    write_distribution(tmp_path, "inner-part", [])
    assert packages.closure(["outer"]) == (["inner-part", "outer"] if followed else ["outer"])


def write_distribution(folder: Path, name: str, requires: list[str]) -> None:
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {each}" for each in requires)]
    metadata.write_text("\n".join(lines) + "\n")


def test_a_package_outside_the_lock_is_refused() -> None:
    with pytest.raises(TwbotError, match="not-there"):
        list(packages.pinned(["not-there"]))


def test_without_a_package_index_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half-filled cache stays behind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(packages, "_pip", lambda *_: [sys.executable, "-c", "import sys; sys.exit('no index')"])
    with pytest.raises(TwbotError, match="no index"):
        packages.downloaded(["msgspec"])
    assert not list((tmp_path / "twbot/packages").iterdir())


def test_zip_members_have_no_time_and_one_order(bundles: Bundles, tmp_path: Path) -> None:
    """Sorted names, the first moment that a zip can hold, one mode."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path))
        archive = zipfile.ZipFile(bundle("transform", INSTALLED).path)
    members = archive.infolist()
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    assert {member.date_time for member in members} == {bundling.EPOCH}
    assert {member.external_attr for member in members} == {0o644 << 16}
