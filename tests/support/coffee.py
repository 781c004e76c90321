"""The folder of a coffee company's bot: German and English, with functions that answer."""

from __future__ import annotations

COFFEE = {
    "twbot_toml": """\
[bot]
languages = ["de", "en"]

[answers]
texts = ["bot.desk:order"]
images = ["bot.desk:picture"]
""",
    "bot__desk_py": """\
import re

from twbot.bot import Bot, Event, Permanent


def order(event: Event, bot: Bot) -> str | None:
    text = event.detail["Text"]
    if "explode" in text:
        raise RuntimeError("our API is down")
    if "kaputt" in text:
        return ["no", "text"]
    number = re.search(r"[0-9]{4}", text)
    return f"Order {number[0]}: https://coffee.example/o/{number[0]} @courier" if number else None


async def hours(event: Event, bot: Bot) -> str:
    return f"{event.detail['Author']} asks in {event.detail['Analysis']['Language']}: from 9 to 6."


def picture(event: Event, bot: Bot) -> str | None:
    return "Latte art!" if "latte" in event.detail["Text"] else None
""",
    "bot__chatbot_toml": """\
[[intents]]
name = "Oeffnungszeiten"
utterances = ["Wann habt ihr geöffnet?", "Öffnungszeiten", "Habt ihr am Sonntag auf?"]
replies = ["Von 9 bis 18 Uhr."]

[fallback]
replies = ["Wir melden uns."]
""",
    "bot__chatbot.en_toml": """\
[[intents]]
name = "Hours"
utterances = ["When are you open?", "Opening hours", "Are you open on Sundays?"]
run = "bot.desk:hours"

[fallback]
replies = ["Somebody will look at this."]
""",
    "bot__wording.de_toml": 'nobody = "Niemand, den ich kenne."\n',
}
