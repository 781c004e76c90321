"""What every test lives with: no deadlines (a timing belongs in a benchmark) and no settings from outside."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.support.bundles import Bundles
    from tests.support.console import Visitor
    from tests.support.operate import Operate
    from tests.support.templates import Templates
    from tests.support.world import World
    from twbot.cli.console.server import ConsoleInfo
    from twbot.local.simulator.client import Simulator

settings.register_profile("twbot", deadline=None)
settings.load_profile("twbot")


# How wide and how coloured answers are, and what shows long ones.
OF_THE_TERMINAL = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PAGER", "TWBOT_PAGER")


def pytest_configure() -> None:
    from twbot.cli.ui import console

    for name in OF_THE_TERMINAL:
        os.environ.pop(name, None)
    # The plugin twbot.testing has imported them before this is read.
    for each in (console.out, console.err):
        each.__init__(stderr=each.stderr, highlight=False)  # type: ignore[misc]
    from tests.support.signals import do_not_pass_on_ignored_ctrl_c

    do_not_pass_on_ignored_ctrl_c()


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """What a process of the bot makes once: boto3's models of the services, read, and the tree of the commands."""
    import botocore.session
    import typer.main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's data folder nor AWS credentials get into a test."""
    for name in (
        "TWBOT_HOME",
        "TWBOT_PROJECT",
        "TWBOT_STAGE",
        "TWBOT_TRACEBACK",
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _one_name() -> Iterator[None]:
    """No module of ours is imported by a second name: its records would be two types, and never equal."""
    yield
    assert not {"cli", "lambdas", "local", "stacks"} & sys.modules.keys()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A bot with instant models beside a simulated X, one per worker. Each test brings its own people."""
    from tests.support.world import running_world

    with running_world(tmp_path_factory.mktemp("bot")) as running:
        yield running


@pytest.fixture(scope="session")
def console(world: World) -> Iterator[ConsoleInfo]:
    """The console of the worker's bot."""
    from tests.support.console import served_console
    from twbot.cli.operations.target import Target

    with served_console(Target(data=world.home.folder)) as found:
        yield found


@pytest.fixture
def visitor(console: ConsoleInfo) -> Visitor:
    """A browser's session with that console."""
    from tests.support.console import Visitor

    return Visitor(console)


@pytest.fixture
def operate(world: World, capfd: pytest.CaptureFixture[str]) -> Operate:
    """Runs a command on the data folder of that bot."""
    from tests.support.operate import Said
    from twbot.cli.main import run

    def command(*arguments: str) -> Said:
        capfd.readouterr()
        code = run([*arguments, "--data", str(world.home.folder)])
        return Said(code, *capfd.readouterr())

    return command


@pytest.fixture(scope="session")
def simulated_x(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulated X as a process, one per worker. Who registers webhooks there begins with `start_afresh`."""
    from twbot.local.simulator.client import Simulator

    with Simulator(tmp_path_factory.mktemp("x"), retry_delays="0.05,0.05") as running:
        yield running


@pytest.fixture(scope="session")
def bundles(shared: Path) -> Bundles:
    """The functions' bundles, each built once."""
    from tests.support.bundles import Bundles

    return Bundles(shared / "bundles")


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of this checkout, built once."""
    from tests.support.wheels import built_once

    return built_once(shared)


@pytest.fixture(scope="session")
def assemblies(shared: Path) -> Path:
    """A folder with the templates of each stage of tests/support/synthesize.py, made once."""
    from tests.support.assemblies import synthesized_once

    return synthesized_once(shared)


@pytest.fixture(scope="session", params=["prod", "dev", "bare"])
def any_stage(request: pytest.FixtureRequest, assemblies: Path) -> Templates:
    return _templates(assemblies, request.param)


@pytest.fixture(scope="session")
def prod(assemblies: Path) -> Templates:
    return _templates(assemblies, "prod")


@pytest.fixture(scope="session")
def dev(assemblies: Path) -> Templates:
    return _templates(assemblies, "dev")


@pytest.fixture(scope="session")
def bare(assemblies: Path) -> Templates:
    return _templates(assemblies, "bare")


def _templates(assemblies: Path, stage: str) -> Templates:
    from tests.support.assemblies import read

    return read(assemblies, stage)
