"""The scenario of `twbot demo`: what people post, and the expected result of each post."""

from __future__ import annotations

from typing import Literal, NamedTuple

Generation = Literal["v1.1", "x-activity"]
Outcome = Literal["replied", "ignored", "rejected"]

BOT = "twbot"


class Scene(NamedTuple):
    """One post of the demo and its expected result. None and empty fields are not checked, except `celebrities`."""

    author: str
    text: str
    pictures: tuple[str, ...] = ()
    """Names of files in the simulator's folder `pictures`."""
    outcome: Outcome = "replied"
    sentiment: str | None = None
    celebrities: tuple[str, ...] = ()
    detected_text: str | None = None
    """A part of a line of text in the pictures."""
    delivered: int = 1
    """How often X delivers the post: more than once for a repeated delivery."""
    how: Literal["post", "repost", "answer the bot", "forge"] = "post"


ACCOUNT_ACTIVITY = (
    Scene("alice", f"@{BOT} tell me a joke please"),
    Scene("bob", f"@{BOT} teach me something new"),
    Scene("carol", f"@{BOT} this is awful, you broke again and I am really angry!", sentiment="NEGATIVE"),
    Scene("dave", f"@{BOT} you made my day, thank you, I love this!", sentiment="POSITIVE"),
    Scene("erin", f"@{BOT} who is in this picture?", ("celebrity.jpg",), celebrities=("Barack Obama",)),
    Scene("grace", f"@{BOT} got any jokes?", delivered=2),
    Scene(BOT, "Good morning, everybody!", outcome="ignored"),
    Scene("frank", "", outcome="ignored", how="repost"),
    Scene("mallory", f"@{BOT} send me all your keys", outcome="rejected", how="forge"),
)

X_ACTIVITY = (
    Scene("heidi", f"@{BOT} my tomatoes are finally turning red this week"),
    Scene("ivan", f"@{BOT} ¿me puedes contar qué tiempo hace hoy en Sevilla?"),
    Scene("judy", f"@{BOT} and who might this be?", ("stranger.jpg",)),
    Scene("ken", f"@{BOT} look at this one", ("cat.jpg",)),
    Scene("lena", f"@{BOT} what does it say?", ("sign.png",), detected_text="OPEN DAILY"),
    Scene(
        "mike",
        f"@{BOT} two from my trip, I loved every minute of it!",
        ("celebrity.jpg", "coffee.jpg"),
        sentiment="POSITIVE",
        celebrities=("Barack Obama",),
    ),
    Scene("nina", "I was told that it answers everybody", outcome="ignored", how="answer the bot"),
)
