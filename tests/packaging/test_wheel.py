"""The wheel, as somebody installs it: not the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.wheels import build

TOP_FOLDERS = ("cli", "lambdas", "local", "queries", "stacks")
# Modules that stand where ours do, each of which breaks whoever imports it for ours.
LOOK_ALIKES = ("cli/main.py", "lambdas/contracts.py", "lambdas/wiring.py", "local/bot.py", "stacks/functions.py")
IMPORTS = """
import os, sys
from pathlib import Path
path = list(sys.path)
import twbot
assert sys.path == path, set(sys.path) - set(path)
import twbot.cli.main, twbot.local.bot, twbot.stacks.functions
assert sys.path == path, set(sys.path) - set(path)
assert not set({folders}) & sys.modules.keys()
home = Path(twbot.__file__).parent
files = [os.path.realpath(module.__file__) for module in sys.modules.values() if getattr(module, "__file__", None)]
ours = [file for file in files if Path(file).is_relative_to(home)]
assert len(ours) > 50 and len(ours) == len(set(ours))
import cli, lambdas, local, queries, stacks
assert {{each.OWNER for each in (cli, lambdas, local, queries, stacks)}} == {{"a user"}}
print(home)
"""


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies among the site packages."""
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository with packages of its own by our folders' names."""
    for name in TOP_FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('OWNER = "a user"\n')
    for name in LOOK_ALIKES:
        (tmp_path / name).write_text('raise RuntimeError("this is not twbot")\n')
    return tmp_path


def run(arguments: list[str], folder: Path, *path: Path) -> str:
    """Run Python in a folder, with `path` first on sys.path; what it writes."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "TWBOT_HOME": str(folder / "data")}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_installs_one_top_level_name(wheel: Path) -> None:
    """`pip install twbot` puts one name, twbot, among the site packages."""
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"twbot"}


def test_has_all_that_users_import(wheel: Path) -> None:
    """Each module beside our folders, such as twbot.bot, and the plugin for pytest."""
    archive = zipfile.ZipFile(wheel)
    modules = {f"twbot/{path.name}" for path in (ROOT / "src/twbot").glob("*.py")}
    assert modules <= set(archive.namelist())
    points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "[pytest11]\ntwbot.testing = twbot.testing" in archive.read(points).decode()


def test_writes_a_bot_from_the_wheel(site: Path, tmp_path: Path) -> None:
    """The templates are in it, hidden files among them."""
    run(["-P", "-m", "twbot", "new", "my-bot"], tmp_path, site)
    assert {".gitignore", ".github", "bot", "tests", "twbot.toml"} <= {
        each.name for each in (tmp_path / "my-bot").iterdir()
    }
    assert '"ok": true' in run(["-P", "-m", "twbot", "check", "--json", "--project", "my-bot"], tmp_path, site)


def test_runs_from_the_wheel(site: Path, tmp_path: Path) -> None:
    """The command works from the installed wheel alone, with its SQL, workflow and chatbot inside."""
    assert '"celebrities"' in run(["-P", "-m", "twbot", "query", "--json"], tmp_path, site)


@pytest.mark.parametrize(("command", "answer"), [("--help", "Every day"), ("query --json", '"celebrities"')])
def test_runs_in_a_repository_with_the_same_folders(command: str, answer: str, site: Path, repository: Path) -> None:
    """A user's own cli, lambdas, local, queries and stacks, first on sys.path, stand in nobody's way."""
    assert answer in run(["-m", "twbot", *command.split()], repository, repository, site)


def test_imports_beside_the_same_folders(site: Path, repository: Path) -> None:
    """Importing twbot adds nothing to sys.path and no module twice; `import cli` stays the user's."""
    script = repository / "script.py"
    script.write_text(IMPORTS.format(folders=TOP_FOLDERS))
    assert run([str(script)], repository, repository, site).strip() == str(site / "twbot")


def test_the_sdist_has_what_a_build_needs(tmp_path: Path) -> None:
    """The wheel can be built of it: the hook of the metadata, the README that it reads, and every folder."""
    archive = tarfile.open(build("sdist", tmp_path))  # noqa: SIM115
    with archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"hatch_build.py", "pyproject.toml", "README.md", "LICENSE", "src/twbot/__init__.py", "src/twbot/py.typed"}
    pages = {"CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
    assert names >= needed | pages | {f"{folder}/__init__.py" for folder in ("cli", "lambdas", "local", "stacks")}
