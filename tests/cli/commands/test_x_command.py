"""`twbot x`: the simulated X beside a bot, and alone."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest
import requests

from tests.support.operate import Operate
from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import run


@pytest.mark.parametrize("there", [True, False])
def test_the_page_is_opened(operate: Operate, world: World, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    """In the browser, by an address that is printed, too, and works. Without one it says what to do."""
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return there

    monkeypatch.setattr(webbrowser, "open", browse)
    said = operate("x", "open")
    assert (said.code, [said.out.strip()], "There is no browser here" in said.err) == (Exit.DONE, opened, not there)
    assert "Post as anybody" in requests.get(opened[0]).text
    assert world.system.x is not None
    assert opened[0].startswith(f"{world.system.x.url}/page/?token=")


def test_the_address_is_only_printed(operate: Operate, monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser opens."""
    monkeypatch.setattr(webbrowser, "open", pytest.fail)
    assert operate("x", "open", "--print").out.startswith("http://127.0.0.1:")


def test_where_nothing_runs_it_says_what_to_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a bot nor a simulated X."""
    assert run(["x", "open", "--data", str(tmp_path)]) == Exit.NOT_CONFIGURED
    assert "twbot up" in capsys.readouterr().err
