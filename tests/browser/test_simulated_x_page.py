"""The page of the simulated X in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from requests_oauthlib import OAuth1Session

from tests.support.browser import Sight, Windows, assert_accessible
from tests.support.simulated_x import Webhook, red_jpeg, settled, start_afresh
from twbot.local.simulator.client import Simulator

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e"
LONG = "W" * 300 + " 👩‍👩‍👧‍👦 مرحبا بالعالم " + "https://example.com/" + "a" * 200
Entered = Callable[..., Page]


@pytest.fixture(scope="session")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulated X with something on every page."""
    with Simulator(tmp_path_factory.mktemp("x"), retry_delays="0.01") as x:
        keys, hook = x.client.keys(), Webhook()
        hook.secret = keys.api_secret
        bot = OAuth1Session(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
        start_afresh(x, max_webhooks=1)
        app = {"authorization": f"Bearer {keys.bearer_token}"}
        webhook = bot.request("POST", f"{x.url}/2/webhooks", json={"url": hook.url}, headers=app).json()["data"]["id"]
        bot.post(f"{x.url}/2/account_activity/webhooks/{webhook}/subscriptions/all", json={})
        hook.answers = [503]
        post = x.client.post("alice", f"@twbot {HOSTILE}", images=[red_jpeg()] * 4, verified=True, followers=1_000_000)
        x.client.post("bob", LONG, reply_to=post["id"])
        x.client.edit(x.client.post("carol", "@twbot first")["id"], "@twbot second")
        x.client.act("delete", "dora", post=x.client.post("dora", "gone")["id"])
        x.client.post("eve", "look", quote=post["id"], images=[b"no picture"])
        x.client.act("follow", "alice", to="twbot")
        settled(x.client, post["id"])
        x.client.fail("slow", call="*", count=None, share=0.5)
        yield x
        hook.server.shutdown()
        hook.server.server_close()


@pytest.fixture
def enter(windows: Windows, simulated_x: Simulator) -> Entered:
    """Opens the page of a simulated X that others use, too: each test brings its own people."""

    def opened(path: str = "/page/", x: Simulator = simulated_x, **looks: object) -> Page:
        page = windows.open(x.client.page(), **looks)  # type: ignore[arg-type]
        if path != "/page/":
            page.goto(x.url + path)
        return page

    return opened


PAGES = ("", "accounts", "accounts/twbot", "deliveries", "deliveries/1", "webhooks", "limits", "faults", "posts/")


@pytest.mark.parametrize("sight", [Sight(400, "light"), Sight(1600, "dark")], ids=str)
def test_every_page_is_for_everybody(enter: Entered, lively: Simulator, sight: Sight) -> None:
    """On a telephone by day and on a large screen by night: nothing is cut off, and axe finds nothing serious."""
    page = enter(x=lively, width=sight.width, scheme=sight.scheme)
    post = lively.client.posts("alice")[0]["id"]
    for path in PAGES:
        page.goto(f"{lively.url}/page/{path}{post if path == 'posts/' else ''}")
        assert page.evaluate("document.documentElement.scrollWidth") <= sight.width, path
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= sight.width, path
        assert_accessible(page)


def test_without_a_script_it_is_all_there(enter: Entered, simulated_x: Simulator, tmp_path: Path) -> None:
    """Read, post with a picture, answer and make an account."""
    picture = tmp_path / "red.jpg"
    picture.write_bytes(red_jpeg())
    page = enter(javascript=False)
    form = page.get_by_role("region", name="Post as anybody")
    form.get_by_label("Who posts").fill("scriptless")
    form.get_by_role("textbox", name="Text", exact=True).fill("@twbot without a script")
    form.get_by_label("Pictures").set_input_files(picture)
    form.get_by_role("button", name="Post").click()
    [post] = simulated_x.client.posts("scriptless")
    shown = page.locator(f"#post-{post['id']}")
    expect(shown.get_by_text("@twbot without a script")).to_be_visible()
    expect(shown.get_by_role("img", name="Picture 1, not described")).to_be_visible()
    shown.get_by_role("link", name=re.compile(r"\d\d:\d\d:\d\d")).click()
    reply = page.get_by_role("region", name="Reply")
    reply.get_by_label("Who posts").fill("scriptless")
    reply.get_by_role("textbox", name="Text", exact=True).fill("a reply")
    reply.get_by_role("button", name="Post").click()
    expect(page.get_by_role("region", name="Its conversation").get_by_text("a reply")).to_be_visible()
    page.get_by_text("The post at API v2").click()
    expect(page.get_by_text('"conversation_id"').first).to_be_visible()


def test_what_is_refused_keeps_what_was_typed(enter: Entered, windows: Windows) -> None:
    """The reason is read out, and the text is still there."""
    windows.expect_fault("status of 400")
    page = enter()
    form = page.get_by_role("region", name="Post as anybody")
    form.get_by_label("Who posts").fill("keeper")
    form.get_by_role("textbox", name="Text", exact=True).fill("a long story")
    form.get_by_text("More").click()
    form.get_by_label("Reply to the post").fill("1")
    form.get_by_role("button", name="Post").click()
    expect(page.get_by_role("alert")).to_contain_text("Could not find tweet")
    expect(form.get_by_role("textbox", name="Text", exact=True)).to_have_value("a long story")
    expect(form.get_by_label("Reply to the post")).to_have_value("1")


def test_dropped_pictures_are_posted(enter: Entered, simulated_x: Simulator) -> None:
    """Dragged onto the form from a folder."""
    page = enter()
    form = page.get_by_role("region", name="Post as anybody")
    form.get_by_label("Who posts").fill("dropper")
    dropped = page.evaluate_handle(
        """(bytes) => {
            const carried = new DataTransfer();
            for (const name of ["a.jpg", "b.jpg"]) carried.items.add(new File([new Uint8Array(bytes)], name));
            return carried;
        }""",
        list(red_jpeg()),
    )
    form.locator("form").dispatch_event("drop", {"dataTransfer": dropped})
    form.get_by_role("button", name="Post").click()
    page.wait_for_url("**/page/#post-*")
    [post] = simulated_x.client.posts("dropper")
    assert len(post["media"]) == 2


def test_what_happens_is_shown_at_once_in_each_window(enter: Entered, simulated_x: Simulator) -> None:
    """Posts come and go without a reload; what one types or has opened stays."""
    client = simulated_x.client
    edited = client.edit(client.post("watcher", "draft")["id"], "final")
    first, second = enter(), enter()
    typing = first.get_by_role("region", name="Post as anybody").get_by_role("textbox", name="Text", exact=True)
    typing.fill("half a sen")
    first.locator(f"#post-{edited['edit_history'][0]}").get_by_text("1 earlier version").click()
    post = client.post("watcher", HOSTILE)
    for page in (first, second):
        expect(page.locator(f"#post-{post['id']}")).to_contain_text("<script>alert(1)</script>")
    client.act("like", "fan", post=edited["id"])
    expect(first.locator(f"#post-{edited['edit_history'][0]}")).to_contain_text("1 like")
    expect(first.get_by_text("draft", exact=False).first).to_be_visible()
    client.act("delete", "watcher", post=post["id"])
    for page in (first, second):
        expect(page.locator(f"#post-{post['id']}").get_by_text("deleted")).to_be_visible()
    expect(typing).to_have_value("half a sen")


def test_a_fault_is_switched_on_and_off(enter: Entered, simulated_x: Simulator) -> None:
    """By the keyboard; another window shows it at once."""
    client = simulated_x.client
    client.mend()
    page, other = enter("/page/faults"), enter("/page/faults")
    page.get_by_role("button", name="Switch on Lost answer").press("Enter")
    expect(other.get_by_role("button", name="Switch off lost_answer")).to_be_visible()
    assert [each["kind"] for each in client.failures()] == ["lost_answer"]
    page.get_by_role("button", name="Switch all off").press("Enter")
    expect(other.get_by_text("X answers and delivers as it should")).to_be_visible()
    assert client.failures() == []


def test_it_goes_on_after_a_restart(windows: Windows, tmp_path: Path) -> None:
    """An open window says that nobody answers, and shows what is new once the simulated X is back at its address."""
    windows.expect_fault("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET")
    with Simulator(tmp_path) as first:
        port = int(first.url.rpartition(":")[2])
        page = windows.open(first.client.page())
        expect(page.get_by_text("Nobody has posted yet")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("does not answer")
    with Simulator(tmp_path, port=port) as second:
        second.client.post("alice", "back again")
        expect(page.get_by_text("back again")).to_be_visible()
        expect(page.get_by_role("status")).to_be_empty()


@pytest.mark.parametrize(
    "script",
    [
        "document.body.innerHTML = '<b>no</b>'",
        "document.body.setAttribute('onclick', 'document.title = 1')",
        "document.write('<b>no</b>')",
        "new DOMParser().parseFromString('<b>no</b>', 'text/html')",
    ],
)
def test_no_script_can_make_html(enter: Entered, windows: Windows, script: str) -> None:
    """Were there a hole, a text could still not become a script or an element."""
    windows.expect_fault("document requires 'Trusted(HTML|Script)' assignment")
    page = enter()
    assert page.evaluate(f"() => {{ try {{ {script}; }} catch (error) {{ return error.name; }} }}") == "TypeError"
