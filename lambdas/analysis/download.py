"""Fetches one picture of a post into the media store: the workflow's FetchImage.

It is asked {"Url": "https://pbs.twimg.com/media/….jpg", "TweetId": "1050118621198921728"} and answers
{"Key": "1050118621198921728/….jpg", "Problem": null}, or {"Key": null, "Problem": "The picture is empty."}
"""

from __future__ import annotations

import hashlib
import time
from typing import NoReturn
from urllib.parse import urlsplit

import requests
import urllib3

from twbot.lambdas.analysis.picture import MAX_BYTES, normalise
from twbot.lambdas.errors import Temporary, UnusableImage, is_transient
from twbot.lambdas.ports import MediaStore
from twbot.lambdas.public_network import PublicOnly

MEDIA_HOSTS = frozenset({"pbs.twimg.com"})
TIMEOUT = (3.05, 5.0)
TOTAL_SECONDS = 20.0
_CHUNK = 65_536


class Downloader:
    """Downloads from X's media hosts, and from `simulator`, an origin such as http://127.0.0.1:4321."""

    def __init__(self, media: MediaStore, *, simulator: str | None = None) -> None:
        self._media = media
        self._simulator = simulator.rstrip("/") if simulator else None
        self._session = requests.Session()
        self._session.trust_env = simulator is None
        self._session.mount("https://", PublicOnly(_private))

    def fetch_image(self, url: str, tweet_id: str) -> dict[str, str | None]:
        """Raises Temporary where trying again may help; what can't be helped is told as the Problem."""
        try:
            picture = normalise(self._download(url))
        except UnusableImage as problem:
            return {"Key": None, "Problem": str(problem)}
        key = f"{tweet_id}/{hashlib.sha256(picture).hexdigest()[:20]}.jpg"
        self._media.put(key, picture, "image/jpeg")
        return {"Key": key, "Problem": None}

    def _download(self, url: str) -> bytes:
        self._check_source(url)
        try:
            with self._session.get(
                url, stream=True, timeout=TIMEOUT, allow_redirects=False, headers={"Accept-Encoding": "identity"}
            ) as response:
                _check_status(response.status_code)
                return _read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Temporary(f"The picture could not be fetched: {type(error).__name__}.") from None

    def _check_source(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            origin = f"{parts.scheme}://{parts.netloc}"
        except ValueError:
            _not_of_x()
        if origin != self._simulator and not (parts.scheme == "https" and parts.netloc in MEDIA_HOSTS):
            _not_of_x()


def _not_of_x() -> NoReturn:
    raise UnusableImage("The picture is not on one of X's media servers.")


def _private() -> UnusableImage:
    return UnusableImage("The picture is on a private network.")


def _check_status(status: int) -> None:
    if is_transient(status):
        raise Temporary(f"X's media server answers {status}.")
    if 300 <= status < 400:
        raise UnusableImage("The picture has moved elsewhere.")
    if status != 200:
        raise UnusableImage(f"The picture is not there any more ({status}).")


def _read(response: requests.Response) -> bytes:
    """The body, counted while it comes: a length is only a promise, and a slow sender must not hold us."""
    deadline = time.monotonic() + TOTAL_SECONDS
    parts, size = [], 0
    while part := response.raw.read1(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise UnusableImage(f"The picture is larger than {MAX_BYTES // 1_000_000} MB.")
        if time.monotonic() > deadline:
            raise Temporary("The picture takes too long to come.")
    return b"".join(parts)
