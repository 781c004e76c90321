"""The Lambda function behind the workflow's FetchImage: {"Url", "TweetId"} → {"Key", "Problem"}."""

from __future__ import annotations

import functools
import os
from typing import Any

from twbot.lambdas.analysis.download import Downloader
from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.invocation import Json, count, entry_point
from twbot.lambdas.aws.media import S3Media


@functools.cache
def downloader() -> Downloader:
    return Downloader(S3Media(client("s3"), os.environ["MEDIA_BUCKET"]), simulator=os.environ.get("X_URL"))


@entry_point(lambda event: event["TweetId"])
def handler(event: Json, _: Any) -> Json:
    """Fetch one picture. Raises Temporary, whose name the workflow's Retry lists."""
    fetched = downloader().fetch_image(event["Url"], event["TweetId"])
    count("PictureRefused" if fetched["Problem"] else "PictureFetched")
    return fetched
