"""`twbot secrets put`, `list` and `remove` on both platforms."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from twbot.cli.doctor.own_secrets import check_own_secrets
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.cli.operations.own_secrets import missing_secrets
from twbot.cli.operations.target import Target
from twbot.local.adapters.secrets import OwnSecrets
from twbot.local.data_folder import DataFolder

TOML = """
[stages.prod.aws]
region = "eu-west-1"
[[rules]]
name = "tickets"
when = {}
run = "bot.crm:ticket"
secrets = ["CRM_TOKEN"]
[answers]
texts = ["bot.crm:status"]
secrets = ["CRM_TOKEN", "SHOP_KEY"]
[llm]
model = "m"
url = "https://llm.example"
key = "LLM_KEY"
dollars_per_million_input_tokens = 1
dollars_per_million_output_tokens = 1
"""


class Place:
    """A bot's folder, and where its secrets are: `options` of a command."""

    def __init__(self, folder: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.options, self._capsys = folder, options, capsys
        self.target = Target("prod") if "prod" in options else Target(data=folder / "data")

    def type(self, *arguments: str) -> tuple[int, Any, str]:
        code = run(["secrets", *arguments, *self.options, "--json"])
        out, err = self._capsys.readouterr()
        return code, json.loads(out) if out.strip() else None, err

    def stored(self) -> dict[str, str]:
        if "prod" not in self.options:
            secrets = OwnSecrets(DataFolder(self.folder / "data").own_secrets)
            return secrets.values(secrets.names())
        client = boto3.client("secretsmanager", region_name="eu-west-1")
        names = [each["Name"] for each in client.list_secrets()["SecretList"]]
        return {name: client.get_secret_value(SecretId=name)["SecretString"] for name in names}


@pytest.fixture(params=["local", "aws"])
def place(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Place]:
    (tmp_path / "twbot.toml").write_text(TOML)
    monkeypatch.setenv("TWBOT_PROJECT", str(tmp_path))
    if request.param == "local":
        yield Place(tmp_path, ["--data", str(tmp_path / "data")], capsys)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Place(tmp_path, ["--stage", "prod"], capsys)


def key_of(place: Place, name: str) -> str:
    return f"twbot/prod/{name}" if "prod" in place.options else name


def test_a_secret_is_stored_replaced_listed_and_removed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its value comes from stdin, without the line break at its end, and is never shown."""
    for value in ("first-value", "second-value"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{value}\n".encode())))
        code, out, err = place.type("put", "CRM_TOKEN", "--from-file", "-")
        assert (code, out["stored"], value in f"{out}{err}") == (0, True, False)
        assert place.stored() == {key_of(place, "CRM_TOKEN"): value}
    code, out, err = place.type("list")
    assert [(each["name"], each["stored"], each["used_by"]) for each in out["secrets"]] == [
        ("CRM_TOKEN", True, ["tickets", "answers"]),
        ("LLM_KEY", False, ["llm"]),
        ("SHOP_KEY", False, ["answers"]),
    ]
    assert "second-value" not in f"{out}{err}"
    assert place.type("remove", "CRM_TOKEN", "--yes")[0] == 0
    assert place.stored() == {}
    assert place.type("remove", "CRM_TOKEN", "--yes")[0] == Exit.NOT_FOUND


def test_a_missing_secret_is_named_with_what_to_type(place: Place) -> None:
    """By what `up`, `deploy`, `check` and `doctor` ask."""
    bot = place.target.open()
    assert [each.name for each in missing_secrets(bot)] == ["CRM_TOKEN", "SHOP_KEY", "LLM_KEY"]
    checks = list(check_own_secrets(bot))
    assert {each.state for each in checks} == {"wrong"}
    assert checks[0].fix == f"twbot secrets put CRM_TOKEN{bot.option}"
    for name in ("CRM_TOKEN", "SHOP_KEY", "LLM_KEY"):
        bot.own_secrets().put(name, "a value")
    assert [each.state for each in check_own_secrets(place.target.open())] == ["ok"]


@pytest.mark.parametrize("name", ["crm_token", "CRM-TOKEN", "1ST", "A" * 61, "../X", ""])
def test_a_name_is_one_of_the_folder(place: Place, name: str) -> None:
    code, _, err = place.type("put", name, "--generate")
    assert (code, "capitals, digits and underscores" in err) == (Exit.USAGE, True)
    assert place.stored() == {}


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\xff", b"x" * 70_000])
def test_what_is_no_secret_is_not_stored(place: Place, tmp_path: Path, content: bytes) -> None:
    """Nothing, bytes that are no text, and a file that is something else."""
    (tmp_path / "value").write_bytes(content)
    assert place.type("put", "CRM_TOKEN", "--from-file", str(tmp_path / "value"))[0] == Exit.USAGE
    assert place.stored() == {}


def test_a_generated_secret_is_shown_once(place: Place) -> None:
    """To be given to whoever receives the events."""
    _, out, _ = place.type("put", "CRM_TOKEN", "--generate")
    assert out["value"].startswith("whsec_")
    assert list(place.stored().values()) == [out["value"]]


def test_a_secret_is_no_argument(place: Place) -> None:
    """The shell's history and `ps` would have it."""
    assert place.type("put", "CRM_TOKEN", "the value")[0] == Exit.USAGE
    assert place.type("put", "CRM_TOKEN")[0] == Exit.USAGE  # nobody is there to type it
    assert place.stored() == {}


def test_the_file_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that others could read is not used; a bot that runs sees a new value at once."""
    path = tmp_path / "own-secrets.json"
    reader, writer = OwnSecrets(path), OwnSecrets(path)
    assert reader.values(["A"]) == {}
    writer.put("A", "1")
    assert (path.stat().st_mode & 0o777, reader.values(["A", "B"])) == (0o600, {"A": "1"})
    writer.put("A", "2")
    assert reader.values(["A"]) == {"A": "2"}
    path.chmod(0o640)
    with pytest.raises(Exception, match="chmod 600"):
        reader.values(["A"])
