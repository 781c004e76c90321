"""The table definition holds every field of every event; the transform makes lines of events."""

from __future__ import annotations

import base64
import datetime
from typing import Any

import msgspec
import pytest
from sqlglot import exp

from twbot.lambdas.analytics.table import OWN, columns_with
from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.contracts import DETAILS, Entry, Event, Record, new_event

COLUMNS = columns_with({}, [])
NOT_KEPT = {"Message"}  # any shape: the message as it came


def fields_of(hive: str) -> dict[str, Any]:
    kind = exp.DataType.build(hive, dialect="hive")
    return {field.name: field.args["kind"] for field in kind.expressions}


def test_the_envelope_has_its_columns() -> None:
    """One column for each field of an event, and one for what is the bot's own in it."""
    assert {*(field.encode_name for field in msgspec.structs.fields(Event)), OWN} == set(COLUMNS)


@pytest.mark.parametrize("record", DETAILS.values(), ids=DETAILS.keys())
def test_every_field_of_a_contract_can_be_queried(record: type[Record]) -> None:
    """A field that is added to a contract and not to the table is found here."""
    known = fields_of(COLUMNS["detail"])
    assert {field.encode_name for field in msgspec.structs.fields(record)} <= set(known)


def test_analysis_has_all_its_fields() -> None:
    """Down to what is in a picture."""
    from twbot.lambdas.contracts import AnalysedImage, Analysis, ImageAnalysis

    analysis = fields_of(fields_of(COLUMNS["detail"])["Analysis"].sql("hive"))
    image = fields_of(analysis["Images"].expressions[0].sql("hive"))
    seen = fields_of(image["Analysis"].sql("hive"))
    for record, known in ((Analysis, analysis), (AnalysedImage, image), (ImageAnalysis, seen)):
        # What own steps find has a column where the bot has steps: tests/lambdas/analytics/test_own_columns.py.
        assert {field.encode_name for field in msgspec.structs.fields(record)} - {"Own"} <= set(known)


def test_the_transform_ends_each_event_with_a_newline() -> None:
    """What is not an event goes under the error prefix; no record is dropped or renamed."""

    event = new_event(
        Entry(source="BOT", detail_type="X", detail={"Text": "a\nb"}), datetime.datetime.now(datetime.UTC)
    )
    good = base64.b64encode(msgspec.json.encode(event)).decode()
    bad = base64.b64encode(b"not an event").decode()
    records = [{"recordId": str(n), "data": data} for n, data in enumerate([good, bad, "%%%"])]
    answer = transform({"records": records})["records"]
    assert [(each["recordId"], each["result"]) for each in answer] == [
        ("0", "Ok"),
        ("1", "ProcessingFailed"),
        ("2", "ProcessingFailed"),
    ]
    line = base64.b64decode(answer[0]["data"])
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1


@pytest.mark.parametrize("time", ["2026-11-25", "20261125T120000Z", "2026-11-25T12:00:00", "yesterday", ""])
def test_an_event_without_a_full_time_goes_under_the_error_prefix(time: str) -> None:
    """The lake of one machine leaves it out and names it, too: no query stops at it."""
    event = new_event(Entry(source="BOT", detail_type="X", detail={}), datetime.datetime.now(datetime.UTC))
    odd = msgspec.structs.replace(event, time=time)
    data = base64.b64encode(msgspec.json.encode(odd)).decode()
    assert transform({"records": [{"recordId": "1", "data": data}]})["records"][0]["result"] == "ProcessingFailed"


def test_a_time_of_another_offset_becomes_utc() -> None:
    """One clock in the lake, whose times are compared as texts."""
    event = new_event(Entry(source="BOT", detail_type="X", detail={}), datetime.datetime.now(datetime.UTC))
    there = msgspec.structs.replace(event, time="2026-11-24T01:15:00+02:00")
    data = base64.b64encode(msgspec.json.encode(there)).decode()
    (record,) = transform({"records": [{"recordId": "1", "data": data}]})["records"]
    assert msgspec.json.decode(base64.b64decode(record["data"]))["time"] == "2026-11-23T23:15:00.000Z"
    assert record["metadata"]["partitionKeys"]["hour"] == "23"
