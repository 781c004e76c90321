"""Speaking to X: what goes over the wire, what comes of its answers, and what stays secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import socket
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from tests.support.loopback import Answer, Asked, Loopback, answering
from twbot.lambdas.errors import TwbotError, XRefused, XUnavailable
from twbot.lambdas.ports import Keys
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.errors import Reason

KEYS = Keys(api_key="app", api_secret="app-secret", access_token="7-token", access_token_secret="token-secret")
CREATED = Answer(201, {"data": {"id": "99", "text": "hi"}})


class FixedSecrets:
    """Secrets that change, or don't, when read again."""

    def __init__(self, keys: Keys = KEYS, *, then: Keys | None = None) -> None:
        self._keys, self._then = keys, then or keys
        self.refreshed = 0

    def keys(self) -> Keys:
        return self._keys

    def refresh(self) -> Keys:
        self.refreshed += 1
        self._keys = self._then
        return self._keys


@pytest.fixture
def x_server() -> Iterator[Loopback]:
    with answering(CREATED) as server:
        yield server


def api(server: Loopback, secrets: FixedSecrets | None = None, **options: bool) -> XApi:
    return XApi(secrets or FixedSecrets(), base_url=server.url, **options)


def expected_signature(server: Loopback, asked: Asked) -> tuple[str, str]:
    """What the header says, and what RFC 5849 makes of the request, computed independently."""
    header = {
        name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', asked.headers["Authorization"])
    }
    signature = header.pop("oauth_signature")
    parts = urlsplit(server.url + asked.path)
    encoded = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in [*header.items(), *parse_qsl(parts.query)])
    base = "&".join(
        quote(part, safe="~")
        for part in (asked.method, server.url + parts.path, "&".join(f"{k}={v}" for k, v in encoded))
    )
    key = f"{KEYS.api_secret}&{KEYS.access_token_secret}".encode()
    return signature, base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


def test_a_reply_is_posted_as_x_documents_it(x_server: Loopback) -> None:
    """Text, the post it answers and its pictures; and the new post's id comes back."""
    assert api(x_server).reply("hi", to_tweet_id="12", media_ids=["5", "6"]) == "99"
    (asked,) = x_server.asked
    assert (asked.method, asked.path) == ("POST", "/2/tweets")
    assert asked.json == {"text": "hi", "reply": {"in_reply_to_tweet_id": "12"}, "media": {"media_ids": ["5", "6"]}}


def test_made_with_ai_is_said_when_asked_for(x_server: Loopback) -> None:
    """The flag is the operator's choice, and absent otherwise."""
    api(x_server, made_with_ai=True).reply("hi", to_tweet_id="12")
    api(x_server).reply("hi", to_tweet_id="12")
    assert [asked.json.get("made_with_ai") for asked in x_server.asked] == [True, None]


def test_requests_are_signed(x_server: Loopback) -> None:
    """The OAuth 1.0a signature is the one that RFC 5849 makes of the request, its query included."""
    x_server.answers[:] = [CREATED, Answer(200, {"data": {"id": "12"}})]
    x = api(x_server)
    x.reply("hi ünï", to_tweet_id="12")
    x.look_up("12")
    for asked in x_server.asked:
        signature, expected = expected_signature(x_server, asked)
        assert signature == expected


def test_a_post_is_looked_up_in_one_call(x_server: Loopback) -> None:
    """With its author and its media, and every field that a webhook may leave out."""
    answer = {"data": {"id": "12", "author_id": "5"}, "includes": {"users": [{"id": "5", "username": "ada"}]}}
    x_server.answers[:] = [Answer(200, answer)]
    assert api(x_server).look_up("12") == answer
    (asked,) = x_server.asked
    query = dict(parse_qsl(urlsplit(asked.path).query))
    assert (asked.method, urlsplit(asked.path).path) == ("GET", "/2/tweets/12")
    assert query["expansions"] == "author_id,attachments.media_keys"
    assert {"entities", "note_tweet", "edit_history_tweet_ids"} <= set(query["tweet.fields"].split(","))
    assert {"username", "public_metrics", "verified", "created_at"} <= set(query["user.fields"].split(","))
    assert {"url", "type"} <= set(query["media.fields"].split(","))


def test_a_deleted_post_is_gone_though_the_answer_is_200(x_server: Loopback) -> None:
    """X's partial errors count when there is nothing else in the answer."""
    problem = {"type": "https://api.x.com/2/problems/resource-not-found", "detail": "Could not find tweet."}
    x_server.answers[:] = [Answer(200, {"errors": [problem]})]
    with pytest.raises(XRefused) as refusal:
        api(x_server).look_up("12")
    assert refusal.value.reason == Reason.POST_GONE


def test_an_image_is_uploaded_with_its_alternative_text(x_server: Loopback) -> None:
    """Multipart with the category, then the metadata; the alternative text is cut to 1,000 characters."""
    x_server.answers[:] = [Answer(200, {"data": {"id": "5"}})]
    assert api(x_server).upload_image(b"\xff\xd8jpeg", "x" * 1001) == "5"
    upload, metadata = x_server.asked
    assert upload.path == "/2/media/upload"
    assert upload.headers["Content-Type"].startswith("multipart/form-data")
    assert b"tweet_image" in upload.body
    assert b"\xff\xd8jpeg" in upload.body
    assert metadata.path == "/2/media/metadata"
    assert metadata.json == {"id": "5", "metadata": {"alt_text": {"text": "x" * 1000}}}


def test_a_refused_alternative_text_does_not_cost_the_picture(x_server: Loopback) -> None:
    """The picture goes out without it."""
    x_server.answers[:] = [Answer(200, {"data": {"id": "5"}}), Answer(400, {"title": "Invalid Request"})]
    assert api(x_server).upload_image(b"\xff\xd8", "alt") == "5"


def test_fresh_keys_are_tried_once(x_server: Loopback) -> None:
    """After a 401 the secrets are read again; if they changed, the call is made again with them."""
    x_server.answers[:] = [Answer(401, {}), CREATED]
    secrets = FixedSecrets(then=Keys(api_key="a", api_secret="b", access_token="7-new", access_token_secret="d"))
    assert api(x_server, secrets).reply("hi", to_tweet_id="12") == "99"
    assert 'oauth_token="7-new"' in x_server.asked[1].headers["Authorization"]


def test_bad_keys_stop_at_once(x_server: Loopback) -> None:
    """The same keys are not tried twice."""
    x_server.answers[:] = [Answer(401, {"title": "Unauthorized"})]
    secrets = FixedSecrets()
    with pytest.raises(XRefused) as refusal:
        api(x_server, secrets).reply("hi", to_tweet_id="12")
    assert refusal.value.reason == Reason.BAD_KEYS
    assert (len(x_server.asked), secrets.refreshed) == (1, 1)


def test_no_redirect_is_followed(x_server: Loopback) -> None:
    """Credentials never travel to where an answer points."""
    x_server.answers[:] = [Answer(307, {}, {"Location": x_server.url + "/elsewhere"}), CREATED]
    with pytest.raises(XUnavailable):
        api(x_server).reply("hi", to_tweet_id="12")
    assert len(x_server.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": {}}', b'{"data": []}', b'{"data": null}'])
def test_an_answer_without_the_post_is_tried_again(x_server: Loopback, body: bytes) -> None:
    """The post may stand or not: the next try finds out, as X refuses duplicates."""
    x_server.answers[:] = [Answer(201, body)]
    with pytest.raises(XUnavailable):
        api(x_server).reply("hi", to_tweet_id="12")


def test_x_out_of_reach_is_for_another_try() -> None:
    """A refused connection is said without an address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(XUnavailable, match="cannot be reached") as error:
        XApi(FixedSecrets(), base_url=url).me()
    assert "127.0.0.1" not in str(error.value)


@pytest.mark.parametrize("tweet_id", ["", "abc", "1/../2", "٣", "1" * 20, "1?x=y"])
def test_only_an_id_gets_into_an_address(x_server: Loopback, tweet_id: str) -> None:
    """Nothing else reaches X."""
    with pytest.raises(XRefused):
        api(x_server).look_up(tweet_id)
    assert x_server.asked == []


@pytest.mark.parametrize("url", ["http://api.x.com", "ftp://127.0.0.1", "http://127.0.0.1.evil.example", "api.x.com"])
def test_keys_travel_encrypted(url: str) -> None:
    """Plain http is for this machine alone."""
    with pytest.raises(TwbotError):
        XApi(FixedSecrets(), base_url=url)


def test_nothing_secret_is_logged(x_server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """Not even with every logger at DEBUG."""
    caplog.set_level(logging.DEBUG)
    api(x_server).reply("hi", to_tweet_id="12")
    assert not re.search("secret|7-token|oauth_signature", caplog.text)
