"""Keeps tips: an event of the bot's own for each, and a thank-you for whoever wrote to the bot."""

from __future__ import annotations

from twbot.bot import Bot, Event


def keep(event: Event, bot: Bot) -> None:
    post = event.detail["Twitter"]["TweetId"]
    (topic, *_) = event.detail["Analysis"]["Own"]["News"]["Topics"]
    tip = {"post": post, "author": event.detail["Author"], "topic": topic, "text": event.detail["Text"]}
    bot.publish("TIP_RECEIVED", tip, once=post)


def thank(event: Event, bot: Bot) -> str | None:
    """Answer an eyewitness. A rule would race with the chatbot for the one reply that a post gets; this comes first."""
    # Where the step failed, there is no answer of it.
    news = event.detail["Analysis"].get("Own", {}).get("News", {})
    return "Thank you. Somebody of the newsroom is looking at it. Stay safe!" if news.get("Urgent") else None
