"""The endpoints of media upload v2: whole, in chunks, and alternative texts.

https://docs.x.com/x-api/media/introduction
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from msgspec import Meta
from starlette.datastructures import UploadFile

from twbot.local.simulator import problems
from twbot.local.simulator.api_posts import Id
from twbot.local.simulator.calls import Answer, Body, Call, Incoming
from twbot.local.simulator.media import EXPIRES_SECONDS
from twbot.local.simulator.oauth import Caller
from twbot.local.simulator.shapes_v2 import Json
from twbot.local.simulator.store import Row, now_ms
from twbot.local.simulator.world import World

Category = Literal[
    "amplify_video", "tweet_image", "tweet_video", "tweet_gif", "dm_image", "dm_video", "dm_gif", "subtitles"
]
# Rate limits: calls in 15 minutes.
UPLOADS = 500
CHUNK_CALLS = 1_875


class Upload(Body, frozen=True):
    media: str
    media_category: Category
    media_type: str | None = None
    additional_owners: Any = None
    shared: bool | None = None


class Initialize(Body, frozen=True):
    media_type: str
    total_bytes: Annotated[int, Meta(ge=0)]
    media_category: Category = "tweet_image"
    additional_owners: tuple[Id, ...] = ()
    shared: bool | None = None


class Segment(Body, frozen=True):
    media: str
    segment_index: Annotated[int, Meta(ge=0, le=999)]


class AltText(Body, frozen=True):
    text: Annotated[str, Meta(max_length=1000)]


class Described(Body, frozen=True):
    alt_text: AltText | None = None
    allow_download_status: Any = None


class Metadata(Body, frozen=True):
    id: Id
    metadata: Described | None = None


async def upload(world: World, caller: Caller, incoming: Incoming) -> Answer:
    fields = await _form(incoming)
    if fields is None:
        body = incoming.read(Upload)
        data, category = _decoded(body.media), str(body.media_category)
    else:
        data, category = _file(fields), str(fields.get("media_category") or "tweet_image")
    media = world.pictures.keep(caller.user_id or "", data, category)
    return Answer({"data": _shape(media)})


async def initialize(world: World, caller: Caller, incoming: Incoming) -> Answer:
    body = incoming.read(Initialize)
    media = world.pictures.begin(caller.user_id or "", body.media_type, body.media_category, body.total_bytes)
    return Answer({"data": {**_identity(media), "expires_after_secs": EXPIRES_SECONDS}})


async def append(world: World, caller: Caller, incoming: Incoming) -> Answer:
    media = _own(world, caller, incoming.path["id"])
    fields = await _form(incoming)
    if fields is None:
        body = incoming.read(Segment)
        index, data = body.segment_index, _decoded(body.media)
    else:
        index, data = _index(fields.get("segment_index")), _file(fields)
    if media["state"] != "pending":
        raise problems.invalid("The media has been finalized already.")
    world.pictures.append(media, index, data)
    return Answer({"data": {"expires_at": now_ms() // 1000 + EXPIRES_SECONDS}})


async def finalize(world: World, caller: Caller, incoming: Incoming) -> Answer:
    media = _own(world, caller, incoming.path["id"])
    return Answer({"data": _shape(media if media["state"] == "succeeded" else world.pictures.finish(media))})


async def status(world: World, caller: Caller, incoming: Incoming) -> Answer:
    return Answer({"data": _shape(_own(world, caller, incoming.query.get("media_id", "")))})


async def describe(world: World, caller: Caller, incoming: Incoming) -> Answer:
    body = incoming.read(Metadata)
    media = _own(world, caller, body.id)
    text = body.metadata.alt_text if body.metadata else None
    if text:
        world.pictures.describe(media["id"], text.text)
    associated = {"alt_text": {"text": text.text}} if text else {}
    return Answer({"data": {"id": media["id"], "associated_metadata": associated}})


def _own(world: World, caller: Caller, media_id: str) -> Row:
    media = world.pictures.get(media_id)
    if media is None or media["owner_id"] != caller.user_id:
        raise problems.not_found("media", media_id)
    return media


async def _form(incoming: Incoming) -> dict[str, Any] | None:
    """Return the fields of a multipart body, None for a JSON body."""
    if not incoming.request.headers.get("content-type", "").startswith("multipart/form-data"):
        return None
    fields: dict[str, Any] = {}
    async with incoming.request.form(max_part_size=20_000_000) as form:
        for name, value in form.items():
            fields[name] = await value.read() if isinstance(value, UploadFile) else value
    return fields


def _file(fields: dict[str, Any]) -> bytes:
    """Return the picture of a form, which is a file or a base64 field."""
    media = fields.get("media", b"")
    return media if isinstance(media, bytes) else _decoded(media)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise problems.invalid("media is not base64") from None


def _index(text: object) -> int:
    if not isinstance(text, str) or not text.isdigit() or int(text) > 999:
        raise problems.invalid("segment_index is not between 0 and 999")
    return int(text)


def _identity(media: Row) -> Json:
    return {"id": media["id"], "media_key": f"3_{media['id']}"}


def _shape(media: Row) -> Json:
    image = {"h": media["height"], "w": media["width"], "image_type": media["content_type"]}
    progress = 100 if media["state"] == "succeeded" else 0
    processing = {"state": media["state"], "progress_percent": progress}
    known = {"size": media["size"], "expires_after_secs": EXPIRES_SECONDS, "image": image}
    return {**_identity(media), **known, "processing_info": processing}


CALLS = (
    Call("POST", "/2/media/upload", upload, "user", UPLOADS),
    Call("GET", "/2/media/upload", status, "user", CHUNK_CALLS),
    Call("POST", "/2/media/upload/initialize", initialize, "user", CHUNK_CALLS),
    Call("POST", "/2/media/upload/{id}/append", append, "user", CHUNK_CALLS),
    Call("POST", "/2/media/upload/{id}/finalize", finalize, "user", CHUNK_CALLS),
    Call("POST", "/2/media/metadata", describe, "user", UPLOADS),
)
