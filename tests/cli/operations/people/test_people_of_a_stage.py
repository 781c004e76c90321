"""`twbot celebrities --stage` and `deploy`: the faces of a stage's collection."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.bot_folders import make_bot
from tests.support.face_collection import GREY, WHITE, FaceCollections, picture
from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.people.aws import AwsPeople, Changed
from twbot.lambdas.aws.face_ids import parse
from twbot.lambdas.folder.people import BadPhoto

RED, GREEN = (200, 30, 30), (30, 200, 30)
COLLECTION = "twbot-prod-people"


@pytest.fixture
def rekognition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaceCollections:
    make_bot(tmp_path, monkeypatch, twbot_toml='[stages.prod.aws]\nregion = "eu-west-1"\n')
    client = FaceCollections(COLLECTION)
    monkeypatch.setattr(AwsBot, "client", lambda *_: client)
    return client


@pytest.fixture
def stage(rekognition: FaceCollections, tmp_path: Path) -> AwsPeople:
    del rekognition
    return AwsPeople(AwsBot("prod", file=tmp_path / "twbot.toml"))


def put(folder: Path, name: str, colour: tuple[int, int, int] = RED, file: str = "1.png") -> Path:
    path = folder / "bot" / "people" / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(colour))
    return path


def in_collection(client: FaceCollections) -> list[str]:
    found = [parse(each["ExternalImageId"]) for each in client.collections[COLLECTION]]
    return sorted(each.name for each in found if each is not None)


def test_deploy_keeps_the_collection_in_step(tmp_path: Path, stage: AwsPeople, rekognition: FaceCollections) -> None:
    """New photos are indexed once, those that are gone are deleted; what others put there stays."""
    rekognition.collections[COLLECTION].append({"FaceId": "x" * 36, "ExternalImageId": "of-another", "colour": GREEN})
    put(tmp_path, "Ada"), put(tmp_path, "Ada", GREEN, "2.png"), put(tmp_path, "محمد علي", GREEN)
    stage.add("Grace", {"g.png": picture(RED)})
    assert stage.keep_in_step(tmp_path) == Changed(3, 0)
    assert in_collection(rekognition) == ["Ada", "Ada", "Grace", "محمد علي"]
    assert stage.keep_in_step(tmp_path) == Changed(0, 0)
    assert rekognition.indexed == 4
    shutil.rmtree(tmp_path / "bot" / "people" / "Ada")
    assert stage.keep_in_step(tmp_path) == Changed(0, 2)
    assert in_collection(rekognition) == ["Grace", "محمد علي"]
    assert len(rekognition.collections[COLLECTION]) == 3


@pytest.mark.parametrize(("colour", "message"), [(GREY, "no face"), (WHITE, "several faces")])
def test_a_photo_has_one_face(
    colour: tuple[int, int, int], message: str, tmp_path: Path, stage: AwsPeople, rekognition: FaceCollections
) -> None:
    """One that has none or two is named, leaves nothing behind, and keeps no other photo from being indexed."""
    wrong = put(tmp_path, "Ada", colour)
    put(tmp_path, "Zoe", GREEN)
    with pytest.raises(BadPhoto, match=message) as raised:
        stage.keep_in_step(tmp_path)
    assert str(wrong) in str(raised.value)
    assert "twbot deploy --stage prod" in str(raised.value.hint)
    assert in_collection(rekognition) == ["Zoe"]


def twbot(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    capsys.readouterr()
    code = run(["celebrities", *arguments, "--stage", "prod", "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out or "null"), said.err


def test_the_commands_work_on_a_stage(
    tmp_path: Path, stage: AwsPeople, capsys: pytest.CaptureFixture[str], rekognition: FaceCollections
) -> None:
    """As on one machine: add, list, remove; who is in the bot's folder goes with the folder."""
    put(tmp_path, "Ada")
    stage.keep_in_step(tmp_path)
    photo = tmp_path / "grace.png"
    photo.write_bytes(picture(GREEN))
    assert twbot(capsys, "add", "Grace Hopper", str(photo))[:2] == (
        0,
        {"name": "Grace Hopper", "shipped": False, "in_folder": False, "urls": [], "photos": _photos(photo)},
    )
    assert twbot(capsys, "add", "Grace Hopper", str(photo))[0] == 0  # once more is once
    _, people, _ = twbot(capsys, "list")
    assert [(each["name"], each["in_folder"], len(each["photos"])) for each in people] == [
        ("Ada", True, 1),
        ("Grace Hopper", False, 1),
    ]
    assert people[0]["photos"][0]["source"] == "bot/people/Ada/1.png"
    assert twbot(capsys, "remove", "Grace Hopper")[:2] == (0, {"removed": "Grace Hopper"})
    code, _, error = twbot(capsys, "remove", "Ada")
    assert code == 1
    assert "bot/people/Ada" in error
    assert "deploy --stage prod" in error
    code, _, error = twbot(capsys, "remove", "Adda")
    assert code == 4
    assert 'celebrities remove \\"Ada\\" --stage prod' in error
    assert in_collection(rekognition) == ["Ada"]


def _photos(photo: Path) -> list[dict[str, str]]:
    import hashlib

    return [{"source": hashlib.sha256(photo.read_bytes()).hexdigest()[:12], "licence": ""}]


def test_a_stage_without_people_says_how_to_have_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rekognition: FaceCollections
) -> None:
    """It has no collection: that comes with the first person of the folder."""
    rekognition.collections.clear()
    (tmp_path / "a.png").write_bytes(picture(RED))
    for command in (["list"], ["add", "Ada", str(tmp_path / "a.png")], ["remove", "Ada"]):
        code, _, error = twbot(capsys, *command)
        assert code == 1
        assert "bot/people/<name>/" in error
        assert "deploy --stage prod" in error
