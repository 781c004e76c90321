"""The file that holds the keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from twbot.lambdas.ports import Keys
from twbot.local.adapters.secrets import FileSecrets, NoKeys

KEYS = Keys(api_key="k", api_secret="hunter2", access_token="1-t", access_token_secret="s")


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    """0600 in a folder of 0700, and nothing else left there."""
    path = tmp_path / "data" / "secrets.json"
    FileSecrets(path).save(KEYS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["secrets.json"]


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    """Once; a refresh sees what another process has saved since."""
    path = tmp_path / "secrets.json"
    writer, reader = FileSecrets(path), FileSecrets(path)
    writer.save(KEYS)
    assert reader.keys() == KEYS
    newer = Keys(api_key="k2", api_secret="s", access_token="1-t", access_token_secret="s", bearer_token="b")
    writer.save(newer)
    assert reader.keys() == KEYS
    assert reader.refresh() == reader.keys() == newer


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0o600, "There are no keys in"),
        ("{}", 0o644, "Others can read the keys"),
        ("hunter2", 0o600, "not JSON"),
        ('{"ApiKey": "hunter2"}', 0o600, "ApiSecret"),
        ('{"ApiKey": "hunter2", "ApiSecret": 7}', 0o600, "ApiSecret"),
        ('{"ApiKey": "hunter2", "ApiSecret": "", "AccessToken": "a", "AccessTokenSecret": "b"}', 0o600, "empty"),
    ],
)
def test_a_bad_file_is_told_without_its_contents(tmp_path: Path, content: str | None, mode: int, said: str) -> None:
    """Missing, readable by others, no JSON, incomplete."""
    path = tmp_path / "secrets.json"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(NoKeys, match=said) as problem:
        FileSecrets(path).keys()
    assert "hunter2" not in str(problem.value)
