"""Words for photos of our people. The annotated picture and its description for the blind come with them."""

from __future__ import annotations

from twbot.bot import Bot, Event

TEAM = {"Grace Hopper": "our admiral"}


def greet(event: Event, bot: Bot) -> str | None:
    """Name those of the team in the pictures; leave pictures without them to twbot."""
    images = event.detail["Analysis"].get("Images", [])
    faces = (face for image in images for face in image["Analysis"].get("CelebrityFaces", []))
    ours = dict.fromkeys(face["Name"] for face in faces if face.get("Name") in TEAM)
    return f"That is {' and '.join(f'{name}, {TEAM[name]}' for name in ours)}!" if ours else None
