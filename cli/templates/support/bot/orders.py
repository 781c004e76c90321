"""Questions about orders."""

from __future__ import annotations

import re

from twbot.bot import Bot, Event

NUMBER = re.compile(r"\b\d{4,10}\b")
ABOUT_ORDERS = re.compile(r"order|parcel|delivery|bestellung|paket|lieferung", re.IGNORECASE)
WORDS = {
    "en": "I have passed your question about order {number} on. Somebody of the team answers here.",
    "de": "Ich habe die Frage zur Bestellung {number} weitergegeben. Jemand aus dem Team antwortet hier.",
}


def status(event: Event, bot: Bot) -> str | None:
    """Answer a question that names an order's number. Others are left to the chatbot."""
    text = event.detail["Text"]
    number = NUMBER.search(text)
    if number is None or not ABOUT_ORDERS.search(text):
        return None
    # Here is the place to ask the shop. Its key: name it in `secrets` of [answers], store it with `twbot secrets put`,
    # and read it with bot.secret("SHOP_KEY").
    tweet = event.detail["Twitter"]["TweetId"]
    bot.publish("ORDER_ASKED", {"Number": number[0], "TweetId": tweet}, once=tweet)
    words = WORDS.get(event.detail["Analysis"].get("Language", "en"), WORDS["{{language}}"])
    return words.format(number=number[0])
