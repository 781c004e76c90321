"""The JSON Schemas of events' details: of ours from the contracts, of own ones from bot/events.toml."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from twbot.lambdas.contracts import DETAILS
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import FieldType

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPES: dict[FieldType, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
}


def schema_of(detail_type: str) -> dict[str, Any] | None:
    """Return the schema of the details of a type; None for what X sent, and for an own type without declared fields."""
    if (record := DETAILS.get(detail_type)) is not None:
        schema = msgspec.json.schema(record)
        for each in schema["$defs"].values():
            # Until Python 3.13 docstrings keep their indentation, and the schemas would differ between versions:
            # https://docs.python.org/3/whatsnew/3.13.html
            each["description"] = cleandoc(each["description"])
        return schema
    if (fields := bot_folder().events.get(detail_type)) is None:
        return None
    properties = {name: {**_JSON_TYPES[kind]} for name, kind in fields.items()}
    return {"$schema": DIALECT, "title": detail_type, "type": "object", "properties": properties}
