"""Looks orders up in the shop."""

from __future__ import annotations

import re

import requests

from twbot.bot import Bot, Event

NUMBER = re.compile(r"(?<!\d)\d{5}(?!\d)")
SAYS = {
    "en": {
        "packed": "Order {number} is being packed.",
        "sent": "Order {number} is on its way: https://shop.example.com/track/{number}",
        "unknown": "I can't find an order {number}. Is the number right?",
    },
    "de": {
        "packed": "Bestellung {number} wird gerade gepackt.",
        "sent": "Bestellung {number} ist unterwegs: https://shop.example.com/track/{number}",
        "unknown": "Ich finde keine Bestellung {number}. Stimmt die Nummer?",
    },
}


def status(event: Event, bot: Bot) -> str | None:
    """Say where the order is whose number the post has; leave all other posts to the chatbot.

    Where the shop does not answer, the chatbot does: an exception here means the next one.
    """
    found = NUMBER.search(event.detail["Text"])
    if found is None:
        return None
    number = found.group()
    response = requests.get(
        f"{bot.settings['shop_url']}/orders/{number}",
        headers={"Authorization": f"Bearer {bot.secret('SHOP_TOKEN')}"},
        timeout=4,
    )
    says = SAYS["de" if event.detail["Analysis"].get("Language") == "de" else "en"]
    if response.status_code == requests.codes.not_found:
        return says["unknown"].format(number=number)
    response.raise_for_status()
    return says["sent" if response.json()["sent"] else "packed"].format(number=number)
