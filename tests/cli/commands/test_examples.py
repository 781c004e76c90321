"""Every command has an example, and every example runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from moto import mock_aws
from rich.text import Text

from tests.support.commands import COMMANDS, examples_in
from tests.support.loopback import Answer, answering
from tests.support.paths import PICTURES, TESTS
from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import app, run
from twbot.cli.operations.aws_errors import NotDeployed
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Entry

EXAMPLES = [example for text in COMMANDS.values() for example in examples_in(text)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    """Of itself."""
    assert any(command in example for example in examples_in(COMMANDS[command]))


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


# What an example names, and what stands for it here.
MEANS: dict[str, Callable[[Stand], str]] = {
    "1585841080431321088": Stand.post,
    "12": Stand.dead_letter,
    "13": Stand.dead_letter,
    "1146654567674912769": Stand.webhook,
    "replay-20261101T100000Z-1a2b": Stand.replay,
    "1a2b3c4d": Stand.subscriber,
}
# What has to be done before.
BEFORE: dict[str, Callable[[Stand], object]] = {
    "twbot check --project coffee-bot --json": Stand.new_bot,
    "twbot alerts test": Stand.subscriber,
    "twbot init": Stand.no_settings,
    "twbot secrets remove CRM_TOKEN --yes": Stand.own_secret,
    "twbot restore monday.tar.gz --data restored": Stand.backup,
    "twbot restore monday.tar.gz --force": Stand.backup,
    'twbot celebrities remove "Ada Lovelace"': Stand.celebrity,
    "twbot replies optout remove 2244994945": Stand.opted_out,
    "twbot tail --json --since 10m --limit 5": Stand.post,  # a post makes five events
}
# What an example did to the bot that others use is undone.
AFTER = ("replies resume", "replies limit --none", "replies optout remove 2244994945", "dlq purge --all --yes")
# Those that end otherwise here, and what they say.
ENDS = {
    "twbot lock": (Exit.NOT_FOUND, "nothing to lock"),  # with packages it asks their index
    "twbot secrets set": (Exit.USAGE, "nobody is there to type it"),
    "twbot secrets put CRM_TOKEN": (Exit.USAGE, "nobody is there to type it"),
    "twbot secrets set --from-file keys.json --stage prod": (Exit.USAGE, "replace them"),
    "twbot alerts subscribe email me@example.org --smtp smtps://me%40example.org@smtp.example.org": (
        Exit.USAGE,
        "nobody is there to type it",
    ),
    "twbot restore monday.tar.gz --force": (Exit.FAILED, "twbot down"),
    "twbot secrets rotate --from-file new-keys.json --yes": (Exit.USAGE, "stored already"),
    "twbot webhook register": (Exit.FAILED, "registered already"),
    "twbot webhook register --url https://bot.example.com/twitter": (Exit.CHECK_FAILED, "Nobody answers there"),
    "twbot webhook register --api v1.1 --environment dev --stage prod": (Exit.FAILED, "registered already"),
    "twbot replay cancel replay-20261101T100000Z-1a2b": (Exit.FAILED, "is done already"),
}
# Those that take a bot with models, one of their own, or CDK: where they are tried.
ELSEWHERE = {
    "twbot demo": "end_to_end/test_demo.py",
    "twbot up": "cli/commands/test_up_and_down.py",
    "twbot down": "cli/commands/test_up_and_down.py",
    "twbot open": "cli/commands/test_open.py",
    "twbot x open": "cli/commands/test_x_command.py",
    "twbot test": "end_to_end/test_templates.py",
    "twbot deploy": "cli/deploy/test_deploy_commands.py",
    "twbot diff": "cli/deploy/test_deploy_commands.py",
    "twbot synth": "cli/deploy/test_deploy_commands.py",
    "twbot outputs": "cli/deploy/test_deploy_commands.py",
    "twbot destroy": "cli/deploy/test_deploy_commands.py",
    "twbot doctor --stage": "cli/doctor/test_doctor_command.py",
    "twbot secrets put CRM_TOKEN --from-file - --stage prod": "cli/commands/test_own_secrets_command.py",
}
NOT_THERE = "Deploy it: twbot deploy --stage prod"
ENDLESS = ("twbot tail --type", "--wide", "twbot tail --stage", "--follow", "--watch")


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stand]:
    """An operator's folder with the files that the examples name, in a world where nothing but this machine answers."""
    monkeypatch.chdir(tmp_path)
    # Subscribers of alerts are not for the bot that other tests use.
    home = tmp_path / "data" if "twbot alerts" in request.node.name else world.home.folder
    monkeypatch.setenv("TWBOT_HOME", str(home))
    monkeypatch.setattr(socket, "getaddrinfo", _only_here)
    keys = json.dumps(msgspec.to_builtins(world.system.bot.secrets.keys()))
    for name in ("keys.json", "new-keys.json"):
        (tmp_path / name).write_text(keys)
    (tmp_path / "token.txt").write_text("a-token")
    (tmp_path / "posts.jsonl").write_text('{"text": "tell me a joke", "as": "bob"}\n')
    (tmp_path / "weekly.sql").write_text("-- parameter: days integer 1\nSELECT CAST(? AS integer) AS days")
    shutil.copy(PICTURES / "stranger.jpg", tmp_path / "ada.jpg")
    with answering(Answer()) as address, stage_beside(world, keys, monkeypatch):
        (tmp_path / "slack-address.txt").write_text(address.url)
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


@pytest.mark.parametrize("example", [each for each in EXAMPLES if not each.startswith(tuple(ELSEWHERE))])
def test_the_example_runs(
    example: str, desk: Stand, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands in the help, to the end: what goes on for ever until Ctrl-C, and about a stage that
    is not deployed to where that is said: its own tests are of one that is."""
    command = " ".join(MEANS[word](desk) if word in MEANS else word for word in example.split(" "))
    if example in BEFORE:
        BEFORE[example](desk)
    code, said = ENDS.get(example, (Exit.DONE, ""))
    if any(word in example for word in ENDLESS):
        monkeypatch.setattr(time, "sleep", _interrupted)
    if set(command) & set("|<>"):
        ended, output = in_a_shell(command, desk)
    else:
        capfd.readouterr()
        ended = run(shlex.split(command)[1:])
        output = "".join(capfd.readouterr())
    if not ("--stage" in example and NOT_THERE in output):
        assert ended == code, output
        assert said in output


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


def _interrupted(seconds: float) -> None:
    """Ctrl-C while the command waits; the bot's own threads sleep on."""
    if threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt
    _sleep(seconds)


_resolve, _sleep = socket.getaddrinfo, time.sleep


def _only_here(host: Any, *more: Any, **named: Any) -> Any:
    if host not in {"127.0.0.1", "localhost", "::1", None}:
        raise socket.gaierror(f"{host} is not this machine")
    return _resolve(host, *more, **named)


@pytest.mark.parametrize(("command", "file"), ELSEWHERE.items())
def test_what_is_tried_elsewhere_is(command: str, file: str) -> None:
    """The command is typed there."""
    typed = command.split()[1]
    assert re.search(rf'["(]{typed}\b', (TESTS / file).read_text())


def helps(group: Any) -> Iterator[str]:
    yield group.help or ""
    yield from (each.help or "" for each in group.params)
    for child in getattr(group, "commands", {}).values():
        yield from helps(child)


def test_help_is_shown_as_it_is_written() -> None:
    """Rich takes [words] for its markup, and would leave them out: of commands, of arguments and of options."""
    written = set(helps(typer.main.get_command(app)))
    assert [text for text in written if Text.from_markup(text).plain != text] == []
