"""A bot of the stage `local` for the commands that speak to X: a simulated X, and a webhook that answers it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.main import run
from local.home import Home, Run, SimulatorRun, announce
from local.secrets import FileSecrets
from local.simulator.client import Simulator
from tests.local.simulator.conftest import Webhook


class Ended(NamedTuple):
    """How a command ended: its code, stdout as JSON where it is, and stderr as JSON."""

    code: int
    out: Any
    err: str

    @property
    def error(self) -> dict[str, Any]:
        """With --json the error is the last line of stderr."""
        found: dict[str, Any] = json.loads(self.err.strip().splitlines()[-1])
        return found


Twbot = Callable[..., Ended]


class Local(NamedTuple):
    """A stage `local` beside a simulated X."""

    folder: Path
    x: Simulator
    webhook: Webhook

    def forget_everything(self) -> None:
        from lambdas.x_management import XManagement

        manage = XManagement(FileSecrets(Home(self.folder).secrets), base_url=self.x.url)
        for each in manage.webhooks():
            manage.delete_webhook(each.id)


@pytest.fixture(scope="module")
def simulated_x(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(tmp_path_factory.mktemp("x"), retry_delays="0.05,0.05") as running:
        yield running


@pytest.fixture
def local(tmp_path: Path, simulated_x: Simulator) -> Iterator[Local]:
    """Nothing is registered; the bot's keys are stored."""
    simulated_x.client.limits(most_webhooks=1)
    keys = simulated_x.client.keys()
    FileSecrets(Home(tmp_path).secrets).save(keys)
    webhook = Webhook()
    webhook.secret = keys.api_secret
    where = SimulatorRun(simulated_x.url, simulated_x.control_token)
    announce(tmp_path, Run(os.getpid(), webhook.url, time.time(), where))
    there = Local(tmp_path, simulated_x, webhook)
    there.forget_everything()
    yield there
    webhook.server.shutdown()
    webhook.server.server_close()


@pytest.fixture
def twbot(local: Local, capsys: pytest.CaptureFixture[str]) -> Twbot:
    """Run a command on that stage, with --json."""

    def type_(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run([*arguments, "--data", str(local.folder), "--json"])
        out, err = capsys.readouterr()
        return Ended(code, json.loads(out) if out.strip() else None, err)

    return type_
