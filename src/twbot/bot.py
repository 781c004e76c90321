"""What the functions of a bot's folder import: the event, the bot, and the records of our events.

from twbot.bot import Bot, Event


def status(event: Event, bot: Bot) -> str | None:
    if "order" not in event.detail["Text"].lower():
        return None
    return "Your order is on its way."
"""

from twbot.lambdas.contracts import (
    AnalysedImage,
    Analysis,
    AnalysisFailed,
    Event,
    ImageAnalysis,
    MessageAnalysed,
    MessageReceived,
    PostIncomplete,
    ReplyImage,
    SendTweet,
    TweetFailed,
    TweetSent,
    TweetWithheld,
    Twitter,
)
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.own.bot import Bot

__all__ = [
    "AnalysedImage",
    "Analysis",
    "AnalysisFailed",
    "Bot",
    "Event",
    "ImageAnalysis",
    "MessageAnalysed",
    "MessageReceived",
    "Permanent",
    "PostIncomplete",
    "ReplyImage",
    "SendTweet",
    "Temporary",
    "TweetFailed",
    "TweetSent",
    "TweetWithheld",
    "Twitter",
]
