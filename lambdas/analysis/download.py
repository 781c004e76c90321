"""Fetches one picture of a post into the media store: the workflow's FetchImage.

Input: {"Url": "https://pbs.twimg.com/media/….jpg", "TweetId": "1050118621198921728"}
Output: {"Key": "1050118621198921728/….jpg", "Problem": null} or {"Key": null, "Problem": "The picture is empty."}
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

# The addresses come from outside: only X's own media host is asked.
MEDIA_HOSTS = frozenset({"pbs.twimg.com"})
# Seconds to connect and to read; 3.05 is just above TCP's first retransmission:
# https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
TIMEOUT = (3.05, 5.0)
TOTAL_SECONDS = 20.0
_CHUNK = 65_536


class Downloader:
    """Downloads from X's media host and from `simulator`, an origin such as http://127.0.0.1:4321."""

    def __init__(self, media: MediaStore, *, simulator: str | None = None) -> None:
        self._media = media
        self._simulator = simulator.rstrip("/") if simulator else None
        self._session = requests.Session()
        # A proxy of the environment is welcome for X's media, but not between us and a simulator on this machine.
        self._session.trust_env = simulator is None
        self._session.mount("https://", PublicOnly(_refuse_private_network))

    def fetch_image(self, url: str, tweet_id: str) -> dict[str, str | None]:
        """Return {"Key", "Problem"}: a Problem is permanent. Raises Temporary where a retry may help."""
        try:
            picture = normalise(self._download(url))
        except UnusableImage as problem:
            return {"Key": None, "Problem": str(problem)}
        # Named by its content: a retry stores it under the same key.
        key = f"{tweet_id}/{hashlib.sha256(picture).hexdigest()[:20]}.jpg"
        self._media.put(key, picture, "image/jpeg")
        return {"Key": key, "Problem": None}

    def _download(self, url: str) -> bytes:
        self._check_source(url)
        try:
            with self._session.get(
                # Redirects could lead off X's media host. Unencoded, so that no small body decodes to a huge one.
                url,
                stream=True,
                timeout=TIMEOUT,
                allow_redirects=False,
                headers={"Accept-Encoding": "identity"},
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
            _refuse_source()
        if origin != self._simulator and not (parts.scheme == "https" and parts.netloc in MEDIA_HOSTS):
            _refuse_source()


def _refuse_source() -> NoReturn:
    raise UnusableImage("The picture is not on one of X's media servers.")


def _refuse_private_network() -> UnusableImage:
    return UnusableImage("The picture is on a private network.")


def _check_status(status: int) -> None:
    if is_transient(status):
        raise Temporary(f"X's media server answers {status}.")
    if 300 <= status < 400:
        raise UnusableImage("The picture has moved elsewhere.")
    if status != 200:
        raise UnusableImage(f"The picture is not there any more ({status}).")


def _read(response: requests.Response) -> bytes:
    """Return the body. Raises UnusableImage above MAX_BYTES, Temporary after TOTAL_SECONDS."""
    # Counted while it arrives: Content-Length may be wrong. The read timeout of requests is per read, so a server that
    # sends a byte at a time would never meet it.
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
