"""The files that the how-tos hand out: a unit of systemd, and what an image is built from."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.commands import parse
from tests.support.loopback import Answer, answering
from tests.support.paths import ROOT
from twbot.cli.commands.up import PORT, STOP_SECONDS

HOW_TO = ROOT / "docs" / "how-to"
UNIT = HOW_TO / "twbot.service"
CONTAINERFILE = HOW_TO / "Containerfile"
ANALYSE = shutil.which("systemd-analyze")


def unit() -> dict[str, list[str]]:
    """The settings of the service's section; those of the others, too. A setting may be given several times."""
    found = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            found[line.partition("=")[0]].append(line.partition("=")[2])
    return found


def one(name: str) -> str:
    (value,) = unit()[name]
    return value


def variables() -> dict[str, str]:
    return dict(each.split("=", 1) for each in shlex.split(one("Environment")))


def test_the_unit_starts_a_command_that_there_is() -> None:
    """With its options, on the port of the pages."""
    program, *arguments = shlex.split(one("ExecStart"))
    parse(arguments)
    assert program == "/opt/twbot/bin/twbot"
    assert arguments[arguments.index("--port") + 1] == str(PORT)


def test_the_unit_may_write_where_the_bot_does_and_nowhere_else() -> None:
    """The data folder and the cache are those that systemd makes. Homes are out of sight."""
    assert variables()["TWBOT_HOME"] == f"/var/lib/{one('StateDirectory')}"
    assert variables()["XDG_CACHE_HOME"] == f"/var/cache/{one('CacheDirectory')}"
    assert one("StateDirectoryMode") == "0700"
    assert one("ProtectSystem") == "strict"
    assert one("ProtectHome") == "yes"
    assert "ReadWritePaths" not in unit()
    assert not one("WorkingDirectory").startswith(("/home", "/root", "/run/user"))


def test_the_unit_leaves_the_bot_time_to_stop() -> None:
    """As `twbot down` does; and it restarts what crashed, but nothing that was stopped."""
    assert int(one("TimeoutStopSec")) > STOP_SECONDS
    assert one("Restart") == "on-failure"


def test_the_how_to_and_the_unit_speak_of_the_same() -> None:
    """Each folder, the user and the file's place."""
    page = (HOW_TO / "service.md").read_text()
    for named in (
        *variables().values(),
        one("WorkingDirectory"),
        f"useradd --system --home-dir /var/lib/{one('User')}",
    ):
        assert named in page


@pytest.mark.skipif(ANALYSE is None, reason="takes systemd-analyze, of the package systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Every setting is known to it and has a value that it understands."""
    text = UNIT.read_text().replace(shlex.split(one("ExecStart"))[0], sys.executable)
    (there := tmp_path / UNIT.name).write_text(text)
    done = subprocess.run([str(ANALYSE), "verify", there], capture_output=True, text=True, check=False)
    # A container has no man pages, and other units of the machine may be wrong.
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Containerfile, with what it is given."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE)).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]


def given(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


def test_the_image_has_what_the_wheel_is_built_of() -> None:
    """Whatever is copied is there, and nothing that the build reads is missing."""
    copied = {
        Path(word.rstrip("/")) for rest in given("COPY") if "--from" not in rest for word in shlex.split(rest)[:-1]
    }
    assert not [path for path in copied if not (ROOT / path).exists()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    targets = project["tool"]["hatch"]["build"]["targets"]
    needed = {*targets["sdist"]["only-include"], *targets["wheel"]["only-include"], *targets["wheel"]["force-include"]}
    needed |= {"pyproject.toml", "LICENSE", "requirements/local.txt"}
    assert not [path for path in needed if not {Path(path), *Path(path).parents} & copied]


def test_the_image_runs_commands_that_there_are() -> None:
    """What it starts, and what it tries while it is built."""
    assert json.loads(given("ENTRYPOINT")[0]) == ["twbot"]
    parse(json.loads(given("CMD")[0]))
    (tried,) = [rest for rest in given("RUN") if rest.startswith("twbot ")]
    parse(shlex.split(tried)[1:])


def test_the_image_has_one_port_one_volume_and_no_root() -> None:
    """They are those of its command, of its variables and of the page."""
    command = json.loads(given("CMD")[0])
    port = command[command.index("--port") + 1]
    assert given("EXPOSE") == [port] == [str(PORT)]
    assert f":{port}/health" in given("HEALTHCHECK")[0]
    assert command[command.index("--host") + 1] == "0.0.0.0"
    environment = dict(each.split("=", 1) for each in shlex.split(given("ENV")[0]))
    assert given("VOLUME") == [environment["TWBOT_HOME"]]
    assert int(given("USER")[0]) > 0
    page = (HOW_TO / "container.md").read_text()
    assert f"127.0.0.1:{port}:{port}" in page
    assert f":{environment['TWBOT_HOME']} " in page
    assert given("USER")[0] in page


def test_the_image_is_of_a_python_that_is_tested() -> None:
    """By the classifiers, which are what CI tests."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    for rest in given("FROM"):
        minor = re.findall(r"/python:(3\.\d+)-slim", rest)
        assert f"Programming Language :: Python :: {minor[0]}" in classifiers


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_check_of_the_image_s_health_tells(status: int, code: int) -> None:
    """A bot that takes events in from one that does not."""
    program, option, script = json.loads(given("HEALTHCHECK")[0].partition("CMD ")[2])
    assert (program, option) == ("python", "-c")
    with answering(Answer(status)) as there:
        script = script.replace("http://127.0.0.1:8080", there.url.rstrip("/"))
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == code
