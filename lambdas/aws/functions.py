"""The Functions on AWS: in the process of the Lambda function that calls them."""

from __future__ import annotations

import functools as caching
import logging
import os

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.contracts import Event
from twbot.lambdas.folder.folder import bot_folder, project
from twbot.lambdas.own.bot import Bot
from twbot.lambdas.own.in_process import InProcess
from twbot.lambdas.ports import Call, Functions


@caching.cache
def functions() -> Functions:
    return InProcess(project(), _bot)


def _bot(call: Call, _: Event) -> Bot:
    folder = bot_folder()
    return Bot(
        publisher=publisher(),
        media=S3Media(client("s3"), os.environ.get("MEDIA_BUCKET", "")),
        secrets={},
        settings={},
        events=folder.events,
        links=folder.links,
        log=logging.getLogger(f"twbot.own.{call.owner}"),
    )
