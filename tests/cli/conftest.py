"""Commands on a stage beside a simulated X."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_stage import Ended, Local, Twbot
from tests.support.running import pretend_running
from tests.support.simulated_x import Webhook, start_afresh
from twbot.cli.main import run
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.data_folder import DataFolder, RunInfo, SimulatorInfo
from twbot.local.simulator.client import Simulator


@pytest.fixture
def local(tmp_path: Path, simulated_x: Simulator) -> Iterator[Local]:
    """Nothing is registered; the bot's keys are stored."""
    start_afresh(simulated_x, max_webhooks=1)
    keys = simulated_x.client.keys()
    FileSecrets(DataFolder(tmp_path).secrets).save(keys)
    webhook = Webhook()
    webhook.secret = keys.api_secret
    where = SimulatorInfo(simulated_x.url, simulated_x.control_token)
    with pretend_running(tmp_path, RunInfo(os.getpid(), webhook.url, time.time(), where)):
        yield Local(tmp_path, simulated_x, webhook)
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
