"""Posting at the simulated X: who may, what is refused and how."""

from __future__ import annotations

import base64
import time
import uuid
from typing import Any

import pytest
import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256
from requests_oauthlib import OAuth1Session

from twbot.lambdas.ports import Keys
from twbot.local.simulator.client import Simulator, SimulatorClient


def fresh(text: str = "hello") -> str:
    return f"{text} {uuid.uuid4().hex}"


@pytest.fixture(autouse=True)
def unlimited(client: SimulatorClient) -> None:
    client.limits({"POST /2/tweets": 100_000})


def reply(sim: Simulator, bot: OAuth1Session, post_id: str, text: str) -> requests.Response:
    body = {"text": text, "reply": {"in_reply_to_tweet_id": post_id}}
    return bot.post(f"{sim.url}/2/tweets", json=body)


def test_a_signed_post_is_answered_as_documented(sim: Simulator, bot: OAuth1Session) -> None:
    """201, the id, the text, the edit history, and the rate limit's headers."""
    text = fresh()
    answer = bot.post(f"{sim.url}/2/tweets", json={"text": text})
    data = answer.json()["data"]
    assert (answer.status_code, data["text"]) == (201, text)
    assert data["edit_history_tweet_ids"] == [data["id"]]
    assert {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"} <= answer.headers.keys()


@pytest.mark.parametrize("wrong", ["api_key", "api_secret", "access_token", "access_token_secret"])
def test_any_wrong_key_is_401(sim: Simulator, keys: Keys, wrong: str) -> None:
    """One wrong part of the four is enough; the body is X's."""
    parts = {name: getattr(keys, name) for name in ("api_key", "api_secret", "access_token", "access_token_secret")}
    parts[wrong] = parts[wrong][:-1] + ("a" if parts[wrong][-1] != "a" else "b")
    answer = OAuth1Session(*parts.values()).get(f"{sim.url}/2/users/me")
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


def test_a_request_counts_once(sim: Simulator, keys: Keys, bot: OAuth1Session) -> None:
    """The same signed request, sent again, is refused: its nonce was used; so is one from long ago."""
    signed = requests.Request("GET", f"{sim.url}/2/users/me", auth=bot.auth).prepare()
    with requests.Session() as session:
        assert [session.send(signed).status_code for _ in range(2)] == [200, 401]
    parts = (keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    old = OAuth1Session(*parts, timestamp=str(int(time.time()) - 4000))
    assert old.get(f"{sim.url}/2/users/me").status_code == 401


def test_the_query_is_signed_too(sim: Simulator, keys: Keys) -> None:
    """HMAC-SHA256 is taken; a parameter added on the way breaks the signature."""
    parts = (keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    bot = OAuth1Session(*parts, signature_method=SIGNATURE_HMAC_SHA256)
    url = f"{sim.url}/2/users/me?user.fields=created_at,description&x=a%20b"
    assert "created_at" in bot.get(url).json()["data"]
    signed = requests.Request("GET", url, auth=bot.auth).prepare()
    signed.url = f"{signed.url}&more=1"
    with requests.Session() as session:
        assert session.send(signed).status_code == 401


def test_the_wrong_kind_of_token_is_told(sim: Simulator, app: requests.Session) -> None:
    """The app's bearer token can't post."""
    answer = app.post(f"{sim.url}/2/tweets", json={"text": "hello"})
    assert (answer.status_code, answer.json()["title"]) == (403, "Unsupported Authentication")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"text": "x" * 281}, 400),
        ({"text": "日" * 141}, 400),
        ({"text": "hello", "colour": "red"}, 400),
        ({"text": "hello", "media": {"media_ids": ["1"]}}, 400),
        ({"text": "hello", "media": {"media_ids": ["1", "2", "3", "4", "5"]}}, 400),
        ({"text": "hello", "reply": {"in_reply_to_tweet_id": "abc"}}, 400),
        ({"text": "hello", "reply": {"in_reply_to_tweet_id": "1"}}, 403),
        ({"text": "hello", "quote_tweet_id": "1"}, 403),
        ({"text": "$AAPL or $GOOG"}, 403),
    ],
)
def test_what_x_refuses_is_refused(sim: Simulator, bot: OAuth1Session, body: dict[str, Any], status: int) -> None:
    """Too long, empty, unknown fields, others' media, a quote without Enterprise: with X's statuses."""
    answer = bot.post(f"{sim.url}/2/tweets", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_only_who_is_summoned_may_reply(sim: Simulator, client: SimulatorClient, bot: OAuth1Session) -> None:
    """To mentions, quotes and its own posts; not to strangers, nor to who merely answered it."""
    mine = bot.post(f"{sim.url}/2/tweets", json={"text": fresh()}).json()["data"]["id"]
    summons = client.post("alice", fresh("@twbot hi"))
    quote = client.post("alice", fresh("look"), quote=mine)
    answer = client.post("alice", fresh("thanks"), reply_to=mine)
    stranger = client.post("alice", fresh("to nobody"))
    ids = [mine, summons["id"], quote["id"], answer["id"], stranger["id"]]
    assert [reply(sim, bot, post_id, fresh()).status_code for post_id in ids] == [201, 201, 201, 403, 403]


def test_the_same_reply_stands_only_once(sim: Simulator, client: SimulatorClient, bot: OAuth1Session) -> None:
    """X compares with all that the account posted lately: to one post or to another, the same words are a duplicate."""
    one, two = client.post("alice", fresh("@twbot")), client.post("bob", fresh("@twbot"))
    text = fresh()
    answers = [
        reply(sim, bot, post["id"], words) for post, words in ((one, text), (one, text), (two, text), (two, "x"))
    ]
    assert [answer.status_code for answer in answers] == [201, 403, 403, 201]
    assert "duplicate content" in answers[1].json()["detail"]


def test_a_reply_is_seen_with_its_picture(
    sim: Simulator, client: SimulatorClient, bot: OAuth1Session, photo: bytes
) -> None:
    """Uploaded in one go, described, posted: people see the text without what X adds, the picture and its text."""
    post = client.post("alice", fresh("@twbot"))
    media = bot.post(f"{sim.url}/2/media/upload", files={"media": photo}, data={"media_category": "tweet_image"}).json()
    described = {"id": media["data"]["id"], "metadata": {"alt_text": {"text": "A red field"}}}
    assert bot.post(f"{sim.url}/2/media/metadata", json=described).ok
    body = {"text": "here", "reply": {"in_reply_to_tweet_id": post["id"]}, "media": {"media_ids": [described["id"]]}}
    assert bot.post(f"{sim.url}/2/tweets", json=body).status_code == 201
    [seen] = client.replies(post["id"], timeout=5)
    assert (seen["text"], seen["author"], seen["media"][0]["alt_text"]) == ("here", "twbot", "A red field")
    assert client.media(seen["media"][0]["url"]) == photo


def test_chunks_make_a_picture(sim: Simulator, bot: OAuth1Session, photo: bytes) -> None:
    """Initialize, append in any order, finalize; missing bytes are noticed."""
    started = {"media_type": "image/jpeg", "total_bytes": len(photo), "media_category": "tweet_image"}
    upload = f"{sim.url}/2/media/upload"
    media_id = bot.post(f"{upload}/initialize", json=started).json()["data"]["id"]
    assert bot.post(f"{upload}/{media_id}/finalize").status_code == 400
    for index, part in ((1, photo[200:]), (0, photo[:200])):
        body = {"segment_index": index, "media": base64.b64encode(part).decode()}
        assert bot.post(f"{upload}/{media_id}/append", json=body).ok
    assert bot.post(f"{upload}/{media_id}/finalize").json()["data"]["image"]["w"] == 40
    status = bot.get(upload, params={"command": "STATUS", "media_id": media_id}).json()["data"]
    assert status["processing_info"]["state"] == "succeeded"


def test_what_is_no_picture_is_refused(sim: Simulator, bot: OAuth1Session) -> None:
    """A text file called .jpg, and nothing at all."""
    for data in (b"hello", b""):
        body = {"media": base64.b64encode(data).decode(), "media_category": "tweet_image"}
        assert bot.post(f"{sim.url}/2/media/upload", json=body).status_code == 400


def test_a_post_is_looked_up_with_its_media(
    sim: Simulator, client: SimulatorClient, app: requests.Session, photo: bytes
) -> None:
    """The text ends with a t.co link to the photo; the expansion tells where the pictures are."""
    post = client.post("alice", fresh("@twbot look & see"), images=[photo, photo])
    query = {"expansions": "attachments.media_keys,author_id", "media.fields": "url", "tweet.fields": "entities"}
    found = app.get(f"{sim.url}/2/tweets/{post['id']}", params=query).json()
    [link] = found["data"]["entities"]["urls"]
    assert found["data"]["text"][link["start"] : link["end"]] == link["url"]
    assert link["expanded_url"] == f"https://x.com/alice/status/{post['id']}/photo/1"
    assert [client.media(media["url"]) for media in found["includes"]["media"]] == [photo, photo]
    assert "look &amp; see" in found["data"]["text"]


def test_what_is_gone_is_an_error_beside_the_rest(
    sim: Simulator, client: SimulatorClient, bot: OAuth1Session, app: requests.Session
) -> None:
    """Only the author deletes; look-ups of deleted posts answer 200 with the documented error."""
    other = client.post("alice", fresh())["id"]
    mine = bot.post(f"{sim.url}/2/tweets", json={"text": fresh()}).json()["data"]["id"]
    assert [bot.delete(f"{sim.url}/2/tweets/{post}").status_code for post in (other, mine, mine)] == [403, 200, 404]
    found = app.get(f"{sim.url}/2/tweets", params={"ids": f"{other},{mine}"}).json()
    assert ([post["id"] for post in found["data"]], found["errors"][0]["value"]) == ([other], mine)


def test_limits_and_failures_are_made_to_order(sim: Simulator, client: SimulatorClient, bot: OAuth1Session) -> None:
    """429 with the reset's time when the limit is used up; 402, 500 and a lost answer when asked for."""
    client.limits({"POST /2/tweets": 1})
    answers = [bot.post(f"{sim.url}/2/tweets", json={"text": fresh()}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert int(answers[1].headers["x-rate-limit-reset"]) > time.time()
    client.limits({"POST /2/tweets": 1000})
    for kind in ("credits", "error", "cap"):
        client.fail(kind)
    statuses = [bot.post(f"{sim.url}/2/tweets", json={"text": fresh()}).status_code for _ in range(4)]
    assert statuses == [402, 500, 429, 201]
    client.fail("lost_answer")
    text = fresh()
    assert [bot.post(f"{sim.url}/2/tweets", json={"text": text}).status_code for _ in range(2)] == [503, 403]


def test_the_control_api_needs_its_token(sim: Simulator) -> None:
    """Keys are handed out only to who holds it."""
    for headers in ({}, {"x-control-token": "guess"}):
        assert requests.get(f"{sim.url}/sim/keys", headers=headers).status_code == 401
