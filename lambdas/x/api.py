"""The adapter behind twbot.lambdas.ports.X, for both X and the simulated X."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from twbot.lambdas.errors import XRefused, XUnavailable
from twbot.lambdas.ports import OwnPost, Secrets
from twbot.lambdas.x.errors import Reason, classify
from twbot.lambdas.x.http import X_URL, XHttp

# X's limit, in characters.
ALT_TEXT_LIMIT = 1000
# What a webhook may leave out of a post.
_POST = {
    "expansions": "author_id,attachments.media_keys",
    "tweet.fields": "attachments,author_id,display_text_range,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,"
    "note_tweet,referenced_tweets",
    "user.fields": "created_at,public_metrics,username,verified,verified_type",
    "media.fields": "type,url",
}
# Seconds to connect and to read: other posts wait behind a look-up.
_LOOKUP_TIMEOUTS = (3.05, 5.0)
# X shows the newest 3,200 posts of an account: https://docs.x.com/x-api/posts/timelines/introduction
TIMELINE_PAGES = 32


class _Reference(msgspec.Struct):
    type: str
    id: str


class _TimelinePost(msgspec.Struct):
    id: str
    text: str
    referenced_tweets: list[_Reference] = []


class _Meta(msgspec.Struct):
    result_count: int
    next_token: str | None = None


class _Timeline(msgspec.Struct):
    meta: _Meta
    """Required: an answer without it is no timeline, and does not say that a reply is missing."""
    data: list[_TimelinePost] = []


class XApi:
    """Looks up posts, uploads pictures and replies, as the bot's account. Raises XRefused or XUnavailable.

    made_with_ai: mark every reply so on X; off by default, as people wrote the jokes and the pictures are photos
    """

    def __init__(self, secrets: Secrets, *, base_url: str = X_URL, made_with_ai: bool = False) -> None:
        self._http = XHttp(secrets, base_url=base_url)
        self._secrets = secrets
        self._extras = {"made_with_ai": True} if made_with_ai else {}

    def me(self) -> dict[str, Any]:
        """Return the account that the keys belong to: {"id", "username", "name"}."""
        return _data(self._http.call("GET", "/2/users/me"))

    def look_up(self, tweet_id: str) -> dict[str, Any]:
        """Return a post with its author and media, as X Activity writes them: {"data": {…}, "includes": {…}}."""
        path = f"/2/tweets/{_id(tweet_id)}"
        answer = self._http.call("GET", path, params=_POST, timeout=_LOOKUP_TIMEOUTS)
        return {**answer, "data": _data(answer)}

    def upload_image(self, data: bytes, alt_text: str | None) -> str:
        """Upload a JPEG or PNG and return its media id."""
        # In one request, which X allows for images (5 MB); only videos need the chunked upload.
        kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
        answer = self._http.call(
            "POST",
            "/2/media/upload",
            data={"media_category": "tweet_image"},
            files={"media": (f"image.{kind}", data, f"image/{kind}")},
        )
        media_id = str(_data(answer)["id"])
        if alt_text:
            described = {"id": media_id, "metadata": {"alt_text": {"text": alt_text[:ALT_TEXT_LIMIT]}}}
            # A picture without its alternative text is better than none.
            with contextlib.suppress(XRefused):
                self._http.call("POST", "/2/media/metadata", json=described)
        return media_id

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:
        """Post a reply and return the new post's id."""
        post = {"text": text, "reply": {"in_reply_to_tweet_id": _id(to_tweet_id)}, **self._extras}
        if media_ids:
            post["media"] = {"media_ids": list(media_ids)}
        return str(_data(self._http.call("POST", "/2/tweets", json=post))["id"])

    def own_posts(self, *, after: str) -> Iterator[OwnPost]:
        """Yield the bot's own posts that are newer than the post `after` (an id), newest first.

        https://docs.x.com/x-api/users/get-posts
        """
        asked = {"since_id": _id(after), "max_results": "100", "tweet.fields": "referenced_tweets"}
        for _ in range(TIMELINE_PAGES):
            page = _timeline(self._http.call("GET", f"/2/users/{self._bot_id()}/tweets", params=asked))
            for post in page.data:
                answered = (each.id for each in post.referenced_tweets if each.type == "replied_to")
                yield OwnPost(post.id, post.text, next(answered, None))
            if page.meta.next_token is None:
                return
            asked["pagination_token"] = page.meta.next_token
        raise XUnavailable("The bot's timeline goes further back than X shows.")

    def _bot_id(self) -> str:
        known = self._secrets.keys().user_id
        return known if known.isdecimal() else str(self.me()["id"])


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the `data` of an answer. A 200 that contains only errors raises as an error status does."""
    data = answer.get("data")
    if isinstance(data, dict) and data.get("id"):
        return data
    if answer.get("errors"):
        raise classify(200, {}, msgspec.json.encode(answer))
    raise XUnavailable("X's answer lacks what was asked for.")


def _timeline(answer: dict[str, Any]) -> _Timeline:
    """Raises XUnavailable for an answer that is no whole page of a timeline."""
    try:
        page = msgspec.convert(answer, _Timeline)
    except msgspec.ValidationError as error:
        raise XUnavailable(f"X's answer is no timeline: {error}") from None
    if page.meta.result_count != len(page.data):
        raise XUnavailable("X's answer lacks some of the bot's posts.")
    return page


def _id(tweet_id: str) -> str:
    """Check the id of a post, which becomes part of a URL. Raises XRefused."""
    if not (tweet_id.isascii() and tweet_id.isdecimal() and len(tweet_id) <= 19):
        raise XRefused("That is not the id of a post.", reason=Reason.INVALID, status=400)
    return tweet_id
