"""Says what is in a picture."""

from __future__ import annotations

from twbot.bot import Bot, Event

WORDS = {"en": "I see: {things}.", "de": "Ich sehe: {things}."}
MOST = 4


def describe(event: Event, bot: Bot) -> str | None:
    """Name what was recognised. Pictures of people are left to twbot, which writes names beside the faces."""
    things: list[str] = []
    for image in event.detail["Analysis"]["Images"]:
        found = image["Analysis"]
        if found.get("CelebrityFaces") or found.get("UnrecognizedFaces"):
            return None
        things += [label["Name"] for label in found.get("Labels", [])]
    if not things:
        return None
    words = WORDS.get(event.detail["Analysis"].get("Language", "en"), WORDS["{{language}}"])
    return words.format(things=", ".join(dict.fromkeys(things[:MOST])))
