"""Every command has an example, and every example runs."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text

from tests.support.commands import COMMANDS, examples_in
from tests.support.desk import NOT_THERE, Stand, at_a_desk, in_a_shell, interrupted
from tests.support.paths import TESTS
from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import app, run

EXAMPLES = [example for text in COMMANDS.values() for example in examples_in(text)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    """Of itself."""
    assert any(command in example for example in examples_in(COMMANDS[command]))


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
    "twbot x serve": "cli/commands/test_x_command.py",
    "twbot x reset": "cli/commands/test_x_command.py",
    "twbot x faults": "cli/commands/test_x_command.py",
    "twbot test": "end_to_end/test_templates.py",
    "twbot deploy": "cli/deploy/test_deploy_commands.py",
    "twbot diff": "cli/deploy/test_deploy_commands.py",
    "twbot synth": "cli/deploy/test_deploy_commands.py",
    "twbot outputs": "cli/deploy/test_deploy_commands.py",
    "twbot destroy": "cli/deploy/test_deploy_commands.py",
    "twbot doctor --stage": "cli/doctor/test_doctor_command.py",
    "twbot secrets put CRM_TOKEN --from-file - --stage prod": "cli/commands/test_own_secrets_command.py",
}
ENDLESS = ("twbot tail --type", "--wide", "twbot tail --stage", "--follow", "--watch")


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stand]:
    """Subscribers of alerts are not for the bot that other tests use."""
    home = tmp_path / "data" if "twbot alerts" in request.node.name else world.home.folder
    with at_a_desk(world, home, tmp_path, monkeypatch) as stand:
        yield stand


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
        monkeypatch.setattr(time, "sleep", interrupted)
    if set(command) & set("|<>"):
        ended, output = in_a_shell(command, desk)
    else:
        capfd.readouterr()
        ended = run(shlex.split(command)[1:])
        output = "".join(capfd.readouterr())
    if not ("--stage" in example and NOT_THERE in output):
        assert ended == code, output
        assert said in output


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
