"""Opens tickets for the help desk: the event TICKET_OPENED, which a rule sends there."""

from __future__ import annotations

from twbot.bot import Bot, Event


def hand_over(event: Event, bot: Bot) -> None:
    """Open a ticket because somebody asked for a person. It says nothing itself: the intent's reply does."""
    publish(event, bot, reason="asked for a person")


def open_ticket(event: Event, bot: Bot) -> None:
    """Open a ticket because somebody is angry."""
    publish(event, bot, reason="angry")


def publish(event: Event, bot: Bot, *, reason: str) -> None:
    post = event.detail["Twitter"]["TweetId"]
    detail = {"post": post, "author": event.detail["Author"], "text": event.detail["Text"], "reason": reason}
    bot.publish("TICKET_OPENED", detail, once=post)
    bot.log.info("opened a ticket: %s", reason)
