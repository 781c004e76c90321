"""`twbot init`: the file that explains itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.settings import Settings, load
from twbot.stacks.config import AwsConfig, Detectors, load_stage

STRUCTS = (Settings, AwsConfig, Detectors)
FILE = Path("twbot.toml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fields() -> set[str]:
    return {name for each in STRUCTS for name in each.__struct_fields__} - {"aws", "detectors"}


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"^# (\w+) = ", text, re.MULTILINE))


def test_it_has_every_setting_and_loads() -> None:
    """Every field and nothing else, each with what it means; as it is written, the defaults hold."""
    assert run(["init"]) == 0
    text = FILE.read_text(encoding="utf-8")
    assert settings_in(text) == fields()
    assert not [line for line in text.splitlines() if re.match(r"# \w+ = ", line) and not re.search(r"\S +# \S", line)]
    stage = load_stage("prod", twitter_account_id="999999")
    assert stage.aws == AwsConfig(twitter_account_id="999999")
    assert stage.settings == Settings(aws={"detectors": {}})


@pytest.mark.parametrize("name", ["prod", "test"])
def test_uncommented_it_loads_and_says_the_defaults(name: str) -> None:
    """Whoever removes the # in front of a setting changes nothing by that alone."""
    assert run(["init", "--stage", name]) == 0
    FILE.write_text(re.sub(r"^# (\w+ = )", r"\1", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    stage = load_stage(name)
    assert stage.production is (name == "prod")
    plain = load_stage(name, Path("none.toml"), twitter_account_id="999999")
    assert stage.secret == plain.secret
    examples = {
        "twitter_account_id",
        "account",
        "region",
        "profile",
        "production",
        "secret",
        "x_url",
        "detectors",
        "extra",
    }
    for field in set(AwsConfig.__struct_fields__) - examples:
        assert getattr(stage.aws, field) == getattr(plain.aws, field), field
    assert stage.aws.detectors == Detectors()


def test_it_never_overwrites_unasked() -> None:
    """2 and the file as it was; with --force the old one is kept beside it."""
    FILE.write_text("[stages.prod]\nreplies = false\n")
    assert run(["init"]) == Exit.USAGE
    assert not load(FILE, "prod").replies
    assert run(["init", "--force"]) == 0
    assert load(FILE, "prod").replies
    assert not load(Path("twbot.toml.old"), "prod").replies


def test_it_adds_a_stage() -> None:
    """What is there stays."""
    FILE.write_text("[stages.prod]\nreplies = false")
    assert run(["init", "--stage", "test"]) == 0
    assert not load(FILE, "prod").replies
    assert load_stage("test", twitter_account_id="1").settings.replies


def test_local_has_no_tables_for_aws() -> None:
    """The bot of this machine needs none."""
    assert run(["init", "--stage", "local"]) == 0
    assert settings_in(FILE.read_text(encoding="utf-8")) == set(Settings.__struct_fields__) - {"aws"}


@pytest.mark.parametrize("name", ["", "Prod", "../x", 'x"]\n[y', "a" * 17])
def test_hostile_names_are_refused(name: str, folder: Path) -> None:
    """Nothing is written."""
    assert run(["init", "--stage", name]) == Exit.USAGE
    assert [*folder.iterdir()] == []


def test_a_file_that_cannot_be_read_is_left_alone() -> None:
    """One error; nothing is added to it."""
    FILE.write_text("stages = [")
    assert run(["init", "--stage", "test"]) == Exit.FAILED
    assert FILE.read_text() == "stages = ["


def test_the_first_stage_says_that_there_is_another_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """Who has run the bot here first wants `local`; once it is there, nothing is said of it."""
    assert run(["init"]) == 0
    assert "twbot init --stage local" in capsys.readouterr().err
    assert run(["init", "--stage", "local"]) == 0
    said = capsys.readouterr().err
    assert ("twbot up" in said, "deploy" in said) == (True, False)
    assert run(["init", "--stage", "test"]) == 0
    assert "--stage local" not in capsys.readouterr().err


@pytest.mark.parametrize("stage", ["local", "prod", "a-name-that-is"])
def test_all_comments_begin_in_one_column(stage: str) -> None:
    """However long the stage's name is."""
    assert run(["init", "--stage", stage]) == 0
    lines = [line for line in FILE.read_text("utf-8").splitlines() if re.match(r"# \w+ = |\[", line)]
    assert {line.rindex(" # ") for line in lines if line.index(" # ", 2) <= 39} == {38}
