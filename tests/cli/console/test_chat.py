"""The page of the chatbot: what the bot would answer, without posting it."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.console import Visitor, text_of
from tests.support.world import World
from twbot.cli.operations.chatbot.records import Said


def test_it_answers_and_posts_nothing(world: World, visitor: Visitor) -> None:
    """With the intent, how sure it is, and what was said before; another window sees none of it."""
    posts = len(world.x.posts())
    answer = visitor.post("/chat", text="got any jokes?", language="EN", said=[kept("hello", "Hi there!")])
    says = text_of(answer)
    assert answer.status_code == 200
    assert says.index("You: hello") < says.index("The bot: Hi there!") < says.index("You: got any jokes?")
    assert "Joke" in says
    assert "% sure" in says
    assert "twbot chat 'got any jokes?' --data" in says
    assert len(world.x.posts()) == posts
    assert "got any jokes?" not in text_of(visitor.get("/chat")).replace("twbot chat 'got any jokes?'", "")


@pytest.mark.parametrize(
    ("text", "language", "says"),
    [
        ("", "", "nothing to answer"),
        ("\u202e\u200b", "", "nothing to answer"),
        ("w" * 1001, "", "longer than 1000 characters"),
        ("hello", "german", "A language is its code"),
        ("hello", "<b>", "A language is its code"),
    ],
)
def test_what_cannot_be_answered_is_said(visitor: Visitor, text: str, language: str, says: str) -> None:
    """What was typed is still there."""
    answer = visitor.post("/chat", text=text, language=language)
    assert answer.status_code == 400
    assert says in text_of(answer)
    assert text in answer.text
    assert "<b>" not in answer.text.replace('<b class="', "")


def test_what_the_page_kept_is_shown_as_text(visitor: Visitor) -> None:
    """Whatever comes back as what was said before is escaped; what is no answer is left out, and so is what is old."""
    hostile = "<script>alert(1)</script>{{7*7}}\u202e"
    said = [*(kept(f"old {each}", "x") for each in range(30)), kept(hostile, hostile), "{", '{"input": 1}']
    answer = visitor.post("/chat", text="", said=said)
    assert "<script>alert" not in answer.text
    assert "{{7*7}}" in answer.text
    assert "You: old 29" in text_of(answer)
    assert "You: old 5 " not in text_of(answer)


def kept(text: str, reply: str) -> str:
    said = Said(input=text, reply=reply, intent="Greeting", confidence=0.9, language="en", by="Greeting")
    return msgspec.json.encode(said).decode()
