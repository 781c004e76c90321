"""The lake's only table, from which the Glue table and DuckDB's types are made.

Types are Hive's. Names are spelled as in the events; SQL on either platform accepts them in any case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.records import EventFields, FieldType, Step

DATABASE = "messages-data-lake"
TABLE = "analysed-messages-table"

# Folders by the hour of the events in UTC, with the names that Firehose uses by default. Athena finds them by
# projection, without a crawler: https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
PARTITION = "datehour"
PARTITION_FORMAT = "yyyy/MM/dd/HH"

# An event's time as the bus writes it; the lake leaves out what has another. EventBridge's is to the second and in UTC:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
EVENT_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"

_BOX = "struct<Left:double,Top:double,Width:double,Height:double>"
_FACE = f"struct<BoundingBox:{_BOX},Confidence:double>"
_LABEL = (
    "struct<Name:string,Confidence:double,Parents:array<struct<Name:string>>,"
    f"Instances:array<struct<BoundingBox:{_BOX},Confidence:double>>>"
)
_CELEBRITY = f"struct<Name:string,Id:string,Urls:array<string>,MatchConfidence:double,Face:{_FACE}>"
_TEXT_DETECTION = "struct<DetectedText:string,Type:string,Id:int,ParentId:int,Confidence:double>"
_ENTITY = "struct<Text:string,Type:string,Score:double,BeginOffset:int,EndOffset:int>"
_TWITTER = "struct<TweetId:string,UserId:string,FirstTweetId:string>"
_MESSAGE = f"struct<Text:string,Author:string,Twitter:{_TWITTER}>"
# One structure with the fields of all detail types, so that one table holds every event; the others are NULL.
_DETAIL = {
    **{"Text": "string", "Author": "string", "Summoned": "boolean", "Language": "string"},
    "ImageUrls": "array<string>",
    "Twitter": _TWITTER,
    "Analysis": "",  # with the steps of the bot's folder
    **{"ReplyToUserId": "string", "ReplyToTweetId": "string", "ImageKey": "string"},
    "Images": "array<struct<Key:string,AltText:string>>",
    **{"Kind": "string", "Followers": "bigint", "Verified": "boolean", "AccountAgeDays": "bigint"},
    **{"Completes": "array<string>", "OptOut": "boolean"},
    "Thread": "array<struct<TweetId:string,Author:string,Text:string>>",
    **{"TweetId": "string", "FirstTweetId": "string", "Reason": "string", "Explanation": "string"},
    **{"Error": "string", "Cause": "string", "Message": _MESSAGE},
    **{"Missing": "array<string>", "BotId": "string"},
    "ReplayName": "string",
}
_SPELLED = {name.lower(): name for name in _DETAIL}
# The JSON of an own event's detail, and of what the own steps found in a message: lambdas/analytics/lines.py.
OWN = "own"
# The types of bot/events.toml. A time is a text, as `time` is: from_iso8601_timestamp() reads it.
_HIVE: dict[FieldType, str] = {
    "text": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "time": "string",
}


def columns_with(events: EventFields, steps: Sequence[Step]) -> dict[str, str]:
    """Return the table's columns and their types: ours, with the fields of own events and a field for each own step.

    Raises TwbotError for an own field that can't be one beside the others.
    """
    detail = {**_DETAIL, "Analysis": _analysis(steps)}
    for kind, fields in events.items():
        for name, field_type in fields.items():
            column = column_of(name)
            if detail.setdefault(column, _HIVE[field_type]) != _HIVE[field_type]:
                raise TwbotError(
                    f"bot/events.toml: {kind}.{name} is {field_type}, another event has {column} as {detail[column]}.",
                    "A field is one column for all events, in any letter case: choose another name",
                )
    return {
        **{"version": "string", "id": "string", "detail-type": "string", "source": "string", "account": "string"},
        **{"time": "string", "region": "string", "resources": "array<string>", "replay-name": "string"},
        "detail": _struct(detail),
        OWN: "string",
    }


def column_of(name: str) -> str:
    """Return the column of an own event's field: names are the same in any letter case, as SQL has it."""
    return _SPELLED.get(name.lower(), name.lower())


def own_columns(events: EventFields) -> dict[str, str]:
    """Return the columns of own events and their types."""
    fields = (field for each in events.values() for field in each.items())
    return {column_of(name): _HIVE[field_type] for name, field_type in fields}


def fits(name: str, value: object, columns: Mapping[str, str]) -> bool:
    """Return whether an own event's field can stand in its column, which may be one of ours or of another own event.

    columns: those of own events
    """
    column = column_of(name)
    kind = _DETAIL.get(column, columns.get(column))
    if kind is None or value is None:
        return True
    return type(value) in {"string": (str,), "bigint": (int,), "double": (int, float), "boolean": (bool,)}.get(kind, ())


def _analysis(steps: Sequence[Step]) -> str:
    of_text, of_image = _own(steps, "text"), _own(steps, "image")
    image = (
        f"struct<Labels:array<{_LABEL}>,TextDetections:array<{_TEXT_DETECTION}>,"
        f"CelebrityFaces:array<{_CELEBRITY}>,UnrecognizedFaces:array<{_FACE}>{of_image}>"
    )
    return (
        "struct<TextSentiment:string,SentimentScore:struct<Positive:double,Negative:double,Neutral:double,Mixed:double>,"
        f"TextEntities:array<{_ENTITY}>,Language:string,"
        f"Images:array<struct<Key:string,Problem:string,Analysis:{image}>>{of_text}>"
    )


def _own(steps: Sequence[Step], of: str) -> str:
    # What a step finds is the step's own affair: JSON, which json_extract() reads.
    found = {each.name: "string" for each in steps if each.of == of}
    return f",Own:{_struct(found)}" if found else ""


def _struct(fields: Mapping[str, str]) -> str:
    return f"struct<{','.join(f'{name}:{kind}' for name, kind in fields.items())}>"
