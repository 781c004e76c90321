"""The timeline and the page of a post: what people wrote, what was made of it, what was answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.cli.main import run

PICTURES = Path(__file__).parents[3] / "local" / "simulator" / "pictures"
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }} {% raw %}",
    "</article></main><h1>Your token, please</h1>",
    "\u202egnp.exe \u0007 \x1b[31m",
    "a" * 250,
]


def test_a_post_its_mood_and_its_reply(world: World, visitor: Visitor) -> None:
    post, (reply,) = world.ask("tilda", "@twbot tell me a joke")
    page = text_of(visitor.get("/", q="tilda"))
    assert "@tilda" in page
    assert post["id"] in page
    assert reply["text"] in page


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_stays_text(world: World, visitor: Visitor, text: str) -> None:
    post, _ = world.ask("tiro", f"@twbot {text}")
    for path in ("/", f"/post/{post['id']}"):
        page = visitor.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<svg onload" not in page
        if "7*7" in text:
            assert "{{ 7*7 }}" in page
        assert "<h1>Your token" not in page
        assert not {"\u202e", "\x1b", "\x07"} & {*page}


def test_posting_as_anybody_with_a_picture(world: World, visitor: Visitor) -> None:
    """What the form posts is answered, and shown with the names on the picture and its alternative text."""
    files = [("image", ("photo.jpg", (PICTURES / "celebrity.jpg").read_bytes(), "image/jpeg"))]
    answer = visitor.post("/send", author="@tomke", text="who is this?", files=files)
    assert "@tomke posted" in text_of(answer)
    world.settle()
    (post,) = world.x.posts("tomke")
    page = visitor.get(f"/post/{post['id']}")
    (picture,) = {each["Key"] for each in world.events(post, "MESSAGE_ANALYSED")[0]["Analysis"]["Images"]}
    assert f'src="/media/{picture}"' in page.text
    shown = visitor.get(f"/media/{picture}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(("author", "text", "says"), [("tom", "  ", "nothing to post"), ("<b>", "hi", "")])
def test_a_form_that_makes_no_sense(visitor: Visitor, author: str, text: str, says: str) -> None:
    """It is told so, and nothing breaks."""
    answer = visitor.post("/send", author=author, text=text)
    assert answer.status_code in {200, 400, 409, 500}
    assert says in text_of(answer)
    assert "<b>" not in answer.text.replace("<b>@", "").replace("<b>The bot", "")


@pytest.mark.parametrize(
    "key",
    [
        "../secrets.json",
        "..%2fsecrets.json",
        "%2e%2e/secrets.json",
        "a/../../secrets.json",
        "/etc/passwd",
        "secrets.json",
    ],
)
def test_only_pictures_are_media(visitor: Visitor, key: str) -> None:
    assert visitor.get(f"/media/{key}").status_code in {401, 404}


def test_pages_go_back_to_the_first_post(world: World, visitor: Visitor) -> None:
    """Each post once, the newest first."""
    for number in range(35):
        world.x.post("tove", f"@twbot number {number}.")
    world.settle()
    first = visitor.get("/", q="tove")
    assert first.text.count("<article") == 30
    assert "number 34." in first.text
    before = first.text.split("/?before=")[1].split("&")[0]
    second = visitor.get("/", q="tove", before=before)
    assert second.text.count("<article") == 5
    assert "number 0." in second.text
    assert "Older posts" not in second.text


@pytest.mark.parametrize(
    "path", ["/?before=x", "/?before=-1", "/?before=99999999999999999999", "/post/x", "/post/12345", "/nowhere"]
)
def test_an_address_that_nobody_wrote(visitor: Visitor, path: str) -> None:
    """It gets a page that says so."""
    answer = visitor.session.get(visitor.url(path), timeout=10)
    assert answer.status_code in {200, 400, 404}
    assert "twbot" in answer.text


def test_the_trace_is_a_waterfall_with_its_command(world: World, visitor: Visitor) -> None:
    post, _ = world.ask("tycho", "@twbot tell me a joke")
    page = visitor.get(f"/post/{post['id']}")
    said = text_of(page)
    for name in ("MESSAGE_RECEIVED", "analyse-messages", "answer-texts", "SEND_TWEET", "send-tweets", "TWEET_SENT"):
        assert name in said
    assert f"twbot trace {post['id']} --data" in said
    assert page.text.count('class="waterfall"') >= 6
    assert visitor.get(f"/post/{post['id']}", steps="1").text.count("<tr") > page.text.count("<tr")


def test_a_replay_is_another_life(world: World, visitor: Visitor) -> None:
    """The page shows the first one, and leads to what a replay made of the post."""
    post, _ = world.ask("tavi", "@twbot tell me a joke")
    before = visitor.get(f"/post/{post['id']}").text.count("<tr")
    assert run(["replay", "--since", "1h", "--yes", "--data", str(world.home.folder)]) == 0
    world.settle()
    page = visitor.get(f"/post/{post['id']}")
    assert page.text.count("<tr") == before
    name = page.text.split("?replay=")[1].split('"')[0]
    again = text_of(visitor.get(f"/post/{post['id']}", replay=name))
    assert f"This is what the replay {name} made of it." in again
    assert f"twbot trace {post['id']} --replay {name}" in again
    assert visitor.get(f"/post/{post['id']}", replay="nobody").status_code == 404
