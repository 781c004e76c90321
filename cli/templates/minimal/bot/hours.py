"""Opening hours, by the day of the week."""

from __future__ import annotations

import datetime

from twbot.bot import Bot, Event

SUNDAY = 6
WORDS = {
    "en": "Today we are open from {start} to {end}.",
    "de": "Heute haben wir von {start} bis {end} Uhr offen.",
}


def today(event: Event, bot: Bot) -> str | None:
    """Answer with today's hours, in the language of the post."""
    start = 11 if datetime.date.fromisoformat(event.time[:10]).weekday() == SUNDAY else 9
    words = WORDS.get(event.detail["Analysis"].get("Language", "en"), WORDS["{{language}}"])
    return words.format(start=start, end=18)
