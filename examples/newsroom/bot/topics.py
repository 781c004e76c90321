"""Finds what a text is about. A step of the workflow: what it returns is Analysis.Own.News."""

from __future__ import annotations

import re
from typing import Any

from twbot.bot import Bot, Event

TOPICS = {
    "fire": r"\b(fire|smoke|burning|flames)\b",
    "traffic": r"\b(crash|accident|traffic|road closed|collision)\b",
    "weather": r"\b(storm|flood\w*|hail|tornado|landslide)\b",
    "power": r"\b(power cut|outage|blackout|no electricity)\b",
}
# Somebody who is there, now.
WITNESS = re.compile(
    r"\b(right now|just now|outside|in front of|in our street|I can see|next to (me|us))\b", re.IGNORECASE
)


def find(event: Event, bot: Bot) -> dict[str, Any]:
    text = event.detail["Text"]
    topics = [topic for topic, words in TOPICS.items() if re.search(words, text, re.IGNORECASE)]
    return {"Topics": topics, "Urgent": bool(topics) and bool(WITNESS.search(text))}
