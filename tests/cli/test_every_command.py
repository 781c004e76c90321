"""What holds of every command alike: its help, its errors."""

from __future__ import annotations

import json

import pytest

from tests.support.commands import COMMANDS
from twbot.cli.errors import Exit
from twbot.cli.main import run

GROUPS = sorted({name.rpartition(" ")[0] for name in COMMANDS if name.count(" ") == 2})
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("command", ["twbot", *GROUPS, *COMMANDS])
def test_help_is_asked_for_in_three_ways(command: str, capsys: Capture) -> None:
    """`--help`, `-h` and `twbot help COMMAND` print the same, and it names the command."""
    names = command.split()[1:]
    answers = []
    for typed in ([*names, "--help"], [*names, "-h"], ["help", *names]):
        assert run(typed) == Exit.DONE
        answers.append(capsys.readouterr().out)
    assert command in answers[0]
    assert answers == [answers[0]] * 3


@pytest.mark.parametrize("command", COMMANDS)
def test_a_usage_error_names_the_command(command: str, capsys: Capture) -> None:
    """For programs its kind is `usage`, and the hint leads to the help of the command that was typed."""
    assert run([*command.split()[1:], "--no-such-option", "--json"]) == Exit.USAGE
    error = json.loads(capsys.readouterr().err)
    assert (error["code"], error["kind"]) == (Exit.USAGE, "usage")
    assert error["hint"] == f"Try: {command} --help"


@pytest.mark.parametrize(
    ("typed", "says", "hint"),
    [
        ("help qurey", "No such command 'qurey'", "twbot --help"),
        ("help dlq redriv", "Did you mean 'redrive'?", "twbot dlq --help"),
        ("help query authors", "`twbot query` has no commands of its own.", "twbot help query"),
    ],
)
def test_help_of_what_is_no_command(typed: str, says: str, hint: str, capsys: Capture) -> None:
    """Says what is nearest, as the command itself does."""
    assert run(typed.split()) == Exit.USAGE
    said = " ".join(capsys.readouterr().err.split())
    assert says in said
    assert hint in said


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("trace x", "usage"),
        ("trace 1", "not-configured"),
        ("query nothing-like-that", "not-found"),
        ("backup below/a/file", "not-configured"),
    ],
)
def test_an_error_for_programs_has_a_kind(
    typed: str, kind: str, capsys: Capture, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of its exit code: docs/commands.md lists them."""
    monkeypatch.chdir(str(tmp_path))
    code = run([*typed.split(), "--json"])
    error = json.loads(capsys.readouterr().err)
    assert error["kind"] == kind == Exit(code).label


def test_what_should_not_happen_is_of_a_kind_of_its_own(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a program can tell a fault of twbot's from one that it can act on."""
    monkeypatch.setattr("twbot.cli.commands.schema._list", _fault)
    assert run(["schema", "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().err)["kind"] == "internal"


def _fault(_: bool) -> None:
    raise ZeroDivisionError
