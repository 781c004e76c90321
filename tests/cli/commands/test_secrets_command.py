"""`twbot secrets` for the stage `local`, against the simulated X."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import msgspec
import pytest

from tests.support.local_stage import Local, Twbot
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.ports import Keys
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.data_folder import DataFolder


@pytest.fixture
def file(local: Local, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys that X accepts, in a file."""
    path = tmp_path_factory.mktemp("given") / "keys.json"
    path.write_bytes(msgspec.json.encode(local.x.client.keys()))
    return path


def stored(local: Local) -> Keys:
    return FileSecrets(DataFolder(local.folder).secrets).keys()


def renewed(local: Local) -> tuple[Keys, Keys]:
    """The keys before and after the account's token was revoked and made anew."""
    before = local.x.client.keys()
    local.x.client.act("revoke", "twbot")
    return before, local.x.client.keys()


def write(path: Path, keys: Keys) -> str:
    path.write_bytes(msgspec.json.encode(keys))
    return str(path)


def test_stores_what_x_accepts(local: Local, twbot: Twbot, file: Path) -> None:
    """In a file for its owner only; the account is named."""
    DataFolder(local.folder).secrets.unlink()
    ended = twbot("secrets", "set", "--from-file", str(file))
    assert (ended.code, ended.out["username"]) == (0, "twbot")
    assert stored(local) == local.x.client.keys()
    assert DataFolder(local.folder).secrets.stat().st_mode & 0o777 == 0o600


def test_does_not_store_what_x_refuses(local: Local, twbot: Twbot, file: Path) -> None:
    """3, the reason, and the keys of before are still there."""
    good = local.x.client.keys()
    for wrong, named in (("access_token_secret", "the access token"), ("bearer_token", "the bearer token")):
        write(file, msgspec.structs.replace(good, **{wrong: "wrong"}))
        ended = twbot("secrets", "set", "--from-file", str(file), "--yes")
        assert ended.code == Exit.NOT_CONFIGURED
        assert f"does not accept {named}" in ended.error["error"]
    assert stored(local) == good


def test_wrong_app_keys_without_a_bearer_token(local: Local, twbot: Twbot, file: Path) -> None:
    """The API key and secret are checked, too."""
    keys = msgspec.structs.replace(local.x.client.keys(), api_secret="wrong", bearer_token=None)
    assert twbot("secrets", "set", "--from-file", write(file, keys), "--yes").code == Exit.NOT_CONFIGURED


def test_from_stdin(local: Local, twbot: Twbot, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--from-file -`; replacing what is there needs --yes where nobody can be asked."""
    for arguments, code in (((), Exit.USAGE), (("--yes",), Exit.DONE), (("--dry-run",), Exit.DONE)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
        assert twbot("secrets", "set", "--from-file", "-", *arguments).code == code
    assert stored(local) == local.x.client.keys()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"ApiKey": 1}', b"\xff", b'{"ApiKey": "\xc3\xa9"}'])
@pytest.mark.usefixtures("local")
def test_a_file_of_another_form(twbot: Twbot, file: Path, content: bytes) -> None:
    """2, with the form that it has to have."""
    file.write_bytes(content)
    ended = twbot("secrets", "set", "--from-file", str(file))
    assert ended.code == Exit.USAGE
    assert "AccessTokenSecret" in ended.error["hint"]


@pytest.mark.usefixtures("local")
def test_no_file_and_nobody_to_ask(twbot: Twbot, file: Path) -> None:
    """2: no prompt without a terminal."""
    assert twbot("secrets", "set").code == Exit.USAGE
    assert twbot("secrets", "set", "--from-file", f"{file}.not").code == Exit.USAGE


def test_asked_without_echo(local: Local, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key is typed unseen; the bearer token may be left out."""
    import typer

    keys = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    answers = iter([*(keys[name] for name in ("ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret")), ""])
    hidden: list[bool] = []

    def prompt(*_: object, hide_input: bool, err: bool, **__: object) -> str:
        hidden.append(hide_input and err)
        return next(answers)

    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert run(["secrets", "set", "--yes", "--data", str(local.folder)]) == 0
    assert hidden == [True] * 5
    assert stored(local) == msgspec.structs.replace(local.x.client.keys(), bearer_token=None)


def test_shown_without_values(local: Local, twbot: Twbot, capsys: pytest.CaptureFixture[str]) -> None:
    """Which are there, in a table and in JSON; never a value."""
    values = set(msgspec.to_builtins(stored(local)).values())
    shown = twbot("secrets", "show")
    assert shown.out["keys"]["ApiSecret"] is True
    assert run(["secrets", "show", "--data", str(local.folder)]) == 0
    out, err = capsys.readouterr()
    assert not [value for value in values if value in f"{shown.out}{shown.err}{out}{err}"]


def test_checked(local: Local, twbot: Twbot) -> None:
    """0 and whose they are, or 3 and what to type."""
    assert twbot("secrets", "check").out["user_id"] == local.x.client.keys().user_id
    DataFolder(local.folder).secrets.unlink()
    ended = twbot("secrets", "check")
    hint = f"Store them: twbot secrets set --data {local.folder}"
    assert (ended.code, ended.error["hint"]) == (Exit.NOT_CONFIGURED, hint)


def test_rotated(local: Local, twbot: Twbot, file: Path) -> None:
    """The new are stored, the old kept as the previous ones, for their owner only."""
    old, new = renewed(local)
    assert twbot("secrets", "rotate", "--from-file", write(file, new), "--dry-run").out["rotated"] is False
    assert stored(local) == old
    assert twbot("secrets", "rotate", "--from-file", str(file), "--yes").out["rotated"] is True
    assert stored(local) == new
    assert twbot("secrets", "show").out["previous"] is True
    assert (local.folder / "secrets.previous.json").stat().st_mode & 0o777 == 0o600


def test_the_old_come_back_when_the_new_fail_after_all(local: Local, twbot: Twbot, file: Path) -> None:
    """X accepts them, they are stored, and then X does not accept what is stored."""
    old, new = renewed(local)
    calls = 0

    import twbot.cli.x.accepted_keys as command

    accept = command.accepted_user

    def second_time_refused(secrets: object, x_url: str) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            local.x.client.fail("unauthorized", call="GET /2/users/me")
        return accept(secrets, x_url)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "accepted_user", second_time_refused)
        ended = twbot("secrets", "rotate", "--from-file", write(file, new), "--yes")
    assert ended.code == Exit.NOT_CONFIGURED
    assert "the old ones are back" in ended.err
    assert stored(local) == old


def test_rotation_stays_with_the_account(local: Local, twbot: Twbot, file: Path) -> None:
    """2 for another account's keys, and for the very same ones."""
    other = local.x.client.keys("somebody")
    assert "belong to the account" in twbot("secrets", "rotate", "--from-file", write(file, other)).error["error"]
    same = write(file, stored(local))
    assert twbot("secrets", "rotate", "--from-file", same, "--yes").code in {Exit.USAGE, Exit.NOT_CONFIGURED}
