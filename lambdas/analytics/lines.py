"""Writes events as the lake's lines. The transform function and the lake of one machine write the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from twbot.lambdas.analytics.table import column_of, fits
from twbot.lambdas.contracts import DETAILS, RAW_TYPES, Event

_OURS = frozenset({*DETAILS, *RAW_TYPES})


class _Line(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event with the JSON of what is the bot's own in it, for the column `own`."""

    own: str


def line_of(event: Event, columns: Mapping[str, str] | None = None) -> bytes:
    """Return an event as JSON without a newline.

    columns: those of own events, by bot/events.toml. A field of another type in one of them would fail every query.

    What is a user's own has any shape: it is a text of JSON there, as the SerDes of the lake read objects as texts in
    different ways. The answers of own steps are texts within the detail, each; `own` has all of them, or the detail of
    an own event.
    """
    if event.detail_type not in _OURS:
        shown = {column_of(name): value for name, value in event.detail.items() if fits(name, value, columns or {})}
        return _encoded(msgspec.structs.replace(event, detail=shown), event.detail)
    if event.detail_type == "MESSAGE_ANALYSED" and (found := _own_of(event.detail)):
        analysis = event.detail["Analysis"]
        shown = {**analysis, **_as_text(analysis)}
        images = analysis.get("Images")
        if isinstance(images, list):
            shown["Images"] = [_image(each) for each in images]
        return _encoded(msgspec.structs.replace(event, detail={**event.detail, "Analysis": shown}), found)
    return msgspec.json.encode(event)


def _own_of(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the own steps found in a message: of its text by their names, of its images as a list."""
    analysis = detail.get("Analysis")
    if not isinstance(analysis, dict):
        return {}
    found = dict(own) if isinstance(own := analysis.get("Own"), dict) else {}
    images = analysis.get("Images")
    of_images = [_own_of(each) for each in images if isinstance(each, dict)] if isinstance(images, list) else []
    return {**found, "Images": of_images} if any(of_images) else found


def _image(image: Any) -> Any:
    analysis = image.get("Analysis") if isinstance(image, dict) else None
    return {**image, "Analysis": {**analysis, **_as_text(analysis)}} if isinstance(analysis, dict) else image


def _as_text(analysis: Mapping[str, Any]) -> dict[str, Any]:
    own = analysis.get("Own")
    return {"Own": {name: _json(value) for name, value in own.items()}} if isinstance(own, dict) else {}


def _encoded(event: Event, own: object) -> bytes:
    return msgspec.json.encode(_Line(**msgspec.structs.asdict(event), own=_json(own)))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
