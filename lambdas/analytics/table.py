"""The lake's only table, from which the Glue table and DuckDB's types are made.

Types are Hive's. Names are spelled as in the events; SQL on either platform accepts them in any case.
"""

from __future__ import annotations

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
_IMAGE_ANALYSIS = (
    f"struct<Labels:array<{_LABEL}>,TextDetections:array<{_TEXT_DETECTION}>,"
    f"CelebrityFaces:array<{_CELEBRITY}>,UnrecognizedFaces:array<{_FACE}>>"
)
_ANALYSIS = (
    "struct<TextSentiment:string,SentimentScore:struct<Positive:double,Negative:double,Neutral:double,Mixed:double>,"
    f"TextEntities:array<{_ENTITY}>,Language:string,"
    f"Images:array<struct<Key:string,Problem:string,Analysis:{_IMAGE_ANALYSIS}>>>"
)
_TWITTER = "struct<TweetId:string,UserId:string,FirstTweetId:string>"
_MESSAGE = f"struct<Text:string,Author:string,Twitter:{_TWITTER}>"
# One structure with the fields of all detail types, so that one table holds every event; the others are NULL.
_DETAIL = ",".join(
    (
        "struct<Text:string,Author:string,Summoned:boolean,Language:string,ImageUrls:array<string>",
        f"Twitter:{_TWITTER}",
        f"Analysis:{_ANALYSIS}",
        "ReplyToUserId:string,ReplyToTweetId:string,ImageKey:string",
        "Images:array<struct<Key:string,AltText:string>>",
        "Kind:string,Followers:bigint,Verified:boolean,AccountAgeDays:bigint,Completes:array<string>,OptOut:boolean",
        "TweetId:string,FirstTweetId:string,Reason:string,Explanation:string",
        f"Error:string,Cause:string,Message:{_MESSAGE}",
        "Missing:array<string>,BotId:string",
        "ReplayName:string>",
    )
)

COLUMNS: dict[str, str] = {
    "version": "string",
    "id": "string",
    "detail-type": "string",
    "source": "string",
    "account": "string",
    "time": "string",
    "region": "string",
    "resources": "array<string>",
    "replay-name": "string",
    "detail": _DETAIL,
}
