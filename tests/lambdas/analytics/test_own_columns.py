"""The fields of a bot's own events, and what its own steps find, are columns of the lake."""

from __future__ import annotations

import base64
import datetime
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.bot_folders import make_bot
from twbot.cli.ui.lake_columns import columns
from twbot.lambdas.analytics.lines import line_of
from twbot.lambdas.analytics.table import columns_with, own_columns
from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.contracts import Entry, Event, new_event
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import bot_folder
from twbot.local.lake.lake import Lake

EVENTS = """
[ORDER_ASKED]
OrderId = "text"
Weight_kg = "number"
Cups2 = "integer"
Express = "boolean"
Due = "time"
Text = "text"
name = "text"
"""
STEPS = """
[[steps]]
name = "Toxicity"
of = "text"
run = "bot.toxic:score"
[[steps]]
name = "Blur"
of = "image"
run = "bot.blur:score"
"""
NOW = datetime.datetime(2026, 11, 23, 10, 0, tzinfo=datetime.UTC)
ORDER = {"OrderId": "4711", "Weight_kg": 1.5, "Cups2": 3, "Express": True, "Due": "2026-11-24T08:00:00Z", "name": "Ada"}


def event(kind: str, **detail: Any) -> Event:
    return new_event(Entry(source="BOT", detail_type=kind, detail=detail), NOW)


def analysed(**analysis: Any) -> Event:
    twitter = {"TweetId": "1", "UserId": "7"}
    return event("MESSAGE_ANALYSED", Text="hi", Author="a", Summoned=True, Twitter=twitter, Analysis=analysis)


def lake(folder: Path, *events: Event) -> Lake:
    found = Lake(folder / "lake")
    found.append(events)
    return found


def test_fields_of_own_events_are_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of their types, in any letter case, beside our events of before, where they are NULL."""
    old = lake(tmp_path, event("TWEET_SENT", TweetId="9", ReplyToTweetId="1", ReplyToUserId="7", Text="yo"))
    make_bot(tmp_path, monkeypatch, twbot_toml="", bot__events_toml=EVENTS)
    old.append([event("ORDER_ASKED", **ORDER)])
    sql = """SELECT "detail-type", detail.orderid, detail.WEIGHT_KG * 2, detail.cups2 + 1, detail.express,
        year(from_iso8601_timestamp(detail.due)), detail.name, detail.text
        FROM "analysed-messages-table" ORDER BY 1"""
    assert old.query(sql).rows == [
        ["ORDER_ASKED", "4711", 3.0, 4, True, 2026, "Ada", None],
        ["TWEET_SENT", None, None, None, None, None, None, "yo"],
    ]
    assert "detail.orderid" in {each.name for each in columns()}


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("Cups2", "three", False),
        ("cups2", 3, True),
        ("Cups2", 3.5, False),
        ("Cups2", True, False),
        ("Weight_kg", 2, True),
        ("Weight_kg", {"kg": 2}, False),
        ("Express", 1, False),
        ("Due", "tomorrow", True),
        ("OrderId", 4711, False),
        ("OrderId", None, True),
        ("Unheard", {"of": 1}, True),
    ],
)
def test_an_undeclared_event_spoils_no_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, value: object, kept: bool
) -> None:
    """A field of the same name as a declared one's is in its column where it is of its type, always in `own`.

    Athena fails a query that reads a text where the column is a number. Both platforms write the same line.
    """
    make_bot(tmp_path, monkeypatch, twbot_toml="", bot__events_toml=EVENTS)
    columns = own_columns(bot_folder().events)
    found = event("ANOTHER", **{field: value})
    line = json.loads(line_of(found, columns))
    assert (list(line["detail"].values()) == [value]) == kept
    assert json.loads(line["own"]) == {field: value}
    record = {"recordId": "1", "data": base64.b64encode(msgspec.json.encode(found)).decode()}
    (transformed,) = transform({"records": [record]}, columns)["records"]
    assert json.loads(base64.b64decode(transformed["data"])) == line
    (path,) = lake(tmp_path, found)._folder.rglob("*.gz")
    assert json.loads(gzip.decompress(path.read_bytes())) == line


def test_an_own_event_needs_no_declaration(tmp_path: Path) -> None:
    """Its detail is in the column `own`, whatever its shape; our events have none there."""
    here = lake(tmp_path, event("ORDER_ASKED", **ORDER, Items=[{"What": "beans"}]), event("TWEET_SENT", TweetId="9"))
    sql = """SELECT json_extract_scalar(own, '$.OrderId'), json_extract_scalar(own, '$.Items[0].What')
        FROM "analysed-messages-table" ORDER BY "detail-type" """
    assert here.query(sql).rows == [["4711", "beans"], [None, None]]


def test_what_own_steps_find_can_be_queried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the step's name, of texts and of images, as JSON; a step that is not declared any more in `own`."""
    found = analysed(
        TextSentiment="NEUTRAL",
        Own={"Toxicity": {"Score": 0.25, "Words": ["x"]}, "Gone": 7},
        Images=[{"Key": "k", "Analysis": {"Labels": [{"Name": "Cup"}], "Own": {"Blur": {"Sharp": False}}}}],
    )
    make_bot(tmp_path, monkeypatch, twbot_toml=STEPS)
    here = lake(tmp_path, found, analysed(TextSentiment="NEUTRAL"))
    sql = """SELECT json_extract_scalar(detail.analysis.own.toxicity, '$.Score'),
        json_extract_scalar(own, '$.Gone'), json_extract_scalar(detail.analysis.images[1].analysis.own.blur, '$.Sharp'),
        detail.analysis.images[1].analysis.labels[1].name
        FROM "analysed-messages-table" WHERE own IS NOT NULL"""
    assert here.query(sql).rows == [["0.25", "7", "false", "Cup"]]
    assert {"detail.Analysis.Own.Toxicity", "own"} <= {each.name for each in columns()}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"A": {"Text": "integer"}}, "A.Text is integer, another event has Text as string"),
        ({"A": {"Twitter": "text"}}, "another event has Twitter as struct"),
        ({"A": {"Cups": "integer"}, "B": {"Cups": "number"}}, "B.Cups is number, another event has cups as bigint"),
    ],
)
def test_a_field_is_one_column(fields: dict[str, Any], message: str) -> None:
    """Athena's names have no letter case, and a column has one type: what can't be both is refused by name."""
    with pytest.raises(TwbotError, match=message):
        columns_with(fields, [])


def test_own_events_may_share_a_field() -> None:
    """Of the same type, in any letter case: also one of ours."""
    fields: Any = {"A": {"Cups": "integer", "text": "text"}, "B": {"cups": "integer"}}
    assert columns_with(fields, [])["detail"].count("cups:bigint") == 1


def test_an_own_field_in_a_column_of_ours_is_of_its_type(tmp_path: Path) -> None:
    """In any letter case; what does not fit there is in `own` alone, and spoils no query."""
    events = (event("A", author="ada", TWITTER="x", text=7, Summoned=True), event("B", Text=None, images="none"))
    here = lake(tmp_path, *events)
    sql = """SELECT detail.author, detail.summoned, detail.text, detail.twitter.tweetid,
        json_extract_scalar(own, '$.text') FROM "analysed-messages-table" ORDER BY "detail-type" """
    assert here.query(sql).rows == [["ada", True, None, None, "7"], [None, None, None, None, None]]


@pytest.mark.parametrize("found", [event("ORDER_ASKED", A=1), analysed(Own={"Toxicity": {"S": 1}}), analysed()])
def test_both_platforms_write_the_same_line(found: Event, tmp_path: Path) -> None:
    """What the transform function gives Firehose is what `local` writes."""
    import base64

    data = base64.b64encode(msgspec.json.encode(found)).decode()
    (record,) = transform({"records": [{"recordId": "1", "data": data}]})["records"]
    assert base64.b64decode(record["data"]) == line_of(found) + b"\n"


@pytest.mark.parametrize("analysis", [None, [], {"Own": 3}, {"Own": {}, "Images": 4}, {"Images": [None, {"Key": 1}]}])
def test_an_odd_message_is_a_line(analysis: Any) -> None:
    """As it came: somebody may put anything on the bus."""
    odd = event("MESSAGE_ANALYSED", Analysis=analysis)
    assert json.loads(line_of(odd))["detail"] == odd.detail
