"""The Lambda function behind the workflow's FetchImage: {"Url", "TweetId"} → {"Key", "Problem"}."""

from __future__ import annotations

from typing import Any

from twbot.lambdas.aws.bootstrap import downloader
from twbot.lambdas.aws.invocation import Json, count, entry_point


@entry_point(lambda event: event["TweetId"])
def handler(event: Json, _: Any) -> Json:
    """Fetch one picture. Raises Temporary, whose name the workflow's Retry lists."""
    fetched = downloader().fetch_image(event["Url"], event["TweetId"])
    count("PictureRefused" if fetched["Problem"] else "PictureFetched")
    return fetched
