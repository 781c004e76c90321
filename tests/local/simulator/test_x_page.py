"""The page of the simulated X, as a browser asks for it."""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.support.simulated_x import Webhook, red_jpeg, settled
from twbot.local.simulator.client import Simulator, SimulatorClient
from twbot.local.simulator.page.faults import SWITCHES
from twbot.local.simulator.page.rendering import pretty
from twbot.local.simulator.page.site import MAX_STREAMS
from twbot.local.simulator.page.timeline import MAX_DEPTH, conversation
from twbot.local.simulator.world import World

PAGES = ("/page/", "/page/accounts", "/page/deliveries", "/page/webhooks", "/page/limits", "/page/faults")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}"


@pytest.fixture
def browser(sim: Simulator) -> requests.Session:
    """A session with the cookie, as a browser has it after it opened the address."""
    session = requests.Session()
    answer = session.get(sim.client.page())
    assert answer.ok
    assert answer.url == f"{sim.url}/page/"
    return session


def send(sim: Simulator, browser: requests.Session, path: str, **fields: Any) -> requests.Response:
    """Send a form as the page does, and do not follow where it leads."""
    parts = {name: (None, str(value)) for name, value in {"form": "sent", **fields}.items() if name != "pictures"}
    files = [*parts.items(), *(("pictures", ("x.jpg", data)) for data in fields.get("pictures", ()))]
    origin = {"origin": sim.url}
    return browser.post(f"{sim.url}/page{path}", files=files, headers=origin, allow_redirects=False)


def test_the_token_becomes_a_strict_cookie(sim: Simulator) -> None:
    """The address leads to one without the token; no script and no other site gets the cookie, nor does the API."""
    answer = requests.get(sim.client.page(), allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/page/")
    cookie = answer.headers["set-cookie"]
    port = urllib.parse.urlsplit(sim.url).port
    assert cookie.startswith(f"twbot-x-{port}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/page"} <= set(cookie.split("; "))


@pytest.mark.parametrize("path", [*PAGES, "/page/live", "/page/static/page.js", "/page/nowhere", "/page/posts/1"])
def test_without_the_token_nothing_is_shown(sim: Simulator, path: str) -> None:
    """Whoever guesses is told how to get the address, whatever is asked for."""
    for cookies, query in (({}, ""), ({}, "?token=guess"), ({"twbot-x": "guess"}, ""), ({}, "?token=%ff")):
        answer = requests.get(sim.url + path + query, cookies=cookies)
        assert (answer.status_code, "twbot x open --print" in answer.text) == (401, True)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "evil.example:{port}", ""])
def test_a_name_that_leads_here_is_refused(sim: Simulator, browser: requests.Session, host: str) -> None:
    """DNS rebinding: with the cookie, too, only this machine's own names are answered."""
    named = host.format(port=urllib.parse.urlsplit(sim.url).port)
    assert browser.get(f"{sim.url}/page/", headers={"host": named}).status_code == 421


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1"])
def test_forms_of_other_sites_are_refused(
    sim: Simulator, browser: requests.Session, client: SimulatorClient, origin: str | None
) -> None:
    """Nothing is posted without the page's own origin."""
    headers = {"origin": origin} if origin else {}
    fields = {"author": "mallory", "text": f"from {origin}"}
    answer = browser.post(f"{sim.url}/page/posts", data=fields, headers=headers)
    assert answer.status_code == 403
    assert not [post for post in client.posts("mallory") if post["text"] == fields["text"]]


def test_every_answer_says_what_a_browser_may_do(sim: Simulator, browser: requests.Session) -> None:
    """No inline script or style, no frame, nothing from elsewhere, and no HTML out of a script."""
    for path in (*PAGES, "/page/nowhere", "/page/static/page.css"):
        headers = browser.get(sim.url + path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_the_api_knows_no_cookie(sim: Simulator, browser: requests.Session) -> None:
    """What bots call is as it was: with the page's cookie it is 401."""
    for path in ("/2/users/me", "/sim/keys"):
        assert browser.get(sim.url + path).status_code == 401
    assert requests.get(f"{sim.url}/nowhere").json()["errors"][0]["code"] == 34


def test_what_people_write_stays_text(sim: Simulator, browser: requests.Session, client: SimulatorClient) -> None:
    """In posts, alternative texts, quotes, versions, messages and what a webhook is sent."""
    post = client.post("mallory", HOSTILE, images=[red_jpeg()])
    edited = client.edit(post["id"], HOSTILE + " again")
    client.post("mallory", HOSTILE + " quoted", quote=edited["id"])
    send(sim, browser, "/posts", author="mallory", text=HOSTILE, alt_texts=HOSTILE, pictures=[red_jpeg()])
    for path in ("/page/", f"/page/posts/{post['id']}", "/page/accounts/mallory", f"/page/accounts?name={HOSTILE}"):
        page = browser.get(sim.url + path).text
        assert "<script>alert" not in page
        assert 'onerror=alert(2)>"' not in page
        assert "&lt;script&gt;" in page or "name=" in path
        assert "49" not in re.findall(r"&amp;(.*?)</p>", page)


def test_no_text_reorders_the_json_around_it() -> None:
    """An override of the direction is shown as an escape."""
    assert pretty({"text": "a\u202eb\u2066c"}) == '{\n  "text": "a\\u202eb\\u2066c"\n}'


def test_a_post_with_pictures(sim: Simulator, browser: requests.Session, client: SimulatorClient) -> None:
    """As anybody, with an alternative text for each picture, and delivered as every post."""
    answer = send(
        sim, browser, "/posts", author="@painter", text="two", alt_texts="first\nsecond", pictures=[red_jpeg()] * 2
    )
    [post] = client.posts("painter")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/page/#post-{post['id']}")
    assert [media["alt_text"] for media in post["media"]] == ["first", "second"]
    page = browser.get(f"{sim.url}/page/").text
    for media in post["media"]:
        path = urllib.parse.urlsplit(media["url"]).path
        assert f'src="{path}"' in page
        assert browser.get(sim.url + path).headers["x-content-type-options"] == "nosniff"


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "no text": ("/posts", {"author": "alice"}, "Write a text, or choose a picture."),
    "no author": ("/posts", {"author": "", "text": "kept"}, "1 to 15 letters"),
    "a wrong author": ("/posts", {"author": "no spaces", "text": "kept"}, "1 to 15 letters"),
    "no such post": ("/posts", {"author": "alice", "text": "kept", "reply_to": "1"}, "Could not find tweet"),
    "no number": ("/posts", {"author": "alice", "text": "kept", "followers": "many"}, "Followers: a whole number"),
    "no generation": ("/posts", {"author": "alice", "text": "kept", "generation": "v3"}, "Invalid enum value"),
    "no picture": ("/posts", {"author": "alice", "text": "kept", "pictures": [b"text"]}, "unrecognized"),
    "five pictures": ("/posts", {"author": "alice", "text": "x", "pictures": [b"x"] * 5}, "at most 4 pictures"),
    "a long text": ("/posts", {"author": "alice", "text": "x" * 200_000}, "exceeded maximum size"),
    "no name": ("/accounts", {"author": "-", "followers": "7"}, "1 to 15 letters"),
    "no kind": ("/accounts/twbot/act", {"kind": "poke", "to": "alice"}, "Invalid enum value"),
    "nobody": ("/accounts/twbot/act", {"kind": "follow"}, "to whom"),
    "no limit": ("/limits", {"call": "POST /2/tweets", "limit": "-1"}, "a whole number"),
    "no fault": ("/faults", {"kind": "sabotage", "do": "on"}, "Invalid enum value"),
    "no share": ("/faults", {"kind": "error", "percent": "0", "do": "on"}, "Expected `float`"),
    "no webhook": ("/webhooks/1/challenge", {}, "WebhookIdInvalid"),
}


@pytest.mark.parametrize(("path", "fields", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_says_why_and_keeps_what_was_typed(
    sim: Simulator, browser: requests.Session, path: str, fields: dict[str, Any], why: str
) -> None:
    """The page with the form comes back with the reason and the fields, and nothing was done."""
    before = (sim.client.posts(), sim.client.failures())
    answer = send(sim, browser, path, **fields)
    assert answer.status_code == 400
    assert why in answer.text.replace("&#39;", "'")
    assert ("kept" in answer.text) == (fields.get("text") == "kept")
    assert (sim.client.posts(), sim.client.failures()) == before


@pytest.mark.parametrize("path", ["/posts/1", "/accounts/nobody_here", "/deliveries/999999", "/nowhere", "/static/x"])
def test_what_is_not_there_says_so(sim: Simulator, browser: requests.Session, path: str) -> None:
    """With a way back."""
    answer = browser.get(f"{sim.url}/page{path}")
    assert (answer.status_code, 'href="/page/"' in answer.text) == (404, True)


def test_an_upload_without_end_is_cut_off(sim: Simulator, browser: requests.Session) -> None:
    """It is refused at its limit, however it is sent."""

    def endless() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="pictures"; filename="x"\r\n\r\n'
        for _ in range(70):
            yield b"x" * 1_000_000

    headers = {"origin": sim.url, "content-type": "multipart/form-data; boundary=b"}
    with contextlib.suppress(requests.ConnectionError):  # the server may close before all is sent
        answer = browser.post(f"{sim.url}/page/posts", data=endless(), headers=headers)
        assert "more than 61 MB" in answer.text


def test_people_act_on_posts_and_on_each_other(
    sim: Simulator, browser: requests.Session, client: SimulatorClient
) -> None:
    """Reply, edit, like, delete, follow: as by the control API."""
    post = client.post("ann", "first")
    path = f"/posts/{post['id']}"
    sent = send(sim, browser, "/posts", author="ben", text="answer", reply_to=post["id"], next=f"/page{path}")
    assert sent.headers["location"] == f"/page{path}"
    assert [each["text"] for each in client.replies(post["id"])] == ["answer"]
    edited = send(sim, browser, f"{path}/edit", text="second").headers["location"]
    assert client.get(edited.rpartition("/")[2])["edit_history"][0] == post["id"]
    assert send(sim, browser, f"{path}/act", kind="like", author="ben").status_code == 303
    assert send(sim, browser, f"{path}/act", kind="delete", author="ann").status_code == 303
    page = browser.get(f"{sim.url}/page{path}").text
    assert "deleted" in page
    assert "edited" in page
    assert send(sim, browser, f"{path}/act", kind="like", author="ben").status_code == 400
    assert send(sim, browser, "/accounts", author="cat", followers="1234567", verified="yes").status_code == 303
    assert send(sim, browser, "/accounts/cat/act", kind="follow", to="@ann").status_code == 303
    shown = browser.get(f"{sim.url}/page/accounts/cat").text
    assert re.search(r"@cat <b>follows</b> @ann", shown)
    assert "1,234,567" in browser.get(f"{sim.url}/page/accounts?name=CAT").text


def test_a_reply_leads_nowhere_but_to_the_page(sim: Simulator, browser: requests.Session) -> None:
    """A form can't send the browser to another site."""
    for next_page in ("//evil.example/", "https://evil.example/page/", "/sim/keys"):
        answer = send(sim, browser, "/posts", author="alice", text=f"next {next_page}", next=next_page)
        assert answer.headers["location"].startswith("/page/#post-")


def test_a_delivery_is_shown_with_each_try(
    sim: Simulator,
    browser: requests.Session,
    client: SimulatorClient,
    bot: OAuth1Session,
    hook: Webhook,
    webhook_id: str,
) -> None:
    """The signature that was sent, what was answered, and the bytes; sent again it is a new delivery."""
    bot.post(f"{sim.url}/2/account_activity/webhooks/{webhook_id}/subscriptions/all", json={})
    hook.answers = [503]
    post = client.post("alice", "@twbot shown")
    [delivery] = settled(client, post["id"])
    page = browser.get(f"{sim.url}/page/deliveries/{delivery['id']}").text
    assert "answered 503" in page
    assert "answered 200" in page
    assert delivery["attempts"][0]["signature"] in page.replace("&#43;", "+")
    assert "tweet_create_events" in page
    again = send(sim, browser, f"/deliveries/{delivery['id']}/resend").headers["location"]
    first, _, second = hook.wait_for(lambda bodies: len(bodies) == 3)
    assert first == second
    assert again == f"/page/deliveries/{client.deliveries(post['id'])[1]['id']}"
    for state, shows in (("delivered", True), ("failed", False)):
        listed = browser.get(f"{sim.url}/page/deliveries?state={state}").text
        assert (f'href="/page/deliveries/{delivery["id"]}"' in listed) is shows
    assert f"webhook-{webhook_id}" in browser.get(f"{sim.url}/page/webhooks").text
    assert send(sim, browser, f"/webhooks/{webhook_id}/challenge").status_code == 303
    assert send(sim, browser, f"/webhooks/{webhook_id}/remove").status_code == 303
    assert webhook_id not in browser.get(f"{sim.url}/page/webhooks").text


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.kind)
def test_every_fault_has_a_switch(
    sim: Simulator, browser: requests.Session, client: SimulatorClient, switch: Any
) -> None:
    """On until it is switched off, for a part of the calls, or once."""
    fields = {"kind": switch.kind, "call": "*", "percent": "30", "seconds": "2"}
    send(sim, browser, "/faults", do="on", **fields)
    send(sim, browser, "/faults", do="once", **fields)
    lasting, once = client.failures()
    assert (lasting["kind"], lasting["count"], lasting["share"]) == (switch.kind, None, 0.3)
    assert (once["kind"], once["count"], once["share"]) == (switch.kind, 1, 1.0)
    assert switch.kind in browser.get(f"{sim.url}/page/faults").text
    send(sim, browser, f"/faults/{lasting['id']}/off")
    assert client.failures() == [once]
    send(sim, browser, "/faults/off")
    assert client.failures() == []


def test_limits_are_shown_and_changed(
    sim: Simulator, browser: requests.Session, client: SimulatorClient, bot: OAuth1Session
) -> None:
    """How far each is used, by whom."""
    send(sim, browser, "/limits", call="GET /2/users/me", limit="2")
    assert [bot.get(f"{sim.url}/2/users/me").status_code for _ in range(3)] == [200, 200, 429]
    page = browser.get(f"{sim.url}/page/limits").text
    assert re.search(r'<td class="number bad">2</td><td class="number">2</td><td>@twbot</td>', page)


def test_windows_without_number_are_refused(sim: Simulator, browser: requests.Session) -> None:
    """Each window has a stream. They are bounded, and one that is closed makes room."""

    def window() -> Generator[str]:
        while True:
            with browser.get(f"{sim.url}/page/live", stream=True) as answer:
                if answer.status_code == 200:
                    yield from (line.decode() for line in answer.iter_lines() if line)

    windows = [window() for _ in range(MAX_STREAMS)]
    assert all(next(each).startswith("data: ") for each in windows)
    assert browser.get(f"{sim.url}/page/live", timeout=10).status_code == 503
    for each in windows:
        each.close()
    another = window()  # it asks until the server has noticed that the others are gone
    before = next(another)
    sim.client.post("alice", "news")
    assert next(another) != before
    another.close()


def test_a_conversation_without_end_is_shown(tmp_path: Path) -> None:
    """Two bots that answer each other a thousand times: the first post and the newest, to a bounded depth."""
    world = World(tmp_path, base_url="http://x")
    ann = world.people.ensure("ann")
    post = first = world.posts.create(ann, "0")
    for number in range(1, 1200):
        post = world.posts.create(ann, str(number), reply_to=post)
    shown = conversation(world, first.id, 1000)
    world.close()
    assert len(shown.posts) == 1001
    assert shown.left_out == 199
    assert (shown.posts[0].post.id, shown.posts[-1].post.id) == (first.id, post.id)
    assert max(each.depth for each in shown.posts) == MAX_DEPTH


def test_there_is_always_a_next_page(tmp_path: Path) -> None:
    """Each conversation is on one page of the timeline, newest first."""
    from twbot.local.simulator.page.timeline import CONVERSATIONS, conversations

    world = World(tmp_path, base_url="http://x")
    ann = world.people.ensure("ann")
    made = [world.posts.create(ann, str(number)).id for number in range(2 * CONVERSATIONS + 3)]
    seen: list[str] = []
    before: int | None = None
    for _ in range(3):
        page, before = conversations(world, before)
        seen += [each.id for each in page]
    world.close()
    assert (seen, before) == (made[::-1], None)
