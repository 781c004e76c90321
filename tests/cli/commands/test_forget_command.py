"""`twbot forget`: the same cases on this machine and on a stage on AWS (moto); then beside a running bot."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import msgspec
import pytest

from tests.support.lake_events import event
from tests.support.lake_on_aws import BUCKET, MEDIA, REGION, LakeOnAws, lake_on_aws
from tests.support.operate import Operate, Said
from tests.support.world import World
from twbot.cli.main import run
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.log_context import log_context
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder
from twbot.local.lake.lake import Lake
from twbot.local.server.log_files import lines_of
from twbot.local.server.log_writer import logging_to

POST, OTHER, REPLY = "2080765813578191305", "20807658135781913059", "2080765813578191400"
PUBLISHED = "published"
Twbot = Callable[..., Said]


def of_post(post: str) -> list[Event]:
    raw = {"for_user_id": "7", "tweet_create_events": [{"id_str": post, "text": "secret words"}]}
    quote = {
        "tweet_create_events": [{"id_str": "5", "text": "see", "quoted_status": {"id_str": post, "text": "secret"}}]
    }
    twitter = {"TweetId": post, "UserId": "8"}
    return [
        event("TWITTER_TWEETED", raw),
        event("TWITTER_TWEETED", quote),
        event("MESSAGE_RECEIVED", {"Text": "secret words", "Author": "ann", "Twitter": twitter}),
        event("TWEET_SENT", {"TweetId": REPLY, "ReplyToTweetId": post, "Text": "hello"}),
        event("TWITTER_TWEETED", {"tweet_create_events": [{"id_str": REPLY, "text": "You said: secret words"}]}),
    ]


# A reply to it, and a post whose number begins like its.
OTHERS = [
    event(
        "TWITTER_TWEETED", {"tweet_create_events": [{"id_str": "6", "in_reply_to_status_id_str": POST, "text": "mine"}]}
    ),
    event("MESSAGE_RECEIVED", {"Text": "mine", "Author": "ben", "Twitter": {"TweetId": OTHER, "UserId": "9"}}),
]


class There(NamedTuple):
    twbot: Twbot
    rows: Callable[[], int]
    pictures: Callable[[], list[str]]
    aws: LakeOnAws | None


@pytest.fixture(params=["local", "aws"])
def there(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[There]:
    """A lake with a post, what concerns it and what does not, and its pictures."""

    def command(*arguments: str) -> Said:
        capsys.readouterr()
        options = ["--stage", "prod"] if request.param == "aws" else ["--data", str(tmp_path / "data")]
        return Said(run([*arguments, *options]), *capsys.readouterr())

    def rows() -> int:
        sql = 'SELECT count(*) FROM "analysed-messages-table"'
        return int(command("query", "--sql", sql, "--json").json["rows"][0][0])

    if request.param == "local":
        home = DataFolder(tmp_path / "data")
        yield There(command, rows, _filled(home), None)
        return
    with lake_on_aws(tmp_path, monkeypatch) as lake:
        yield There(command, rows, _filled_on_aws(lake, monkeypatch), lake)


def _filled(home: DataFolder) -> Callable[[], list[str]]:
    Lake(home.lake).append([*of_post(POST), *OTHERS])
    for key in (f"{POST}/a.jpg", f"replies/{POST}/0.jpg", f"{OTHER}/b.jpg"):
        (home.media / key).parent.mkdir(parents=True)
        (home.media / key).write_bytes(b"x")
    Bus(home.bus, RULES).stop()
    return lambda: sorted(path.relative_to(home.media).as_posix() for path in home.media.rglob("*.jpg"))


def _filled_on_aws(lake: LakeOnAws, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """One file with all, one with nothing else. moto's CloudFormation is not installed: the output is given."""
    lines = b"".join(msgspec.json.encode(each) + b"\n" for each in [*of_post(POST)[1:], *OTHERS])
    lake.s3.put_object(Bucket=BUCKET, Key="events/2026/11/23/12/twbot-1.gz", Body=gzip.compress(lines))
    lake.append(of_post(POST)[:1])
    for key in (f"{POST}/a.jpg", f"replies/{POST}/0.jpg", f"{OTHER}/b.jpg"):
        lake.s3.put_object(Bucket=MEDIA, Key=key, Body=b"x")
    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName=PUBLISHED,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    outputs = {"PublishedTableName": PUBLISHED}
    monkeypatch.setattr(AwsBot, "output", lambda _, __, name: outputs.get(name, MEDIA))
    return lambda: sorted(each["Key"] for each in lake.s3.list_objects_v2(Bucket=MEDIA)["Contents"])


def test_forgets_a_post_and_nothing_else(there: There) -> None:
    """All that tells of it or of the reply, pictures, too; which reply stays on X; the second time nothing is there."""
    assert there.rows() == 7
    found = there.twbot("forget", POST, "--yes", "--json")
    assert found.code == 0, found.err
    assert (found.json["removed"]["lake"], found.json["removed"]["pictures"]) == (5, 2)
    assert found.json["replies"] == [REPLY]
    assert found.json["remains"]
    assert there.rows() == 2
    assert there.pictures() == [f"{OTHER}/b.jpg"]
    again = there.twbot("forget", POST, "--yes")
    assert again.code == 0
    assert "Nothing of the post" in again.out


def test_what_is_known_of_the_post_goes(there: There, tmp_path: Path) -> None:
    """The author's name and the pictures' addresses that the publisher keeps; its key stays, so nothing comes back."""
    keys = {f"message:{POST}": '{"Author":"ann"}', f"incomplete:{POST}": "{}", f"message:{OTHER}": '{"Author":"ben"}'}
    if there.aws is None:
        with contextlib.closing(sqlite3.connect(DataFolder(tmp_path / "data").bus)) as db, db:
            db.executemany("INSERT INTO once VALUES (?, 1, ?)", keys.items())
    else:
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        for key, known in keys.items():
            item: Any = {"id": {"S": key}, "expiration": {"N": "1"}, "value": {"S": known}}
            dynamodb.put_item(TableName=PUBLISHED, Item=item)
    there.twbot("forget", POST, "--dry-run")
    assert _known(there, tmp_path) == keys
    assert there.twbot("forget", POST, "--yes").code == 0
    assert _known(there, tmp_path) == {**keys, f"message:{POST}": None, f"incomplete:{POST}": None}


def _known(there: There, folder: Path) -> dict[str, str | None]:
    if there.aws is None:
        with contextlib.closing(sqlite3.connect(DataFolder(folder / "data").bus)) as db:
            return dict(db.execute("SELECT key, value FROM once"))
    items: Any = boto3.client("dynamodb", region_name=REGION).scan(TableName=PUBLISHED)["Items"]
    return {item["id"]["S"]: item.get("value", {}).get("S") for item in items}


def test_a_dry_run_only_counts(there: There) -> None:
    """The same numbers, and nothing is changed."""
    found = there.twbot("forget", POST, "--dry-run", "--json").json
    assert (found["dry_run"], found["removed"]["lake"], found["removed"]["pictures"]) == (True, 5, 2)
    assert there.rows() == 7
    assert len(there.pictures()) == 3


def test_it_asks_first(there: There) -> None:
    """With nobody there it wants --yes; it has said what there is, and which reply stays."""
    found = there.twbot("forget", POST)
    assert found.code == 2
    assert "--yes" in found.err
    assert REPLY in found.out
    assert there.rows() == 7


@pytest.mark.parametrize("wrong", ["abc", "1" * 20, "12 34", "../etc", "１２"])
def test_an_id_is_digits(there: There, wrong: str) -> None:
    """Nothing else gets as far as a path or a query."""
    assert there.twbot("forget", wrong, "--yes").code == 2


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeOnAws]:
    with lake_on_aws(tmp_path, monkeypatch) as lake:
        _filled_on_aws(lake, monkeypatch)
        yield lake


def forget(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["forget", POST, "--stage", "prod", "--yes", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_older_versions_of_a_file_go_too(aws: LakeOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Or the bucket would still tell. A file with nothing else in it goes whole."""
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    forget(capsys)
    versions = aws.s3.list_object_versions(Bucket=BUCKET, Prefix="events/")["Versions"]
    assert [each["Key"] for each in versions] == ["events/2026/11/23/12/twbot-1.gz"]
    body = aws.s3.get_object(Bucket=BUCKET, Key=versions[0]["Key"])["Body"].read()
    assert b"secret" not in gzip.decompress(body)


def test_what_firehose_could_not_deliver_is_read_too(aws: LakeOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """It lies beside the events, as base64."""
    raw = base64.b64encode(msgspec.json.encode(of_post(POST)[0])).decode()
    key = "errors/processing-failed/2026/11/23/12/x"
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=msgspec.json.encode({"rawData": raw}) + b"\n")
    assert forget(capsys)["removed"]["lake"] == 6
    assert aws.keys("errors/") == []


def test_files_from_before_the_post_are_not_read(aws: LakeOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Its number says when it was made; what is damaged since then is named."""
    for key in ("events/2026/01/01/00/old.gz", "events/2026/11/23/13/damaged.gz"):
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b"x" * 99)[:-9])
    remains = " ".join(forget(capsys)["remains"])
    assert "damaged.gz" in remains
    assert "old.gz" not in remains


def test_dead_letters_of_the_post_go(aws: LakeOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of others stay, and are to be had at once."""
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="twbot-prod-analysis-dead-letters")["QueueUrl"]
    for each in (*of_post(POST), *OTHERS):
        sqs.send_message(QueueUrl=url, MessageBody=msgspec.json.encode(each).decode())
    sqs.send_message(QueueUrl=url, MessageBody="no event")
    assert forget(capsys)["removed"]["dead letters"] == 5
    left = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(left) == 3


def test_dead_letters_come_back_when_it_is_stopped(aws: LakeOnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle hides no letter from whoever looks next."""
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="twbot-prod-analysis-dead-letters")["QueueUrl"]
    for each in OTHERS:
        sqs.send_message(QueueUrl=url, MessageBody=msgspec.json.encode(each).decode())

    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("twbot.cli.operations.lake.aws_erasure._about", interrupted)
    assert run(["forget", POST, "--stage", "prod", "--yes"]) == 130
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == len(OTHERS)


def test_says_what_cannot_be_removed_and_when_it_goes(aws: LakeOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """The archive of the stage's bus, and its log."""
    events, logs = boto3.client("events", region_name=REGION), boto3.client("logs", region_name=REGION)
    arn = events.create_event_bus(Name="Plumbing")["EventBusArn"]
    events.create_archive(ArchiveName="the-archive", EventSourceArn=arn, RetentionDays=30)
    logs.create_log_group(logGroupName="/aws/events/twbot-prod")
    logs.put_retention_policy(logGroupName="/aws/events/twbot-prod", retentionInDays=14)
    remains = " ".join(forget(capsys)["remains"])
    assert "the-archive can't be edited: its events go 30 days after they came" in remains
    assert "/aws/events/twbot-prod has every event and can't be edited: its lines go 14 days after they came" in remains


@pytest.mark.usefixtures("aws")
def test_a_stage_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """4, and what to type."""
    assert run(["forget", POST, "--stage", "prod", "--region", "us-east-1", "--yes"]) == 4
    assert "no lake in us-east-1" in capsys.readouterr().err


# In a process of its own: closing a file that SQLite has open takes its locks away from the whole process, and the next
# process that reads the journal would then cut it under the bot. https://www.sqlite.org/howtocorrupt.html section 2.2
MENTIONS = """
import gzip, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*"):
    if path.is_file() and not path.name.startswith("sim.db"):
        body = path.read_bytes()
        body = gzip.decompress(body) if path.suffix == ".gz" else body
        if b"angry and unforgettable" in body:
            print(path.name)
"""


def _mentions(home: DataFolder) -> list[str]:
    """The files of the data folder in which its words still stand, but for what X itself keeps."""
    command = [sys.executable, "-c", MENTIONS, str(home.folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_beside_a_running_bot(world: World, operate: Operate) -> None:
    """Archive, lake and alerts: none of them holds its words any more, and the bot goes on."""
    post, (reply,) = world.ask("una", "@twbot angry and unforgettable")
    kept, _ = world.ask("vic", "@twbot keep me")
    assert _mentions(world.home)
    found = operate("forget", post["id"], "--yes", "--json")
    assert found.code == 0, found.err
    removed = found.json["removed"]
    assert removed["archive"] >= 5
    assert removed["lake"] >= 5
    assert removed["alerts"] == 1
    assert found.json["replies"] == [reply["id"]]
    assert _mentions(world.home) == []
    assert world.events(kept, "MESSAGE_ANALYSED")
    assert operate("forget", post["id"], "--json", "--dry-run").json["removed"]["archive"] == 0
    _, replies = world.ask("una", "@twbot still there?")
    assert replies


def test_dead_letters_and_what_waits_go_with_their_events(tmp_path: Path) -> None:
    """Where no bot runs: nothing of the post is delivered at the next start."""
    home = DataFolder(tmp_path)
    with Bus(home.bus, RULES) as bus:
        bus.publish(
            [Entry(source="TWITTER", detail_type=each.detail_type, detail=each.detail) for each in of_post(POST)]
        )
        bus.publish([Entry(source="TWITTER", detail_type="TWITTER_OTHER", detail={"x": 1})])
    assert run(["forget", POST, "--yes", "--data", str(tmp_path)]) == 0
    with History(home.bus) as history:
        (left,) = history.events()
        assert left.detail == {"x": 1}
        states = [each.state for each in history.deliveries(left.id)]
        assert states == ["waiting"] * history.waiting()
        assert states


def test_the_log_s_lines_about_it_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also of the older files, while they are written; what is logged next is in the new one."""
    home, log = DataFolder(tmp_path), logging.getLogger("twbot.test")
    Bus(home.bus, RULES).stop()
    home.log.with_name("twbot.log.1").write_text(f'{{"correlation_id": "{POST}"}}\n{{"correlation_id": "{OTHER}"}}\n')
    with logging_to(home.log):
        with log_context(POST):
            log.info("about it")
        log.info("before")
        assert run(["forget", POST, "--yes", "--json", "--data", str(tmp_path)]) == 0
        log.info("after")
    assert json.loads(capsys.readouterr().out)["removed"]["log"] == 2
    assert [each.get("message") for each in lines_of(home.log)] == [None, "before", "after"]
    assert home.log.stat().st_mode & 0o77 == 0


def test_takes_a_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """3 where no bot has run."""
    assert run(["forget", POST, "--data", str(tmp_path)]) == 3
    assert "twbot up" in capsys.readouterr().err
