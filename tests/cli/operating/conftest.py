"""The running bot of the end-to-end tests, as an operator's commands see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from cli.main import run
from tests.end_to_end.conftest import World, world

__all__ = ["world"]


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Operate = Callable[..., Said]


@pytest.fixture
def operate(world: World, capfd: pytest.CaptureFixture[str]) -> Operate:
    """Runs a command on the bot's data folder."""

    def command(*arguments: str) -> Said:
        capfd.readouterr()
        code = run([*arguments, "--data", str(world.home.folder)])
        return Said(code, *capfd.readouterr())

    return command
