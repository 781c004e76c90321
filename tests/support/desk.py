"""A desk: a folder with the files that examples name, beside a bot, a simulated X and a stage under moto."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from moto import mock_aws

from tests.support.loopback import Answer, answering
from tests.support.paths import PICTURES
from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Entry

# What an example did to the bot that others use is undone.
AFTER = ("replies resume", "replies limit --none", "replies optout remove 2244994945", "dlq purge --all --yes")
NOT_THERE = "Deploy it: twbot deploy --stage prod"


class Stand:
    """What the examples speak of: a post, dead letters, a replay, a webhook; each made when an example names it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def post(self) -> str:
        post, _ = self._world.ask("alice", "@twbot tell me a joke")
        return str(post["id"])

    def dead_letter(self) -> str:
        self._world.system.bot.bus.publish([Entry(source="BOT", detail_type="SEND_TWEET", detail={})])
        self._world.settle()
        return str(self.answer("dlq", "list", "--each")["letters"][-1]["id"])

    def webhook(self) -> str:
        return str(self.answer("webhook", "list")[0]["id"])

    def replay(self) -> str:
        self.post()
        return str(
            self.answer("replay", "--since", "1h", "--to", "log-every-event", "--rate", "1000")["replay"]["name"]
        )

    def subscriber(self) -> str:
        self.answer("alerts", "subscribe", "https", "--from", "slack-address.txt")
        return str(self.answer("alerts", "list")[0]["id"])

    def opted_out(self) -> None:
        self.answer("replies", "optout", "add", "2244994945")

    def celebrity(self) -> None:
        self.answer("celebrities", "add", "Ada Lovelace", "ada.jpg")

    def backup(self) -> None:
        self.answer("backup", "monday.tar.gz")

    def own_secret(self) -> None:
        self.answer("secrets", "put", "CRM_TOKEN", "--from-file", "token.txt")

    def new_bot(self) -> None:
        self.answer("new", "coffee-bot")

    def no_settings(self) -> None:
        Path("twbot.toml").unlink()

    def answer(self, *arguments: str) -> Any:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert run([*arguments, "--json"]) == Exit.DONE
        return json.loads(out.getvalue())


@contextlib.contextmanager
def at_a_desk(world: World, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    """Work in a folder with the files that the examples name, in a world where nothing but this machine answers.

    home: the data folder of the commands
    """
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TWBOT_HOME", str(home))
    monkeypatch.setattr(socket, "getaddrinfo", _only_here)
    keys = json.dumps(msgspec.to_builtins(world.system.bot.secrets.keys()))
    for name in ("keys.json", "new-keys.json"):
        (folder / name).write_text(keys)
    (folder / "token.txt").write_text("a-token")
    (folder / "people.json").write_text('{"version": 1, "accounts": [{"username": "ann"}]}')
    (folder / "posts.jsonl").write_text('{"text": "tell me a joke", "as": "bob"}\n')
    (folder / "weekly.sql").write_text("-- parameter: days integer 1\nSELECT CAST(? AS integer) AS days")
    shutil.copy(PICTURES / "stranger.jpg", folder / "ada.jpg")
    with answering(Answer()) as address, stage_beside(world, keys, monkeypatch):
        (folder / "slack-address.txt").write_text(address.url)
        yield Stand(world)
    world.settle()
    for each in AFTER:
        run([*each.split(), "--data", str(world.home.folder)])


@contextlib.contextmanager
def stage_beside(world: World, keys: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stage `prod` under moto, with the keys, the webhook and the simulated X of the bot of this machine."""
    Path("twbot.toml").write_text('[stages.prod.aws]\ntwitter_account_id = "7"\nregion = "eu-west-1"\n')
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    assert world.system.x is not None
    monkeypatch.setattr(AwsBot, "x_url", world.system.x.url)
    monkeypatch.setattr(AwsBot, "simulated", True)
    monkeypatch.setattr(AwsBot, "webhook_url", lambda _: world.system.url)
    monkeypatch.setattr(AwsBot, "output", _not_deployed)
    with mock_aws():
        AwsBot("prod").client("secretsmanager").create_secret(Name="TwitterSecret", SecretString=keys)
        yield


def in_a_shell(command: str, desk: Stand) -> tuple[int, str]:
    """Somebody posts meanwhile, for what waits for events."""
    with subprocess.Popen(
        ["sh", "-c", command], env=with_twbot(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        while process.poll() is None and "tail" in command:
            desk.post()
        output, _ = process.communicate(timeout=30)
        return process.returncode, output


def with_twbot() -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def _not_deployed(bot: AwsBot, service: str, name: str) -> str:
    """moto's CloudFormation takes packages that we do not install."""
    raise NotDeployed(f"There is no stack {service} with an output {name}.", bot.name)


def interrupted(seconds: float) -> None:
    """Ctrl-C while the command waits; the bot's own threads sleep on."""
    if threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt
    _sleep(seconds)


_resolve, _sleep = socket.getaddrinfo, time.sleep


def _only_here(host: Any, *more: Any, **named: Any) -> Any:
    if host not in {"127.0.0.1", "localhost", "::1", None}:
        raise socket.gaierror(f"{host} is not this machine")
    return _resolve(host, *more, **named)
