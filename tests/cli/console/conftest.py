"""The console of the worker's bot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.console import Visitor, served_console
from tests.support.world import World
from twbot.cli.console.server import ConsoleInfo
from twbot.cli.operations.target import Target


@pytest.fixture(scope="session")
def info(world: World) -> Iterator[ConsoleInfo]:
    with served_console(Target(data=world.home.folder)) as found:
        yield found


@pytest.fixture
def visitor(info: ConsoleInfo) -> Visitor:
    return Visitor(info)
