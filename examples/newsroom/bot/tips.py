"""Keeps tips: an event of the bot's own for each, and a thank-you for whoever wrote to the bot."""

from __future__ import annotations

from twbot.bot import Bot, Event


def keep(event: Event, bot: Bot) -> None:
    post = event.detail["Twitter"]["TweetId"]
    (topic, *_) = event.detail["Analysis"]["Own"]["News"]["Topics"]
    tip = {"post": post, "author": event.detail["Author"], "topic": topic, "text": event.detail["Text"]}
    bot.publish("TIP_RECEIVED", tip, once=post)
    if event.detail["Summoned"]:
        bot.reply(event, "Thank you. Somebody of the newsroom is looking at it. Stay safe!")
