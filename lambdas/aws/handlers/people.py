"""The Lambda function behind the workflow's FindPeople: {"Key", "CelebrityFaces", "UnrecognizedFaces"} → the faces.

A stage has it where the bot's folder has people.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from twbot.lambdas.analysis.people import name_people
from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.face_collection import FaceCollection
from twbot.lambdas.aws.invocation import Json, entry_point
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.errors import Permanent


@functools.cache
def media() -> S3Media:
    return S3Media(client("s3"), os.environ["MEDIA_BUCKET"])


@functools.cache
def faces() -> FaceCollection:
    return FaceCollection(client("rekognition"), os.environ["COLLECTION_ID"])


@entry_point(lambda event: event["Key"].partition("/")[0])
def handler(event: Json, _: Any) -> Json:
    """Name the bot's people. Raises Temporary, whose name the workflow's Retry lists, and Permanent."""
    if not event["CelebrityFaces"] and not event["UnrecognizedFaces"]:
        return {"CelebrityFaces": [], "UnrecognizedFaces": []}
    try:
        picture = media().get(event["Key"])
    except KeyError:
        raise Permanent(f"The picture {event['Key']} is not there any more.") from None
    return name_people(picture, event["CelebrityFaces"], event["UnrecognizedFaces"], faces().search)
