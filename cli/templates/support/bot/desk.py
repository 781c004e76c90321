"""Hands people over to the team."""

from __future__ import annotations

from twbot.bot import Bot, Event


def open_ticket(event: Event, bot: Bot) -> None:
    """Publish what a help desk needs. A rule of its own may send it there: `to = "https://…"` in twbot.toml."""
    detail = event.detail
    tweet = detail["Twitter"]["TweetId"]
    bot.publish("TICKET_OPENED", {"Author": detail["Author"], "TweetId": tweet, "Text": detail["Text"]}, once=tweet)
